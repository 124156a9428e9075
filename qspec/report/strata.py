"""The stratum a figure is about, split into the stratification it belongs to and the name within it."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.model.claim import Assertion
from qspec.model.evaluation import Strata
from qspec.model.expression import Combination, Comparison, Crossed, Predicate, scalar_text
from qspec.model.quantity import Quantity

NAMED = "named strata"
CROSS = " \u00d7 "


@dataclass(frozen=True, slots=True)
class Stratum:
    """`key` is the stratum as the language writes it; `group` its stratification; `label` its short name."""

    key: str
    group: str
    label: str


def stratum_of(for_: str | Predicate | None) -> Stratum | None:
    """The stratum of a result; None for the whole test set."""
    if for_ is None:
        return None
    if isinstance(for_, str):
        return Stratum(for_, NAMED, for_)
    equalities = _equalities(for_)
    if equalities is None:
        return Stratum(str(for_), NAMED, str(for_))
    columns, values = zip(*equalities, strict=True)
    return Stratum(str(for_), CROSS.join(columns), " \u00b7 ".join(values))


def _equalities(predicate: Predicate) -> list[tuple[str, str]] | None:
    """Column and value of `column == value`, or of several such joined by `and`; None for anything else."""
    if isinstance(predicate, Comparison):
        if predicate.relation != "==" or predicate.values is not None:
            return None
        value = predicate.value
        text = value if isinstance(value, str) else scalar_text(value)
        return [(str(predicate.column), value.text if isinstance(value, Quantity) else text)]
    if isinstance(predicate, Combination) and predicate.operator == "and":
        parts = [_equalities(operand) for operand in predicate.operands]
        if all(part is not None for part in parts):
            return [pair for part in parts if part is not None for pair in part]
    return None


def speaks_of(assertion: Assertion, stratum: Stratum | None, strata: Strata | None) -> bool:
    """Whether an assertion, `for each …`, `for …` or for the whole, bounds this stratum (None: the whole)."""
    if assertion.for_each is not None:
        how = strata.members.get(assertion.for_each) if strata is not None else None
        group = CROSS.join(how.cross) if isinstance(how, Crossed) else assertion.for_each
        return stratum is not None and stratum.group in {group, assertion.for_each}
    wanted = stratum_of(assertion.for_)
    return (wanted.key if wanted else None) == (stratum.key if stratum else None)
