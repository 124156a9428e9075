"""Comma-separated values with a header line."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.text import exact_float, read_text, typed_table
from qspec.data.table import Table
from qspec.errors import Place, QSpecError

_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(
    r"(?:[+-]?(?:(?:0|[1-9][0-9]*)\.?|(?:0|[1-9][0-9]*)?\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?(?:inf|infinity)|nan)?",
    re.IGNORECASE,
)


@registry.register("csv")
def read_csv(path: Path, limits: Limits) -> Table:
    """Columns named by the first line: integers or numbers where every cell is one (empty is NaN), else text.

    A number is a decimal literal without leading zeros: a column with `01`, or with an integer that no type holds
    exactly, is one of codes, and stays text so that no two of them become one.
    """
    reader = csv.reader(io.StringIO(read_text(path, limits), newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise QSpecError(
            f"{path.name} is not comma-separated values: {error}.", place=Place(str(path), reader.line_num)
        ) from error
    if not rows:
        raise QSpecError(f"{path.name} has no header line.", place=Place(str(path)))
    (_, header), *body = rows
    limits.check("columns", len(header), f"The number of columns of {path.name}")
    if len(set(header)) != len(header):
        raise QSpecError(f"{path.name} names a column twice in its header.", place=Place(str(path), 1, 1))
    for line, row in body:
        if len(row) != len(header):
            raise QSpecError(
                f"A row of {path.name} has {len(row)} cells, and the header has {len(header)}.",
                place=Place(str(path), line, 1),
            )
    cells = list(zip(*(row for _, row in body), strict=True)) if body else [()] * len(header)
    return typed_table({name: _parsed(column) for name, column in zip(header, cells, strict=True)}, path)


def _parsed(column: tuple[str, ...]) -> list[Any]:
    """The cells as integers of a size that an array has, as numbers or None, or as they are."""
    cells = [cell.strip() for cell in column]
    if all(map(_WHOLE.fullmatch, cells)):
        whole = [_integer(cell) for cell in cells]
        low, high = min(whole, default=0), max(whole, default=0)
        if low >= -(1 << 63) and high < (1 << 63 if low < 0 else 1 << 64):
            return list(whole)
    elif all(map(_NUMBER.fullmatch, cells)) and all(map(_survives, cells)):
        return [float(cell) if cell else None for cell in cells]
    return list(column)


def _integer(cell: str) -> int:
    """The integer, or one too large for any type where there are more digits than Python reads."""
    return int(cell) if len(cell) < 100 else 1 << 100


def _survives(cell: str) -> bool:
    """Whether a cell that is an integer is still the same as a float."""
    return len(cell) < 16 or not _WHOLE.fullmatch(cell) or exact_float(_integer(cell))
