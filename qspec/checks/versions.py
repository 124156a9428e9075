"""Versions against what a spec wants of them: clauses such as `>=1.20, <2`, or the leading part of a version."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

Numbers = tuple[int, ...]

_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|>|<|~=|=)?\s*v?(\d{1,9}(?:\.\d{1,9}){0,15})(?:\.[*x])?\s*")
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,15}")


def admits(wanted: str, found: str) -> bool | None:
    """Whether the first version in `found` satisfies every clause of `wanted`; None where either is no version.

    A clause without a sign, or with `==`, names a leading part: `1.31` admits `1.31.1` and not `1.3`.
    """
    version = _VERSION.search(found)
    clauses = [_CLAUSE.fullmatch(clause) for clause in wanted.split(",")]
    if version is None:
        return None
    have = _numbers(version[0])
    results = [_admits(clause[1], _numbers(clause[2]), have) for clause in clauses if clause is not None]
    return all(results) if len(results) == len(clauses) else None


def _admits(sign: str | None, want: Numbers, have: Numbers) -> bool:
    if sign in _ORDERS:
        width = max(len(want), len(have))
        return _ORDERS[sign](_filled(have, width), _filled(want, width))
    if sign == "~=":
        return _admits(">=", want, have) and _leads(want[: max(1, len(want) - 1)], have)
    return _leads(want, have) is (sign != "!=")


_ORDERS: dict[str | None, Callable[[Numbers, Numbers], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def _leads(part: Numbers, whole: Numbers) -> bool:
    return whole[: len(part)] == part


def _filled(numbers: Numbers, width: int) -> Numbers:
    return numbers + (0,) * (width - len(numbers))


def _numbers(version: str) -> Numbers:
    return tuple(int(part) for part in version.split("."))
