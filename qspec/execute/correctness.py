"""Which metric says what a right answer is, so that flips of correctness are flips of what the evaluation scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from qspec.metrics.bind import BoundMetric
from qspec.metrics.definition import Family

Columns = Mapping[str, NDArray[np.float64]]


def are_flips(metric: BoundMetric) -> bool:
    """Whether the metric counts answers that became right or wrong, whatever else changed."""
    return metric.name == "flips" and metric.parameters["of"] == "correctness"


def scored_right(metrics: Iterable[BoundMetric], baseline: Columns, quantized: Columns) -> str | None:
    """The name of the first metric whose columns are 0 or 1 for every example, else the first that is for those it counts.

    Columns are (examples, 1) by metric; metrics without any are passed over. None where no metric is 0 or 1.
    """
    partial = None
    for metric in metrics:
        name = str(metric)
        if name not in baseline or metric.family_of(baseline[name], quantized[name]) is not Family.BINARY:
            continue
        if not (np.isnan(baseline[name]).any() or np.isnan(quantized[name]).any()):
            return name
        partial = partial or name
    return partial


def flipped(baseline: NDArray[np.float64], quantized: NDArray[np.float64]) -> NDArray[np.float64]:
    """(examples, 1): 1 where exactly one of two 0/1 columns (examples, 1) is 1, NaN where an example does not count."""
    return np.abs(baseline - quantized)
