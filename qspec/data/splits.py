"""Splits of a data set, as row numbers."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qspec.data.limits import DEFAULT_LIMITS, Limits
from qspec.data.predicate import evaluate
from qspec.data.source import open_table
from qspec.data.table import Table, listed
from qspec.errors import QSpecError
from qspec.model.artifact import Dataset
from qspec.model.expression import Predicate
from qspec.model.quantity import Quantity, Range

Indices = NDArray[np.int64]


def split_indices(dataset: Dataset, table: Table, name: str | None) -> Indices:
    """The row numbers of split `name`, ascending, int64 of shape (n,); every row when `name` is None.

    Every row too for the queries of a data set of tables, which need not be declared.

    A range is half-open and must lie within the rows; a predicate selects the rows for which it holds. Raises
    `QSpecError` for an unknown or empty split, and for a split that is a file (open it with `open_split`).
    """
    declared = dataset.splits.members if dataset.splits else {}
    if name is None or (name not in declared and name in dataset.split_names):
        indices = np.arange(table.rows, dtype=np.int64)
    else:
        rule = _rule(dataset, table, name)
        if isinstance(rule, str):
            raise QSpecError(f"The split {name} is the file {rule}; its rows are those of that file.")
        if isinstance(rule, Range):
            low, high = _row(rule.low, name), _row(rule.high, name)
            if not 0 <= low <= high <= table.rows:
                raise QSpecError(
                    f"The split {name} is the rows {rule}, and {table.source} has the rows 0..{table.rows}.",
                    hint="ranges are half-open and count from zero, as in Python",
                    rule="QS904",
                )
            indices = np.arange(low, high, dtype=np.int64)
        else:
            indices = np.flatnonzero(evaluate(rule, table)).astype(np.int64)
    if len(indices) == 0:
        what = f"The split {name} of {table.source}" if name else table.source
        raise QSpecError(
            f"{what} holds no rows.",
            hint="an empty test set decides nothing; check the split's rule",
            rule="QS904",
        )
    return indices


def open_split(
    dataset: Dataset, table: Table, name: str | None, root: Path, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[Table, Indices]:
    """The table that holds split `name` and the row numbers in it; a split that is a file opens that file."""
    rule = _rule(dataset, table, name) if name is not None else None
    if not isinstance(rule, str):
        return table, split_indices(dataset, table, name)
    opened = open_table(root, rule, limits=limits)
    return opened, split_indices(dataset, opened, None)


def overlap(first: Indices, second: Indices) -> int:
    """How many rows two splits of one table share."""
    return len(np.intersect1d(first, second))


def _rule(dataset: Dataset, table: Table, name: str) -> Range | Predicate | str:
    members = dataset.splits.members if dataset.splits else {}
    if name not in members:
        near = difflib.get_close_matches(name, dataset.split_names, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise QSpecError(
            f"The data set in {table.source} declares no split {name!r}.",
            hint=f"{hint}its splits are {listed(dataset.split_names)}",
            rule="QS012",
        )
    return members[name]


def _row(end: Quantity, name: str) -> int:
    if end.value != end.value.to_integral_value() or end.unit is not None:
        raise QSpecError(f"The split {name} ends at {end}, which is not a row number.")
    return int(end.value)
