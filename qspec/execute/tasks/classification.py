"""Classification of images, texts and rows: one class an example, from scores of all classes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data import examples
from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import TaskRunner
from qspec.metrics.predictions import Predictions


@registry.register("image-classification", aliases=("text-classification", "tabular-classification"))
class Classification(TaskRunner):
    """Scores of C classes an example, (examples, C), or the class itself, (examples,)."""

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """True classes, (examples,)."""
        return examples.labels(self.data.dataset, self.data.table, self.data.rows)

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """Scores or classes of a block of examples beside their labels."""
        values = self.data.steps.after(self.data.chosen(outputs))
        if values.ndim == 1 and values.dtype.kind in "iu":
            return Predictions({"prediction": values.astype(np.int64), "label": self.labels[rows]})
        values = values.reshape(len(values), -1)
        if values.shape[1] == 1:  # one score is the log-odds of the positive class
            values = np.hstack([np.zeros_like(values), values])
        self._check_range(values.shape[1], rows)
        return Predictions({"logits": values, "label": self.labels[rows]})

    def _check_range(self, classes: int, rows: Rows) -> None:
        labels = self.labels[rows]
        wrong = np.flatnonzero((labels < 0) | (labels >= classes))
        if wrong.size:
            place = int(rows[int(wrong[0])])
            raise QSpecError(
                f"The label of row {int(self.data.rows[place])} is {int(self.labels[place])}, and the model has "
                f"{classes} classes, numbered 0..{classes - 1}.",
                hint="class numbers count from zero; check the label column and the model",
                rule="QS905",
            )

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The class answered."""
        return predictions.column("prediction")
