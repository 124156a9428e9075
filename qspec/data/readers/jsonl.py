"""JSON lines: one object a line, the same keys in each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qspec.canonical import parse_json
from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.text import read_text, typed_table
from qspec.data.table import Table
from qspec.errors import Place, QSpecError


@registry.register("jsonl", aliases=("ndjson",))
def read_jsonl(path: Path, limits: Limits) -> Table:
    """Columns named by the keys; every line has the keys of the first."""
    return typed_table(columns(path, limits), path)


def columns(path: Path, limits: Limits) -> dict[str, list[Any]]:
    """The values of every key, a line each, as JSON has them; every line has the keys of the first."""
    found: dict[str, list[Any]] = {}
    for number, row in objects(path, limits):
        if not found:
            limits.check("columns", len(row), f"The number of columns of {path.name}")
            found = {key: [] for key in row}
        if row.keys() != found.keys():
            other = ", ".join(sorted(row.keys() ^ found.keys()))
            raise QSpecError(
                f"A line of {path.name} differs from the first in the keys {other}.",
                place=Place(str(path), number, 1),
            )
        for key, value in row.items():
            found[key].append(value)
    return found


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
