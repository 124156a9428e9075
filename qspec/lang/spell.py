"""From a value of the model to its text on the surface: the way back from `qspec.lang.read`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from qspec.errors import QSpecError
from qspec.lang.shape import QUALIFIERS
from qspec.model.base import Silence
from qspec.model.claim import Assertion, Bound, bounded
from qspec.model.executor import Baseline
from qspec.model.expression import (
    ByColumn,
    Combination,
    Comparison,
    Crossed,
    Pinned,
    Quantiles,
    Term,
    Where,
)
from qspec.model.quantity import Quantity, Range, Spread
from qspec.model.spelling import inner_word, is_name, key_word, quote, value_word

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def text(value: str) -> str:
    """A text: a bare word, a date, or a string; several lines are prose."""
    if _DATE.fullmatch(value):
        return value
    if "\n" in value:
        return prose(value)
    return value_word(value)


def prose(value: str) -> str:
    r"""A text over several lines in triple quotes; backslashes, quotes and what cannot be seen are escaped."""
    # Line breaks and tabs stand as they are, so the text is cut at them before anything is escaped.
    pieces = re.split(r"([\n\t])", value)
    joined = "".join(p if p in {"\n", "\t"} else quote(p)[1:-1].replace('\\"', '"') for p in pieces)
    joined = joined.replace('"""', '\\"\\"\\"')
    return f'"""{joined[:-1]}\\""""' if joined.endswith('"') else f'"""{joined}"""'


def phrase(value: str) -> str:
    """Words in a row, as they are written in a precision (`W4A16 g128`), or a string when they are not names."""
    words = value.split(" ")
    bare = value_word(words[0]) == words[0] and all(inner_word(word) == word for word in words[1:])
    return value if bare else quote(value)


def _silence(value: Silence) -> str:
    return value.silence if value.reason is None else f"{value.silence} {quote(value.reason)}"


def _pinned(value: Pinned) -> str:
    name = value_word(value.name)
    return name if value.pin is None else f"{name} @ {quote(value.pin)}"


def _baseline(value: Baseline) -> str:
    return text(value.name) if value.kind == "precision" else f"{value.kind} {inner_word(value.name)}"


def _term(value: Term) -> str:
    if value.at is not None and not is_name(value.name):
        raise QSpecError(
            f"`{value.name}` with a cut-off after `@` has no spelling in the language.",
            hint="a name before `@` is made of letters, digits, hyphens and dots",
        )
    return value_word(value.name) if value.is_bare else str(value)


WRITERS: dict[type[Any], Callable[[Any], str]] = {
    str: text,
    bool: lambda value: "true" if value else "false",
    int: str,
    Silence: _silence,
    Quantity: str,
    Term: _term,
    Pinned: _pinned,
    Range: str,
    Spread: str,
    Bound: str,
    Baseline: _baseline,
    Comparison: str,
    Combination: str,
    ByColumn: str,
    Where: str,
    Quantiles: str,
    Crossed: str,
}
"""How a value of each type is written that is not a block."""


def qualifiers(fields: dict[str, Any]) -> str:
    """The qualifiers among the fields of a noun, in their order: from, on, for each, for, at, expect."""
    parts = []
    for kind, field in QUALIFIERS.items():
        value = fields.get(field)
        if value is not None:
            name = inner_word(value) if isinstance(value, str) else str(value)
            parts.append(led_in(kind, name))
    return " ".join(parts)


def led_in(kind: str, said: str) -> str:
    """A qualifier by its kind: a column called `each` would turn `for` into `for each`, and is one in parentheses."""
    word = kind.replace("-", " ")
    return f"{word} ({said})" if said.startswith("each ") else f"{word} {said}"


def can_qualify(field: str, value: Any) -> bool:
    """Whether a value can stand behind a head: a confidence, a name, or (after `for`) a condition."""
    if field == "at":
        return isinstance(value, Quantity)
    return isinstance(value, str) or (field == "for_" and isinstance(value, Comparison | Combination))


def assertion(value: Assertion) -> tuple[str, str, str]:
    """What is bounded, the bound, and the qualifiers; a two-sided assertion has its bounds in the first part."""
    named = value.quantity
    quantity = str(named) if named.positional or named.named else _term_key(named)
    bounds = [(bound.relation, str(bound.quantity)) for bound in value.bounds]
    behind = qualifiers({field: getattr(value, field, None) for field in QUALIFIERS.values()})
    return *bounded(quantity, bounds, absolute=value.absolute), behind


def figure_head(value: Term, taken: list[str]) -> str:
    """The quantity at the head of a figure; parentheses keep it apart from a key of the same name."""
    if value.is_bare and value.name in taken:
        return f"{key_word(value.name)}()"
    return _term_key(value)


def _term_key(value: Term) -> str:
    return key_word(value.name) if value.is_bare else _term(value)
