"""What a task is given, and what it must answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qspec.data.pipeline import Steps
from qspec.data.table import Table
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.metrics.predictions import Predictions
from qspec.model.artifact import Dataset
from qspec.model.evaluation import Evaluated


@dataclass(frozen=True)
class TaskData:
    """The split that is evaluated: the table, the rows in order (examples,), and what the spec says of both."""

    evaluation: Evaluated
    dataset: Dataset
    table: Table
    rows: NDArray[np.int64]
    steps: Steps
    outputs: tuple[str, ...] = ()
    """Graph outputs that the spec names."""


class TaskRunner(Protocol):
    """One task on one split."""

    def inputs(self) -> dict[str, NDArray[Any]]:
        """The array for each model input, (examples, …); raises `QSpecError` for what a model cannot be fed."""

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """Predictions for a block of examples from the graph's outputs and their places in the split."""

    def answers(self, predictions: Predictions) -> NDArray[Any] | None:
        """What was answered, (examples, …), so that flips can be counted; None where answers are not discrete."""
