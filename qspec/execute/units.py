"""The independent units of a test set: what its examples are resampled by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qspec.data.predicate import plain_column, refuse_missing
from qspec.data.table import Table
from qspec.errors import QSpecError
from qspec.metrics.tasks import find_task
from qspec.model.evaluation import Evaluated
from qspec.model.expression import ByColumn

BATCH, EXAMPLE = "batch", "example"


def declared_unit(evaluation: Evaluated) -> str | None:
    """The unit as declared: `example`, `batch` or `by COLUMN`; None where nothing is said."""
    statistics = evaluation.statistics
    return str(statistics.unit) if statistics is not None and statistics.unit is not None else None


def check_unit(evaluation: Evaluated, used: str | None) -> None:
    """Raise `QSpecError` where scores were stored with other units than are declared now."""
    declared = declared_unit(evaluation)
    if used is None or declared == used or (declared is None and used in (BATCH, EXAMPLE)):
        return
    raise QSpecError(
        f"The scores are stored with the unit `{used}`, and `{declared or EXAMPLE}` is declared now.",
        hint="`qspec execute` reads the units; the models that were made are kept",
    )


def unit_numbers(
    evaluation: Evaluated, table: Table, rows: NDArray[np.int64], batch: int | None = None
) -> NDArray[np.int64] | None:
    """The number of each example's independent unit, (rows,); None when every example is one.

    Where the batch is the unit, the rows are taken to be in the order in which they are run. What the task itself
    calls a row (`by query`, `by document`) needs no column where it is run; `batch` is None for scores made elsewhere.
    Raises `QSpecError` for a column that there is not, or that lacks values.
    """
    statistics = evaluation.statistics
    if declared_unit(evaluation) == BATCH:
        if batch is None:
            raise QSpecError(
                "The batch is declared as the unit, and scores made elsewhere do not say which batch an example was in.",
                hint="add a column with the number of the batch, and declare `unit: by COLUMN`",
            )
        return batches(len(rows), batch)
    if statistics is None or not isinstance(statistics.unit, ByColumn):
        return None
    column = statistics.unit.by
    if batch is not None and column not in table and column == _row(evaluation):
        return None
    values = plain_column(table, column)[rows]
    # Rows of nobody known are no cluster of one person: NaN and empty texts would be, without a word.
    refuse_missing(values, column, table, "unit", values == "" if values.dtype.kind == "U" else None)
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _row(evaluation: Evaluated) -> str | None:
    """What a row of the data is in the task that is evaluated."""
    task = find_task(evaluation.task) if isinstance(evaluation.task, str) else None
    return task.row if task is not None else None


def batches(count: int, batch: int) -> NDArray[np.int64]:
    """The number of the batch that each of so many examples is run in, (count,)."""
    return np.arange(count, dtype=np.int64) // batch


def shuffled(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The rows in an order drawn under a seed, so that examples meet by chance in a batch."""
    return rows[np.random.default_rng(seed).permutation(len(rows))]
