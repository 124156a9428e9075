"""Comma-separated values with a header line."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.text import read_text, typed_table
from qspec.data.table import Table
from qspec.errors import Place, QSpecError


@registry.register("csv")
def read_csv(path: Path, limits: Limits) -> Table:
    """Columns named by the first line: integers or numbers where every cell is one (empty is NaN), else text."""
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
    for kind in (int, float):
        try:
            return [kind(cell) if cell.strip() or kind is int else None for cell in column]
        except ValueError:
            continue
    return list(column)
