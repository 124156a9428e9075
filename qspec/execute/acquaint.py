"""A first look at a model and its data: what a new spec can say of them without asking."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from qspec.data.source import open_table
from qspec.data.table import Table
from qspec.errors import QSpecError
from qspec.execute.sessions import Port, open_session
from qspec.lang.template import Facts
from qspec.model.spelling import key_word, value_word

_CALIBRATION = 128
_MOST_CLASSES = 50
"""A column with more values than this is no stratification by class."""
_LABELS = ("label", "labels", "y", "target", "targets", "class")
_INTEGERS, _NUMBERS = "iub", "iubf"


def acquaint(model: Path, data: Path, folder: Path) -> Facts:
    """The inputs, label, task, splits and strata that a model and a data file suggest to a spec in `folder`.

    Half of the rows are for calibration, half for the test, in the order of the file. Raises `QSpecError` where
    either cannot be read, or an input has no column of its shape.
    """
    session = open_session(model)
    table = open_table(folder, os.path.relpath(data, folder))
    if table.rows < 2:
        raise QSpecError(f"{data.name} has {table.rows} rows, too few to calibrate and to test on.")
    inputs = _inputs(session.inputs, table)
    label = _label(table, taken=list(inputs.values()))
    half = table.rows // 2
    seen = Facts(
        inputs=", ".join(f"{key_word(name)}: {value_word(column)}" for name, column in inputs.items()),
        label=value_word(label),
        calibrate=f"0..{half}",
        test=f"{half}..{table.rows}",
        calibration_size=min(_CALIBRATION, half),
        test_size=table.rows - half,
    )
    if table.column(label).dtype.kind not in _INTEGERS:
        bounds = ("loss(mse) <= 1 % of baseline",)
        return replace(seen, task="regression", metrics="mse", strata="unstated", assertions=bounds)
    is_image = len(session.inputs) == 1 and len(session.inputs[0].shape) >= 3
    seen = replace(seen, task="image-classification" if is_image else "tabular-classification")
    if len(np.unique(table.column(label))) > _MOST_CLASSES:
        return replace(seen, strata="unstated", assertions=("loss(top1) <= 1 pp",))
    return seen


def _inputs(ports: Sequence[Port], table: Table) -> dict[str, str]:
    """A column for each input: that of its name, else the only one of its shape that is left."""
    readable, _ = table.readable()
    found = {
        port.name: port.name for port in ports if port.name in readable and _fits(port, table, port.name)
    }
    for port in ports:
        if port.name in found:
            continue
        left = [name for name in readable if name not in found.values() and _fits(port, table, name)]
        preferred = [name for name in left if name.lower() not in _LABELS] or left
        if len(preferred) != 1:
            which = f"{', '.join(preferred)} all do" if preferred else "none does"
            raise QSpecError(
                f"The input {port} of the model wants a column of that shape, and of the columns of {table.source} "
                f"{which}.",
                hint="leave --data out, and map each input to a column under `inputs` yourself",
            )
        found[port.name] = preferred[0]
    return found


def _fits(port: Port, table: Table, name: str) -> bool:
    column = table.column(name)
    wanted = port.shape[1:]
    return (
        column.dtype.kind in _NUMBERS
        and column.ndim - 1 == len(wanted)
        and all(
            not isinstance(size, int) or size == here
            for size, here in zip(wanted, column.shape[1:], strict=True)
        )
    )


def _label(table: Table, taken: Sequence[str]) -> str:
    readable, _ = table.readable()
    left = [name for name in readable if name not in taken]
    numbers = [name for name in left if readable[name].dtype.kind in _NUMBERS]
    usual = [name for name in numbers if name.lower() in _LABELS]
    single = [name for name in numbers if table.column(name).ndim == 1]
    for among in (usual, single):
        if among:
            return among[0]
    raise QSpecError(
        f"No column of {table.source} looks like the true answers; its columns are {', '.join(table.names)}.",
        hint="leave --data out, and name the column under `label` yourself",
    )
