"""Parameters of metrics: what may be given, and the values that were."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qspec.errors import QSpecError


class Kind(StrEnum):
    """What a parameter holds."""

    COUNT = "count"
    NUMBER = "number"
    WORD = "word"
    FLAG = "flag"
    THRESHOLD = "threshold"
    OPERATING_POINT = "operating-point"
    SPAN = "span"
    PARTS = "parts"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a metric."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    """True when the value means nothing without it and no convention supplies it."""
    default: object = None
    choices: tuple[str, ...] = ()
    """The words a `word` parameter takes; the companions of an operating point."""
    least: int = 1
    """The least a `count` parameter may be."""
    tasks: frozenset[str] = frozenset()
    """Tasks for which it is required, where it is not for all."""
    varies: bool = False
    """True where published scores differ in it and seldom say so: the default holds for what is computed here alone."""

    def required_for(self, task: str | None) -> bool:
        """True when an evaluation of `task` must give it."""
        return self.required or (task is not None and task in self.tasks)


@dataclass(frozen=True)
class OperatingPoint:
    """A companion metric and the value it must reach: `specificity >= 95 %`."""

    metric: str
    value: float

    def __str__(self) -> str:
        return f"{self.metric} >= {self.value * 100:g} %"


class Parameters(dict[str, object]):
    """Validated parameter values by name; the typed readers spare every computation its own casts."""

    def count(self, name: str) -> int:
        """A whole number."""
        return int(self.number(name))

    def number(self, name: str) -> float:
        """A real number."""
        value = self[name]
        if not isinstance(value, int | float):
            raise QSpecError(f"The parameter {name} should be a number; it is {value!r}.")
        return float(value)

    def word(self, name: str) -> str:
        """A word."""
        return str(self[name])

    def flag(self, name: str) -> bool:
        """A truth value."""
        return bool(self[name])


def spoken(words: tuple[str, ...] | list[str], joint: str = "and") -> str:
    """`a, b or c`."""
    return (
        words[0]
        if len(words) == 1
        else f"{', '.join(words[:-1])} {joint} {words[-1]}"
        if words
        else "nothing"
    )


def cutoff(doc: str) -> Parameter:
    """The parameter k of metrics that are written `name@k`."""
    return Parameter("k", Kind.COUNT, doc, required=True)
