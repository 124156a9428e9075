"""Classification of images, texts and rows: one class an example, from scores or probabilities of all classes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data import examples
from qspec.data.nature import Nature
from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.over_classes import array_of, over_classes
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
        values, nature = self.data.over_classes(outputs)
        # One whole number is the class, or a flag.
        if values.dtype.kind in "iu" and values.size == len(values):
            prediction = values.reshape(-1).astype(np.int64)
            return Predictions({"prediction": prediction, "label": self.labels[rows]})
        arrays = over_classes(values.reshape(len(values), -1), nature)
        if "prediction" not in arrays:
            self._check_range(next(iter(arrays.values())).shape[1], rows)
        return Predictions({**arrays, "label": self.labels[rows]})

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """Scores of all classes, or nothing but the class; and the labels."""
        return array_of(nature), "label"

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
