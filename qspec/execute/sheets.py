"""Scores and outputs that were made elsewhere, as files hold them: columns of two models side by side, or a file each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from qspec.canonical import file_digest
from qspec.data.limits import DEFAULT_LIMITS, Limits
from qspec.data.readers import jsonl, registry
from qspec.data.readers.text import typed
from qspec.data.table import Table, listed
from qspec.errors import Place, QSpecError

Columns = dict[str, Any]
"""One value an example, by name: arrays, or lists where the values are texts or boxes."""

IDS = ("id", "doc_id", "example")
"""Columns that tell which example a row is of, in the order they are looked for."""
TRUTHS = frozenset(
    {
        "label",
        "target",
        "reference",
        "objects",
        "relevant",
        "ideal",
        "choice-lengths",
        "words",
        "bytes",
        "characters",
        "tokens",
        "samples",
    }
)
"""Arrays that belong to the examples and are the same for both models."""
SAME = "same-"
"""What begins the names of columns that must be equal in both files and are nothing else."""
_SIDES = (".baseline", ".quantized")


@dataclass(frozen=True)
class Sheet:
    """One file: its columns, of equal length, and its digest."""

    columns: Columns
    rows: int
    name: str
    sha256: str
    unread: Mapping[str, QSpecError] = field(default_factory=dict)
    """Why other columns could not be read, which matters where one is needed."""


@dataclass(frozen=True)
class PairedSheet:
    """The examples of one evaluation, answered by both models."""

    baseline: Columns
    quantized: Columns
    shared: Columns
    """Answers that are true, strata, units."""
    rows: int
    files: Mapping[str, Sheet]
    """The files by their part: `scores` of both models, or `baseline`, `quantized` and `shared`."""
    notes: tuple[str, ...] = ()
    unread: Mapping[str, QSpecError] = field(default_factory=dict)
    """Why other columns could not be read, by name without the model."""


def read_sheet(path: Path, limits: Limits = DEFAULT_LIMITS) -> Sheet:
    """The columns of a file of any format that data sets may have; raises `QSpecError` for what cannot be read."""
    if not path.is_file():
        raise QSpecError("There is no such file of scores.", place=Place(str(path)))
    limits.check("file_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in registry:
        raise QSpecError(
            f"No reader knows files such as {path.name}.",
            place=Place(str(path)),
            hint=f"scores are read from {listed(registry.names())}",
        )
    if registry.canonical(suffix) == "jsonl":  # as JSON has them: lists of boxes or of references stay lists
        found = jsonl.cells(path, limits)
        columns, unread, rows = dict[str, Any](found.values), found.unread, found.rows
    else:
        table = registry.get(suffix)(path, limits)
        columns, unread, rows = *table.readable(), table.rows
    if not rows:
        raise QSpecError(f"{path.name} holds no example.", place=Place(str(path)))
    return Sheet(columns, rows, path.name, file_digest(path), unread)


def pair(sheets: Sequence[Sheet]) -> PairedSheet:
    """Both models' columns: out of one file, or out of one each and a third, if given, with what is true of both.

    In one file the columns `NAME.baseline` and `NAME.quantized` are of either model, and any other of both. Files
    of one model each, baseline first, are joined by the column `id`, `doc_id` or `example`, or else line by line.
    """
    if len(sheets) == 1:
        return _apart(sheets[0])
    if len(sheets) > 3:
        raise QSpecError(
            f"{len(sheets)} files of scores are given for one evaluation.",
            hint="give one with both models, or one of the baseline, one of the quantized model, and one of references",
        )
    return _joined(*sheets)


def _apart(sheet: Sheet) -> PairedSheet:
    sides: tuple[Columns, Columns] = ({}, {})
    shared: Columns = {}
    for name, values in sheet.columns.items():
        side = next((place for place, ending in enumerate(_SIDES) if name.endswith(ending)), None)
        if side is None:
            shared[name] = values
        else:
            sides[side][name.removesuffix(_SIDES[side])] = values
    unread = {name.removesuffix(_SIDES[0]).removesuffix(_SIDES[1]): e for name, e in sheet.unread.items()}
    for values in sides:
        for name in unread:
            values.pop(name, None)
    if unread and not sides[0]:
        raise next(iter(unread.values()))
    alone = sorted(sides[0].keys() ^ sides[1].keys())
    if alone or not sides[0]:
        what = f"has {alone[0]} of one model only" if alone else "has no column of either model"
        raise QSpecError(
            f"{sheet.name} {what}.",
            hint="name columns NAME.baseline and NAME.quantized, as in top1.baseline, or give a file a model",
        )
    return PairedSheet(*sides, shared, sheet.rows, {"scores": sheet}, unread=unread)


def _joined(baseline: Sheet, quantized: Sheet, both: Sheet | None = None) -> PairedSheet:
    notes: list[str] = []
    unread: dict[str, QSpecError] = {}
    for sheet in filter(None, (baseline, quantized, both)):
        unread |= sheet.unread
    for name, error in unread.items():
        if name in IDS or name.startswith(SAME):
            raise error
    baseline, quantized = _without(baseline, unread), _without(quantized, unread)
    quantized = _ordered(quantized, baseline, notes)
    sheets = [baseline, quantized]
    shared = {}
    for name, values in baseline.columns.items():
        if name not in TRUTHS and not name.startswith(SAME):
            continue
        if name in quantized.columns:
            _must_agree(name, values, quantized.columns[name], sheets)
        shared[name] = values
    shared |= {n: v for n, v in quantized.columns.items() if n in TRUTHS and n not in shared}
    if both is not None:
        both = _ordered(both, baseline, notes)
        sheets.append(both)
        given = dict(both.columns)
        if not TRUTHS & given.keys() and "text" in given:
            given["reference"] = given.pop("text")  # plain lines
        shared |= given
    described = {n: v for n, v in baseline.columns.items() if n not in shared}
    files = dict(zip(_PARTS, sheets, strict=False))
    shared = {**described, **shared}
    return PairedSheet(
        _answers(baseline), _answers(quantized), shared, baseline.rows, files, tuple(notes), unread
    )


_PARTS = ("baseline", "quantized", "shared")


def _without(sheet: Sheet, names: Iterable[str]) -> Sheet:
    """The sheet without the columns that the other model's could not be read of."""
    return replace(sheet, columns={n: v for n, v in sheet.columns.items() if n not in names})


def _answers(sheet: Sheet) -> Columns:
    return {n: v for n, v in sheet.columns.items() if n not in TRUTHS and n not in IDS}


def _ordered(sheet: Sheet, like: Sheet, notes: list[str]) -> Sheet:
    """The sheet with its rows in the order of another's."""
    key = next((name for name in IDS if name in sheet.columns and name in like.columns), None)
    if key is None:
        if sheet.rows != like.rows:
            raise QSpecError(
                f"{like.name} holds {like.rows} examples and {sheet.name} {sheet.rows}, and nothing says which belong "
                "together.",
                hint="add a column `id` to each file",
            )
        notes.append(f"{sheet.name} was joined with {like.name} line by line")
        return sheet
    here, there = _places(sheet, key), _places(like, key)
    if odd := here.keys() ^ there.keys():
        kinds = [{_kind(one) for one in places} for places in (there, here)]
        if kinds[0].isdisjoint(kinds[1]):
            held = [" and ".join(sorted(kind)) for kind in kinds]
            raise QSpecError(
                f"The column {key} holds {held[0]} in {like.name} and {held[1]} in {sheet.name}, so no example is in both.",
                hint="write the column alike in both files: all of it as numbers, or all as texts",
            )
        alone = len(there.keys() - here.keys())
        raise QSpecError(
            f"{alone} examples are in {like.name} only, and {len(odd) - alone} in {sheet.name} only; the first has the "
            f"{key} {min(odd, key=str)}.",
            hint="both models must have answered the same examples",
        )
    order = [here[one] for one in there]
    columns: Columns = {
        name: [values[i] for i in order] if isinstance(values, list) else values[order]
        for name, values in sheet.columns.items()
    }
    return replace(sheet, columns=columns)


def _kind(value: Any) -> str:
    return "texts" if isinstance(value, str) else "numbers"


def _places(sheet: Sheet, key: str) -> dict[Any, int]:
    """The row of every example, by what its column of identity says."""
    values = sheet.columns[key]
    found: dict[Any, int] = {}
    for place, value in enumerate(values if isinstance(values, list) else values.tolist()):
        name = value if isinstance(value, str | int | float) else str(value)
        if name in found:
            raise QSpecError(f"{sheet.name} holds the example {value} twice, by its {key}.")
        found[name] = place
    return found


def _must_agree(name: str, one: Any, other: Any, sheets: Sequence[Sheet]) -> None:
    for place, (first, second) in enumerate(zip(one, other, strict=True)):
        if not (np.array_equal(first, second) if isinstance(first, np.ndarray) else first == second):
            said = name.removeprefix(SAME)
            raise QSpecError(
                f"{sheets[0].name} and {sheets[1].name} differ in the {said} of example {place} (counted from 0).",
                hint="they were made from different data, and cannot be compared example by example",
            )


def table_of(columns: Mapping[str, Any], name: str, unread: Mapping[str, QSpecError] | None = None) -> Table:
    """The columns of one plain value a row, as a table from which strata and units are read.

    One that is `unread`, or whose values no array holds, is an error when it is asked for.
    """
    found: dict[str, Any] = {}
    errors = dict(unread or {})
    for key, values in columns.items():
        if isinstance(values, list) and any(isinstance(value, list | dict) for value in values):
            continue
        try:
            array = typed(key, values, name) if isinstance(values, list) else np.asarray(values)
        except QSpecError as error:
            errors[key] = error
            continue
        if array.ndim == 1 and array.dtype.kind in "iufbUS":
            found[key] = array
    return Table.of(found, name, rows=0, unread=errors) if found or errors else Table({}, 0, name)
