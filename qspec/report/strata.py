"""The stratum a figure is about, found in the stratification that declares it and named as short as it can be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from qspec.model.claim import Assertion
from qspec.model.evaluation import Strata
from qspec.model.expression import (
    ByColumn,
    Combination,
    Comparison,
    Crossed,
    Predicate,
    Quantiles,
    Stratification,
    Where,
    scalar_text,
)
from qspec.model.quantity import Quantity
from qspec.model.spelling import key_word

NAMED = "named strata"
_CROSS = " \u00d7 "
_PARTS = " \u00b7 "
_AND = " and "
_DEEPEST = 16
_IS = re.compile(r' == (?:"((?:[^"\\]|\\.)*)"|(\S+))')
_FROM_TO = re.compile(r" (\S+?)\.\.(\S+)")

Taken = tuple[list[str], str]
"""The short names of the parts of a stratum, and the text behind them."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """`key` is the stratum as the language writes it; `group` its stratification; `label` its short name."""

    key: str
    group: str
    label: str
    members_of: frozenset[str] = frozenset()
    """Every stratification that it is a stratum of, by name."""


def stratum_of(for_: str | Predicate | None, strata: Strata | None) -> Stratum | None:
    """The stratum of a result under the strata declared; None for the whole test set.

    The judge names strata by what their examples have in common: `label == 3` in `class: by label`, `length 1..5`
    in quantiles, parts joined by `and` in a crossing, and a stratum with a condition by its own name.
    """
    if for_ is None:
        return None
    key, members = str(for_), strata.members if strata is not None else {}
    found = {name: taken[0] for name in members if (taken := _take(name, members, key)) and not taken[1]}
    if found:
        name, parts = next(iter(found.items()))
        rule = members[name]
        group = NAMED if isinstance(rule, Where) else f"{name} ({rule})"
        return Stratum(key, group, _PARTS.join(parts), frozenset(found))
    equalities = None if isinstance(for_, str) else _equalities(for_)
    if equalities is None:
        return Stratum(key, NAMED, key)
    columns, values = zip(*equalities, strict=True)
    name = _CROSS.join(columns)
    return Stratum(key, f"by {name}", _PARTS.join(values), frozenset({name}))


def speaks_of(assertion: Assertion, stratum: Stratum | None) -> bool:
    """Whether an assertion, `for each \u2026`, `for \u2026` or for the whole, bounds this stratum (None: the whole)."""
    if assertion.for_each is not None:
        return stratum is not None and assertion.for_each in stratum.members_of
    return (None if assertion.for_ is None else str(assertion.for_)) == (stratum.key if stratum else None)


def _take(
    name: str, members: Mapping[str, Stratification], text: str, above: tuple[str, ...] = ()
) -> Taken | None:
    """What a text that begins with a stratum of `name` calls it, and the rest; None where it does not."""
    rule = members.get(name)
    match rule:
        case ByColumn():
            return _of_column(rule.by, _IS, text)
        case Quantiles():
            return _of_column(rule.quantiles, _FROM_TO, text)
        case Where():
            return ([name], text.removeprefix(name)) if text.startswith(name) else None
        case Crossed() if name not in above and len(above) < _DEEPEST:
            return _crossed(rule, members, text, (*above, name))
    return None


def _of_column(column: str, behind: re.Pattern[str], text: str) -> Taken | None:
    for spelled in (column, key_word(column)):
        found = behind.match(text, len(spelled)) if text.startswith(spelled) else None
        if found is not None:
            parts = [re.sub(r'\\(["\\])', r"\1", part) for part in found.groups() if part is not None]
            return [" to ".join(parts)], text[found.end() :]
    return None


def _crossed(
    rule: Crossed, members: Mapping[str, Stratification], text: str, above: tuple[str, ...]
) -> Taken | None:
    labels: list[str] = []
    for number, part in enumerate(rule.cross):
        if number and not text.startswith(_AND):
            return None
        taken = _take(part, members, text.removeprefix(_AND) if number else text, above)
        if taken is None:
            return None
        labels, text = [*labels, *taken[0]], taken[1]
    return labels, text


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
