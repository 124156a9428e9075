"""Name patterns over a graph's nodes: each must match something, since a misspelt one changes nothing in silence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from qspec.data.table import listed
from qspec.errors import QSpecError


def matches(pattern: str, name: str) -> bool:
    """Whether `pattern` is the name itself, whose brackets then are no wildcard, or a pattern that it fits."""
    return name == pattern or fnmatchcase(name, pattern)


def select(patterns: Iterable[str], names: Sequence[str], *, role: str) -> list[str]:
    """The names, in their own order, that any of `patterns` matches: a name itself, or shell wildcards; case counts.

    Raises `QSpecError` for a pattern that matches none; `role` says where the pattern stands, for example `exclude`.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        matched = [name for name in names if matches(pattern, name)]
        if not matched:
            near = difflib.get_close_matches(pattern, names, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise QSpecError(
                f"The pattern {pattern!r} in {role} matches no node of the model.",
                hint=f"{hint}its nodes are {listed(names)}",
                rule="QS707",
            )
        chosen.update(matched)
    return [name for name in names if name in chosen]


def known_operators(
    operators: Iterable[str], supported: Iterable[str], present: Iterable[str], *, scheme: str
) -> list[str]:
    """The operator types, in order; raises `QSpecError` for one that the scheme or the model does not have."""
    can, has = set(supported), set(present)
    chosen = list(operators)
    for operator in chosen:
        if operator not in can:
            near = difflib.get_close_matches(operator, can, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise QSpecError(
                f"{scheme} does not quantize operators of type {operator!r}.",
                hint=f"{hint}it quantizes {listed(sorted(can), 40)}",
            )
        if operator not in has:
            raise QSpecError(
                f"The model has no operator of type {operator!r}, which the precision names.",
                hint=f"its operators are {listed(sorted(has), 40)}",
                rule="QS707",
            )
    return chosen
