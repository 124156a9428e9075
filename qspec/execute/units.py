"""The independent units of a test set: what its examples are resampled by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qspec.data.table import Table
from qspec.model.evaluation import Evaluated
from qspec.model.expression import ByColumn


def unit_numbers(evaluation: Evaluated, table: Table, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The number of each example's independent unit, (rows,); None when every example is one."""
    statistics = evaluation.statistics
    if statistics is None or not isinstance(statistics.unit, ByColumn):
        return None
    values = table.take(statistics.unit.by, rows)
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
