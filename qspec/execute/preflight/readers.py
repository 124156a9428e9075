"""The splits of one plan: enough rows, the columns that strata and units speak of, and no rows in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.checks.resolution import whole_count
from qspec.data.splits import overlap
from qspec.data.strata import stratify
from qspec.data.table import Table
from qspec.execute.others import check_draws
from qspec.execute.plan import DataPlan, EvaluationPlan, Plan
from qspec.execute.preflight.collector import Collector
from qspec.execute.realize import open_data
from qspec.execute.sources import split_file
from qspec.execute.units import unit_numbers
from qspec.lang.resolve import Origin
from qspec.model.artifact import Dataset
from qspec.model.evaluation import Strata, TestSet
from qspec.model.expression import Crossed, Stratification
from qspec.model.quantity import Quantity


@dataclass(frozen=True)
class Read:
    """A split, opened."""

    plan: DataPlan
    table: Table
    rows: NDArray[np.int64]

    def shares(self, other: Read) -> int:
        """How many rows it has in common with another split of the same data; none where the two are files."""
        if split_file(self.plan) or split_file(other.plan):
            return 0
        mine, theirs = (one.folder / _source(one.dataset) for one in (self.plan, other.plan))
        return overlap(self.rows, other.rows) if mine.resolve() == theirs.resolve() else 0

    @property
    def label(self) -> str:
        """What people call it."""
        return self.plan.label


def _source(dataset: Dataset) -> str:
    """What the spec calls the file whose rows splits are."""
    queries = dataset.tables.queries if dataset.tables is not None else ""
    return dataset.source or queries


class Shelf:
    """The splits of one plan, each opened once."""

    def __init__(self, plan: Plan, found: Collector) -> None:
        self._plan, self._found = plan, found
        self._read: dict[tuple[str, str | None], Read | None] = {}

    def read(self, data: DataPlan) -> Read | None:
        """The split, or None and a finding."""
        key = data.name, data.split
        if key not in self._read:
            action = partial(open_data, self._plan, data)
            opened: tuple[Table, Any] | None = self._found.attempt("QS900", data.declared, action)
            self._read[key] = Read(data, *opened) if opened is not None else None
        return self._read[key]


def check_readers(plan: Plan, shelf: Shelf, found: Collector) -> None:
    """Open the calibration split and every test split, and hold them against what the executor says of them."""
    calibration = _calibration(plan, shelf, found)
    for evaluation in plan.evaluations:
        tested = shelf.read(evaluation.data)
        if tested is None:
            continue
        _size(evaluation, tested, found)
        _strata(plan, evaluation, tested, found)
        if calibration is not None and (shared := calibration.shares(tested)):
            found.add(
                "QS906",
                calibration.plan.origin,
                f"Calibration reads {calibration.label}, which shares {shared:,} rows with the test split {tested.label}.",
                "calibrate on rows that are not scored",
            )


def _calibration(plan: Plan, shelf: Shelf, found: Collector) -> Read | None:
    data = plan.quantized.data
    calibration = shelf.read(data) if data is not None else None
    if calibration is not None:
        where, available = calibration.plan.origin, len(calibration.rows)
        found.attempt("QS904", where, partial(check_draws, plan, available))
    return calibration


def _where(plan: Plan, evaluation: EvaluationPlan, key: str) -> Origin:
    """Where the evaluation, or the executor for it, says `key`."""
    if evaluation.name:
        return evaluation.origin.at(key)
    assert plan.resolved.executor is not None
    return plan.resolved.executor.where(key)


def _size(evaluation: EvaluationPlan, tested: Read, found: Collector) -> None:
    declared = evaluation.evaluation.test_set
    size = declared.size if isinstance(declared, TestSet) else None
    count = whole_count(size) if isinstance(size, Quantity) else None
    if count is not None and count != len(tested.rows):
        found.add(
            "QS904",
            tested.plan.origin,
            f"The test set is said to have {count:,} examples, and {tested.label} has {len(tested.rows):,}.",
            f"write `size: {len(tested.rows)}`, or correct the split",
        )


def _strata(plan: Plan, evaluation: EvaluationPlan, tested: Read, found: Collector) -> None:
    """Every stratification by itself, so that each fault is told; crossings only of what is sound."""
    declared, where = evaluation.evaluation.strata, _where(plan, evaluation, "strata")
    members = declared.members if isinstance(declared, Strata) else {}
    sound: dict[str, Stratification] = {}
    for name, how in sorted(members.items(), key=lambda pair: isinstance(pair[1], Crossed)):
        if isinstance(how, Crossed) and any(part in members and part not in sound for part in how.cross):
            continue
        strata = Strata({**sound, name: how})
        if (
            found.attempt("QS903", where.at(name), partial(stratify, strata, tested.table, tested.rows))
            is not None
        ):
            sound[name] = how
    unit = partial(unit_numbers, evaluation.evaluation, tested.table, tested.rows, plan.batch)
    found.attempt("QS903", _where(plan, evaluation, "statistics"), unit)
