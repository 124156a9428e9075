"""Models brought to their precision, each once: the store keeps what was made and how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec import canonical
from qspec._version import __version__
from qspec.checks.resolution import whole_count, whole_seed
from qspec.data import examples
from qspec.data.source import open_dataset
from qspec.data.splits import split_indices
from qspec.data.transforms import VERSION
from qspec.errors import QSpecError
from qspec.execute.located import located
from qspec.execute.machine import inspect_machine
from qspec.execute.plan import DataPlan, ModelPlan, Plan
from qspec.execute.sessions import open_session
from qspec.execute.sources import digest, locate, locate_model, split_file, steps
from qspec.execute.store import Entry, Store
from qspec.model.base import Silence
from qspec.model.precision import Precision
from qspec.quantize.graph import OnnxModel, load_model, open_model
from qspec.quantize.realize import EDITION, check_arguments, has_scheme, realize
from qspec.quantize.request import Feed, Request

ARTIFACT = "model.onnx"
CALIBRATION_BATCH = 32
_BATCHES = frozenset({"batch", "batches"})


@dataclass(frozen=True)
class Side:
    """One model of the pair, ready to run: its file, and how it came about."""

    label: str
    path: Path
    sha256: str
    content: str
    """A digest of all that determines what it computes, external data included."""
    size: int
    """Bytes of the file and its external data."""
    base: Path
    """The file it was made from; itself when nothing was made."""
    precision: Precision | None = None
    declared: tuple[str, ...] = ()
    simulated: bool = False
    quantizer: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    coded_size: int | None = None
    """Bytes of its entropy-coded form, where the scheme has one."""
    read: tuple[Path, ...] = ()
    """The files it came from: the base model's and those of its external data."""
    arrived: Precision | None = None
    """The precision it is declared to have, where it arrived quantized."""


def open_base(plan: Plan, side: ModelPlan) -> OnnxModel:
    """The declared model file, its digest and its graph verified; errors point at the spec."""
    with located(side.origin):
        root, path = locate_model(plan, side)
        return load_model(path, root, side.sha256)


def make_side(plan: Plan, side: ModelPlan, store: Store) -> Side:
    """One model of the pair at its precision, from the store where it was made before."""
    base = open_base(plan, side)
    if side.precision is None:
        return Side(
            side.label,
            base.path,
            base.sha256,
            base.content,
            base.size,
            base.path,
            read=_read(base),
            arrived=side.arrived,
        )
    with located(side.precision_origin):
        key = canonical.digest(_ingredients(plan, side, base.content))
    entry = None if plan.options.fresh else store.get(key)
    if entry is None:
        if plan.options.fresh:
            store.remove(key)
        with located(side.precision_origin):
            entry = store.put(key, lambda folder: _write(plan, side, base, folder))
    return _from_entry(entry, side, base)


def _from_entry(entry: Entry, side: ModelPlan, base: OnnxModel) -> Side:
    artifact = open_model(entry.file(ARTIFACT))
    made = json.loads(entry.file("realized.json").read_text(encoding="utf-8"))
    return Side(
        side.label,
        artifact.path,
        artifact.sha256,
        artifact.content,
        artifact.size,
        base.path,
        side.precision,
        tuple(made["declared"]),
        bool(made["simulated"]),
        made["quantizer"],
        made["arguments"],
        tuple(made["notes"]),
        made.get("coded_size"),
        _read(base),
    )


def _read(base: OnnxModel) -> tuple[Path, ...]:
    return (base.path, *base.external.files)


def _ingredients(plan: Plan, side: ModelPlan, content: str) -> dict[str, Any]:
    """Everything that determines the artifact. Scales are floats, so the processor is among it."""
    machine = inspect_machine()
    data = side.data
    return {
        "kind": "artifact",
        "quantizer": f"qspec {__version__}",
        "edition": EDITION,
        "model": content,
        "precision": side.precision.to_json() if side.precision else None,
        "calibration": side.calibration.to_json() if side.calibration else None,
        **_arguments(side),
        "data": None
        if data is None
        else {
            "file": data_digest(plan, data),
            "split": data.split,
            "rule": _rule_text(data),
            "inputs": dict(data.dataset.inputs.members) if data.dataset.inputs else {},
        },
        **_pipeline(plan),
        "runtime": machine.runtime,
        "provider": plan.provider,
        "processor": [machine.cpu, *machine.instruction_sets],
    }


def _arguments(side: ModelPlan) -> dict[str, Any]:
    """What the scheme reads of the recipe: what it has not always taken is never found under what was made without it."""
    if side.precision is None or not has_scheme(side.precision):
        return {}
    given = check_arguments(side.precision, side.calibration)
    return {"arguments": given} if given else {}


def _pipeline(plan: Plan) -> dict[str, Any]:
    """What the pipeline says, and the digests of the files that it uses."""
    first = plan.evaluations[0] if plan.evaluations else None
    if first is None or first.evaluation.pipeline is None:
        return {"pipeline": None}
    used = steps(plan, first).used
    files = {"pipeline-files": used | {"transforms": str(VERSION)}} if used else {}
    return {"pipeline": first.evaluation.pipeline.to_json(), **files}


def _rule_text(data: DataPlan) -> str:
    members = data.dataset.splits.members if data.dataset.splits else {}
    return str(members.get(data.split or "", ""))


def data_digest(plan: Plan, data: DataPlan) -> str | None:
    """SHA-256 of what the split is read from; verified where the spec declares one."""
    with located(data.declared):
        return digest(plan, data)


def open_data(plan: Plan, data: DataPlan) -> tuple[Any, NDArray[np.int64]]:
    """The table and the rows of a planned split; of a data set of three tables, those of its queries."""
    with located(data.declared):
        source, placed = split_file(data) or data.dataset.source, data.dataset
        if source is None and placed.tables is not None:
            source = placed.tables.queries
        root = plan.root
        if source is not None:
            declared = placed.sha256 if split_file(data) is None else None
            root, path = locate(plan, data.folder, source, declared)
            placed = placed.model_copy(update={"source": path, "sha256": declared})
        table = open_dataset(placed, root)
    with located(data.origin):
        return table, split_indices(placed, table, data.split if split_file(data) is None else None)


def _write(plan: Plan, side: ModelPlan, base: OnnxModel, folder: Path) -> None:
    assert side.precision is not None
    seed, batches = sample_seed(side), None
    if side.data is not None:
        batches = _batches(plan, side, seed, base)
    request = Request(
        model=base.path,
        precision=side.precision,
        output=folder / ARTIFACT,
        calibration=side.calibration,
        seed=seed,
        opens=lambda path: open_session(
            path, provider=plan.provider, options=plan.provider_options, threads=1
        ),
        **({"batches": batches} if batches is not None else {}),
    )
    made = realize(request)
    record = {
        "quantizer": made.quantizer,
        "arguments": made.arguments,
        "declared": list(made.declared),
        "simulated": made.simulated,
        "notes": list(made.notes),
        "coded_size": made.coded_size,
    }
    (folder / "realized.json").write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")


def _batches(plan: Plan, side: ModelPlan, seed: int, base: OnnxModel) -> Callable[[], Iterator[Feed]]:
    """Passes over the calibration sample: `size` rows of the split, drawn without replacement under the seed."""
    assert side.data is not None
    data = side.data
    table, rows = open_data(plan, data)
    with located(data.origin):
        wanted = sample_size(side, len(rows))
        if wanted < len(rows):
            chosen = np.random.default_rng(seed).permutation(len(rows))[:wanted]
            rows = rows[np.sort(chosen)]
        transforms = steps(plan, plan.evaluations[0]) if plan.evaluations else None
        examples.inputs(data.dataset, table, rows[:1], transforms)

    axes = {port.name: len(port.shape) for port in base.inputs}

    def run() -> Iterator[Feed]:
        batches = examples.batches(data.dataset, table, rows, CALIBRATION_BATCH, transforms)
        return (_one_by_one(feed, axes) for feed in batches)

    return run


def sample_seed(side: ModelPlan) -> int:
    """The seed of the calibration sample, 0 where none is said; raises `QSpecError` for what is no seed."""
    said = side.calibration.seed if side.calibration is not None else None
    seed = 0 if said is None else whole_seed(said)
    if seed is None:
        raise QSpecError(
            f"`seed: {said}` is no seed of a calibration sample.",
            hint="write a whole number of 0 or more",
            rule="QS904",
        )
    return seed


def sample_size(side: ModelPlan, available: int) -> int:
    """How many of the `available` rows of its split a model is calibrated on: all where no size is said.

    Raises `QSpecError` for a size that is no count of examples, or above what there is.
    """
    size = side.calibration.size if side.calibration is not None else None
    if size is None or isinstance(size, Silence):
        return available
    wanted = None if size.unit in _BATCHES else whole_count(size)
    if wanted is None:
        raise QSpecError(
            f"A calibration sample is counted in examples, and `size: {size}` is no such count.",
            hint="write a whole number of at least 1, the rows of the split that are drawn",
            rule="QS904",
        )
    if wanted > available:
        split = side.data.label if side.data is not None else "the split"
        raise QSpecError(
            f"{wanted:,} calibration examples are asked for, and {split} has {available:,}.",
            hint="lower `size`, or calibrate on a larger split",
            rule="QS904",
        )
    return wanted


def _one_by_one(feed: Feed, axes: dict[str, int]) -> Feed:
    """The feed with one text of each question, where the graph takes the K texts (rows, K, …) one by one.

    The first row gives its first text, the second its second, and so on, so that `size` counts questions and
    every place among the choices is seen.
    """

    def one(name: str, array: NDArray[Any]) -> NDArray[Any]:
        if array.ndim != axes.get(name, array.ndim) + 1:
            return array
        rows = np.arange(len(array))
        chosen: NDArray[Any] = array[rows, rows % array.shape[1]]
        return chosen

    return {name: one(name, array) for name, array in feed.items()}
