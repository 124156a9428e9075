"""Reading the arguments of a metric term into the values of its parameters."""

from __future__ import annotations

import math
from difflib import get_close_matches

from qspec.errors import QSpecError
from qspec.metrics.parameters import Kind, OperatingPoint, Parameter, spoken
from qspec.model.expression import Argument, Comparison, Term, argument_text
from qspec.model.quantity import Quantity, Range

MAX_COUNT = 10_000_000


def _wrong(metric: str, parameter: Parameter, value: Argument, expected: str) -> QSpecError:
    return QSpecError(
        f"The parameter {parameter.name} of {metric} must be {expected}; it is {argument_text(value)}.",
        hint=parameter.doc,
    )


def _plain_word(value: Argument) -> str | None:
    if isinstance(value, Term) and not value.positional and not value.named:
        return str(value)
    if isinstance(value, Quantity) and value.unit is None:
        return value.text
    return value if isinstance(value, str) else None


def _read_count(metric: str, parameter: Parameter, value: Argument) -> int:
    # The cap comes before the conversion: the digits of 1e999999999 would not fit into memory.
    if isinstance(value, Quantity) and value.unit is None and parameter.least <= value.value <= MAX_COUNT:
        count = int(value.value)
        if count == value.value:
            return count
    raise _wrong(metric, parameter, value, f"a whole number from {parameter.least} to {MAX_COUNT:,}")


def _read_number(metric: str, parameter: Parameter, value: Argument) -> float:
    if isinstance(value, Quantity) and (value.unit is None or value.unit == "%"):
        number = float(value.base)
        if math.isfinite(number):
            return number
    raise _wrong(metric, parameter, value, "a plain number or a per cent value")


def _read_word(metric: str, parameter: Parameter, value: Argument) -> str:
    word = _plain_word(value)
    if word is not None:
        for choice in parameter.choices:
            if word.casefold() == choice.casefold():
                return choice
        near = get_close_matches(word, parameter.choices, n=1)
        hint = f"did you mean {near[0]}?" if near else parameter.doc
        raise QSpecError(
            f"The parameter {parameter.name} of {metric} takes {spoken(parameter.choices, 'or')}, not {word}.",
            hint=hint,
        )
    raise _wrong(metric, parameter, value, spoken(parameter.choices, "or"))


def _read_flag(metric: str, parameter: Parameter, value: Argument) -> bool:
    if isinstance(value, bool):
        return value
    word = _plain_word(value)
    if word in ("true", "false"):
        return word == "true"
    raise _wrong(metric, parameter, value, "true or false")


def _read_threshold(metric: str, parameter: Parameter, value: Argument) -> float | str:
    if _plain_word(value) == "frozen":
        return "frozen"
    if isinstance(value, Quantity):
        return _read_number(metric, parameter, value)
    raise _wrong(metric, parameter, value, "a number or the word frozen")


def _read_operating_point(metric: str, parameter: Parameter, value: Argument) -> OperatingPoint:
    if (
        isinstance(value, Comparison)
        and value.relation == ">="
        and isinstance(value.value, Quantity)
        and value.column.name in parameter.choices
    ):
        level = _read_number(metric, parameter, value.value)
        if 0 <= level <= 1:
            return OperatingPoint(value.column.name, level)
    companions = spoken(tuple(f"{name} >= 95 %" for name in parameter.choices), "or")
    raise _wrong(metric, parameter, value, f"a level that another metric reaches, such as {companions}")


def _read_span(metric: str, parameter: Parameter, value: Argument) -> tuple[float, float]:
    if isinstance(value, Range):
        ends = tuple(_read_number(metric, parameter, end) for end in (value.low, value.high))
        if ends[0] <= ends[1]:
            return ends[0], ends[1]
        raise _wrong(metric, parameter, value, "a range that ends no lower than it starts")
    number = _read_number(metric, parameter, value)
    return number, number


_READERS = {
    Kind.COUNT: _read_count,
    Kind.NUMBER: _read_number,
    Kind.WORD: _read_word,
    Kind.FLAG: _read_flag,
    Kind.THRESHOLD: _read_threshold,
    Kind.OPERATING_POINT: _read_operating_point,
    Kind.SPAN: _read_span,
}


def read(metric: str, parameter: Parameter, value: Argument) -> object:
    """The value of `parameter` out of an argument; raises `QSpecError` where it cannot be one."""
    return _READERS[parameter.kind](metric, parameter, value)
