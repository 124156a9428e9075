"""Predicates over columns, evaluated for all rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.table import Array, Table
from qspec.errors import QSpecError
from qspec.model.expression import Comparison, Predicate, Scalar, scalar_text
from qspec.model.quantity import Quantity

_ORDERED = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


def evaluate(predicate: Predicate, table: Table) -> NDArray[np.bool_]:
    """For each row of `table` whether `predicate` holds, shape (rows,).

    Raises `QSpecError` when a column is missing, has several values a row, or cannot be compared with the value
    (text with a number). Comparisons with NaN are false, except `!=`.
    """
    if isinstance(predicate, Comparison):
        return _compare(predicate, table)
    parts = [evaluate(operand, table) for operand in predicate.operands]
    if predicate.operator == "not":
        return ~parts[0]
    combine = np.logical_and if predicate.operator == "and" else np.logical_or
    result: NDArray[np.bool_] = combine.reduce(parts)
    return result


def plain_column(table: Table, name: str) -> Array:
    """The column `name`, which must hold one value a row."""
    column = table.column(name)
    if column.ndim != 1:
        raise QSpecError(
            f"Column {name!r} of {table.source} has {column.shape[1:]} values a row, and a predicate or a stratum "
            "needs one.",
            rule="QS903",
        )
    return column


def refuse_missing(values: Array, column: str, table: Table, part: str, missing: Array | None = None) -> None:
    """Raise `QSpecError` where values of a column are missing, and so belong to no `part`, such as a stratum.

    They are NaN (and, of times, NaT), unless `missing` (n,) tells which they are.
    """
    if missing is None:
        missing = np.isnan(values) if values.dtype.kind in "fmM" else np.zeros(len(values), np.bool_)
    if missing.any():
        raise QSpecError(
            f"The column {column} of {table.source} has {int(missing.sum()):,} missing values (NaN or empty) among "
            f"{len(values):,}, which belong to no {part}.",
            hint="fill them, or select the rows that have a value with a split",
            rule="QS903",
        )


def _compare(comparison: Comparison, table: Table) -> NDArray[np.bool_]:
    term = comparison.column
    if not term.is_bare:
        raise QSpecError(f"A predicate over rows compares a column, and {term} is not the name of one.")
    column = plain_column(table, term.name)
    if comparison.relation == "in":
        accepted = [_value(item, column, comparison) for item in comparison.values or []]
        found = np.zeros(len(column), dtype=np.bool_)
        for kind in {type(value) for value in accepted}:  # whole numbers apart, so that they stay exact
            found |= np.isin(column, _list([value for value in accepted if type(value) is kind], column))
        return found
    if comparison.value is None:
        raise QSpecError(f"The comparison {comparison} has no value to compare with.")
    value = _value(comparison.value, column, comparison)
    if comparison.relation == "==":
        return np.asarray(column == value, dtype=np.bool_)
    if comparison.relation == "!=":
        return np.asarray(column != value, dtype=np.bool_)
    return np.asarray(_ORDERED[comparison.relation](column, value), dtype=np.bool_)


def _list(values: list[Any], column: Array) -> Array:
    """Values of one kind as an array; whole numbers in the column's own type, lest both become fractions."""
    if column.dtype.kind not in "iu" or not isinstance(values[0], int):
        return np.asarray(values)
    bounds = np.iinfo(column.dtype)
    return np.asarray([value for value in values if bounds.min <= value <= bounds.max], dtype=column.dtype)


def _value(scalar: Scalar, column: Array, comparison: Comparison) -> Any:
    """The scalar as the column's own kind of value; integers stay exact."""
    kind = column.dtype.kind
    if isinstance(scalar, Quantity) and kind in "iufb":
        exact = scalar.base
        return int(exact) if exact == exact.to_integral_value() else float(exact)
    if isinstance(scalar, str) and kind in "US":
        return scalar.encode() if kind == "S" else scalar
    if isinstance(scalar, bool) and kind == "b":
        return scalar
    raise QSpecError(
        f"In {comparison}, the column holds values of type {column.dtype} and {scalar_text(scalar)} is of another kind.",
        hint="write numbers bare and text in double quotes, as the column holds them",
        rule="QS903",
    )
