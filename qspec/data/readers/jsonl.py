"""JSON lines: one object a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qspec.canonical import parse_json
from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.text import read_text, typed_table
from qspec.data.table import Table
from qspec.errors import Place, QSpecError


@dataclass
class Cells:
    """The values of a file as JSON has them: of the keys that every line has, and an error for each of the others."""

    values: dict[str, list[Any]]
    unread: dict[str, QSpecError]
    rows: int


@registry.register("jsonl", aliases=("ndjson",))
def read_jsonl(path: Path, limits: Limits) -> Table:
    """Columns named by the keys; one that a line lacks is an error when it is asked for."""
    found = cells(path, limits)
    return typed_table(found.values, path, rows=found.rows, unread=found.unread)


def cells(path: Path, limits: Limits) -> Cells:
    """The values of every key, a line each, as JSON has them."""
    values: dict[str, list[Any]] = {}
    lacking: dict[str, int] = {}  # the first line without the key, whose values are then kept no more
    rows, first = 0, 0
    for rows, (line, row) in enumerate(objects(path, limits), start=1):
        if rows == 1:
            first, values = line, {key: [] for key in row}
            limits.check("columns", len(values), f"The number of columns of {path.name}")
        elif row.keys() != values.keys():
            for key in [key for key in values if key not in row]:
                del values[key]
                lacking[key] = line
            lacking |= {key: first for key in row if key not in values and key not in lacking}
            limits.check("columns", len(values) + len(lacking), f"The number of columns of {path.name}")
        for key, column in values.items():
            column.append(row[key])
    unread = {
        key: QSpecError(
            f"A line of {path.name} has no key {key!r}, and other lines have one.",
            place=Place(str(path), line, 1),
            hint="give every line each key that is used, or leave those lines out",
        )
        for key, line in lacking.items()
    }
    return Cells(values, unread, rows)


def objects(path: Path, limits: Limits) -> Iterator[tuple[int, dict[str, Any]]]:
    """The object of every line that is not empty, with the line's number; raises `QSpecError` for anything else."""
    for number, line in enumerate(read_text(path, limits).split("\n"), start=1):
        if line.strip():
            yield number, _object(line, path, number)


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    place = Place(str(path), number, 1)
    try:
        row = parse_json(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise QSpecError(f"A line of {path.name} is not JSON ({error}).", place=place) from error
    if not isinstance(row, dict):
        raise QSpecError(f"A line of {path.name} is not a JSON object.", place=place)
    return row


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
