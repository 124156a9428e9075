"""Stratifications of a test set: for each example the number of its stratum, and what the strata are called."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qspec.data.limits import DEFAULT_LIMITS, Limits
from qspec.data.predicate import evaluate, plain_column, refuse_missing
from qspec.data.table import Table, listed
from qspec.errors import QSpecError
from qspec.model.evaluation import Strata
from qspec.model.expression import ByColumn, Crossed, Quantiles, Stratification, Where
from qspec.model.spelling import quote

NONE = -1
"""The code of an example that is in no stratum of a stratification."""


@dataclass(frozen=True)
class Stratified:
    """One stratification of n examples."""

    name: str
    codes: NDArray[np.int32]
    """For each example the place of its stratum in `labels`, or -1; shape (n,)."""
    labels: tuple[str, ...]
    """What each stratum is called: `label == 3`, the name of a predicate's stratum, or parts joined by `and`."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Examples in each stratum."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels)).astype(np.int64)


def stratify(
    strata: Strata, table: Table, indices: NDArray[np.int64], *, limits: Limits = DEFAULT_LIMITS
) -> list[Stratified]:
    """Each declared stratification over the rows `indices`, in the order declared.

    `by COLUMN` makes a stratum of each value that occurs; a predicate makes one stratum, of its name; quantiles cut
    a numeric column into strata of near-equal size, never parting equal values; a crossing has each combination
    that occurs. Raises `QSpecError` for a missing or unfit column, an empty stratum or a circular crossing, and
    `LimitError` for more strata than the cap.
    """
    done: dict[str, Stratified] = {}
    for name in strata.members:
        _resolve(name, strata.members, table, indices, done, ())
    for name, result in done.items():
        limits.check("strata", len(result.labels), f"The number of strata of {name}")
    return [done[name] for name in strata.members]


def _resolve(
    name: str,
    members: dict[str, Stratification],
    table: Table,
    indices: NDArray[np.int64],
    done: dict[str, Stratified],
    above: tuple[str, ...],
) -> Stratified:
    if name in done:
        return done[name]
    if name in above:
        raise QSpecError(
            f"The stratification {name} is crossed with itself, by way of {' and '.join(above)}."
        )
    rule = members.get(name)
    if rule is None:
        near = difflib.get_close_matches(name, members, n=1)
        raise QSpecError(
            f"The crossing {above[-1]} names {name}, which is no stratification.",
            hint=f"did you mean {near[0]}?" if near else f"stratifications are {listed(members)}",
        )
    if isinstance(rule, Crossed):
        parts = [_resolve(part, members, table, indices, done, (*above, name)) for part in rule.cross]
        result = _crossed(name, parts)
    elif isinstance(rule, ByColumn):
        result = _by_column(name, rule.by, table, indices)
    elif isinstance(rule, Where):
        result = _where(name, rule, table, indices)
    else:
        result = _quantiles(name, rule, table, indices)
    done[name] = result
    return result


def _by_column(name: str, column: str, table: Table, indices: NDArray[np.int64]) -> Stratified:
    values = plain_column(table, column)[indices]
    refuse_missing(values, column, table, "stratum")
    found, codes = np.unique(values, return_inverse=True)
    labels = tuple(f"{column} == {_text(value)}" for value in found)
    return Stratified(name, codes.astype(np.int32), labels)


def _where(name: str, rule: Where, table: Table, indices: NDArray[np.int64]) -> Stratified:
    holds = evaluate(rule.where, table)[indices]
    if not holds.any():
        raise QSpecError(
            f"The stratum {name} ({rule}) holds none of the {len(indices)} examples.", rule="QS904"
        )
    return Stratified(name, np.where(holds, 0, NONE).astype(np.int32), (name,))


def _quantiles(name: str, rule: Quantiles, table: Table, indices: NDArray[np.int64]) -> Stratified:
    values = plain_column(table, rule.quantiles)[indices]
    if values.dtype.kind not in "iuf":
        raise QSpecError(
            f"The stratification {name} cuts the column {rule.quantiles}, which is not numeric.", rule="QS903"
        )
    refuse_missing(values, rule.quantiles, table, "stratum")
    steps = np.linspace(0, 1, rule.count + 1)[1:-1]
    cuts = np.unique(np.quantile(values, steps, method="inverted_cdf"))
    raw = np.searchsorted(cuts, values, side="left")
    found, codes = np.unique(raw, return_inverse=True)
    ends = [(values[raw == stratum].min(), values[raw == stratum].max()) for stratum in found]
    labels = tuple(f"{rule.quantiles} {_text(low)}..{_text(high)}" for low, high in ends)
    return Stratified(name, codes.astype(np.int32), labels)


def _crossed(name: str, parts: Sequence[Stratified]) -> Stratified:
    inside = np.logical_and.reduce([part.codes != NONE for part in parts])
    if not inside.any():
        raise QSpecError(
            f"The crossing {name} holds no example that is in a stratum of each of its parts.", rule="QS904"
        )
    combined = np.stack([part.codes[inside] for part in parts], axis=1)
    found, order = np.unique(combined, axis=0, return_inverse=True)
    codes = np.full(len(inside), NONE, dtype=np.int32)
    codes[inside] = order.reshape(-1)
    labels = tuple(
        " and ".join(part.labels[code] for part, code in zip(parts, row, strict=True)) for row in found
    )
    return Stratified(name, codes, labels)


def _text(value: np.generic) -> str:
    plain = value.item()
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, bytes):
        plain = plain.decode("utf-8", "replace")
    return quote(plain) if isinstance(plain, str) else repr(plain)
