"""Numbers with units that keep the text they were written as."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from qspec.model.base import Noun
from qspec.model.unit import Dimension, Unit, find_unit

NumberText = Annotated[
    str, Field(max_length=64, pattern=r"^[+-]?[0-9]+(_[0-9]+)*(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$")
]
"""A number as written; the cap on its exponent keeps its integer part small enough to be computed with."""

UnitText = Annotated[str, Field(max_length=64, pattern=r"^(% of |x )?[\w.-]+(/s| per [\w.-]+)?$|^%$|^/s$")]
"""A unit as written; whether anybody knows it is asked when the document is lowered."""


class Quantity(Noun):
    """A number as its author wrote it: `76.10 %` is not `76.1 %`, since its digits carry its rounding."""

    text: NumberText
    """The number as written, for example `76.10`."""
    value: Decimal
    """The number, in the unit as written; read off `text` when it is left out."""
    unit: UnitText | None = None
    """The unit as written, for example `pp`, `% of baseline` or `ms per token`; absent for a bare number."""

    @model_validator(mode="before")
    @classmethod
    def _read_off(cls, data: Any) -> Any:
        if isinstance(data, dict) and "value" not in data and isinstance(data.get("text"), str):
            return {**data, "value": data["text"].replace("_", "")}
        return data

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.value != Decimal(self.text.replace("_", "")):
            raise ValueError(f"the value {self.value} is not what the text {self.text} says")
        return self

    @classmethod
    def of(cls, text: str, unit: str | None = None) -> Self:
        """The quantity written as `text` in `unit`; underscores may group digits."""
        return cls(text=text, value=Decimal(text.replace("_", "")), unit=unit)

    @property
    def known_unit(self) -> Unit | None:
        """The unit's definition, or None for a bare number or a unit nobody knows."""
        return find_unit(self.unit) if self.unit else None

    @property
    def dimension(self) -> Dimension:
        """What the unit measures; a bare number measures nothing."""
        unit = self.known_unit
        return unit.dimension if unit else Dimension.NUMBER

    @property
    def base(self) -> Decimal:
        """The value in base units: proportions in [0, 1], seconds, bytes, joules."""
        unit = self.known_unit
        return self.value * unit.factor if unit else self.value

    @property
    def decimals(self) -> int:
        """How many digits stand after the decimal point, as written."""
        mantissa = self.text.lower().partition("e")[0]
        return len(mantissa.partition(".")[2])

    def __str__(self) -> str:
        return f"{self.text} {self.unit}" if self.unit else self.text


class Range(Noun):
    """Two ends: half-open over row numbers (`0..898`), closed as an interval of measured values."""

    low: Quantity
    """The lower end."""
    high: Quantity
    """The upper end."""

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


class Spread(Noun):
    """A value with its uncertainty as printed: `67.9 % +- 0.4 %`."""

    value: Quantity
    """The value."""
    plus_minus: Quantity
    """Half the width of its interval."""

    def __str__(self) -> str:
        return f"{self.value} +- {self.plus_minus}"
