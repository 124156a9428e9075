"""What text formats share: size caps, decoding, and columns of cells made into typed arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qspec.data.limits import Limits
from qspec.data.table import Array, Table
from qspec.errors import Place, QSpecError


def read_text(path: Path, limits: Limits) -> str:
    """The file's text, UTF-8 with or without a byte order mark, its line ends as they are."""
    limits.check("text_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except UnicodeDecodeError as error:
        raise QSpecError(
            f"{path.name} is not UTF-8 text: byte {error.start} cannot be decoded.",
            place=Place(str(path)),
            hint="convert it to UTF-8",
        ) from error


def typed_table(
    cells: Mapping[str, Sequence[Any]],
    path: Path,
    *,
    rows: int | None = None,
    unread: Mapping[str, QSpecError] | None = None,
) -> Table:
    """A table of columns of Python values: booleans, integers, floats, text, or lists of numbers or texts of one shape.

    None becomes NaN among numbers. A column that cannot be held is an error when it is asked for, as are those that
    are `unread`; so one that nobody needs keeps nobody from the others. `rows` counts the rows where no column may.
    """
    columns: dict[str, Array] = {}
    errors = dict(unread or {})
    for name, values in cells.items():
        try:
            columns[name] = typed(name, values, path.name, Place(str(path)))
        except QSpecError as error:
            errors[name] = error
    rows = len(next(iter(cells.values()))) if rows is None and cells else rows
    return Table.of(columns, path.name, rows=rows, unread=errors)


def exact_float(value: int) -> bool:
    """Whether a float holds the integer exactly."""
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _texts(values: Any) -> bool:
    """Whether lists hold nothing but texts, since numpy would make texts of numbers beside them."""
    return all(_texts(value) if isinstance(value, list) else isinstance(value, str) for value in values)


def _integers(values: Sequence[int]) -> Array:
    """Integers as the first type that holds all of them: int64, uint64, text."""
    low, high = min(values, default=0), max(values, default=0)
    if low >= -(1 << 63) and high < 1 << 63:
        return np.asarray(values, dtype=np.int64)
    if low >= 0 and high < 1 << 64:
        return np.asarray(values, dtype=np.uint64)
    return np.asarray([str(value) for value in values], dtype=np.str_)


def typed(name: str, values: Sequence[Any], source: str, place: Place | None = None) -> Array:
    """The values as an array, (n, …); raises `QSpecError` for what no array holds, as `typed_table` says."""
    kinds = {type(value) for value in values}
    try:
        if kinds <= {bool}:
            return np.asarray(values, dtype=np.bool_)
        if kinds <= {int}:
            return _integers(values)
        if kinds <= {int, float, type(None)}:
            if not all(
                exact_float(value) for value in values if type(value) is int and abs(value) >= 1 << 53
            ):
                raise OverflowError(
                    "it has an integer that no float holds, beside fractions or missing values"
                )
            return np.asarray([np.nan if value is None else value for value in values], dtype=np.float64)
        if kinds <= {str}:
            return np.asarray(values, dtype=np.str_)
        if kinds <= {list}:
            array = np.asarray(values)
            if array.dtype.kind in "iufb" or (array.dtype.kind == "U" and _texts(values)):
                return array
    except (ValueError, OverflowError) as error:
        raise QSpecError(
            f"The column {name!r} of {source} cannot be held as one array ({error}).",
            place=place,
        ) from error
    missing = sum(value is None for value in values)
    if missing and len(kinds) == 2:
        raise QSpecError(
            f"The column {name!r} of {source} has {missing:,} missing values (null) among {len(values):,}, which only "
            "a column of numbers may have.",
            place=place,
            hint="fill them, or leave those rows out",
        )
    found = ", ".join(sorted("null" if kind is type(None) else kind.__name__ for kind in kinds))
    raise QSpecError(
        f"The column {name!r} of {source} mixes kinds of values: {found}.",
        place=place,
        hint="a column holds booleans, integers, numbers, text, or lists of numbers or of texts of one length",
    )
