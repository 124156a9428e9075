"""Segmentation: one class a pixel, from scores of all classes or from the classes themselves."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.nature import Nature
from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import TaskRunner
from qspec.metrics.predictions import Predictions

_GRID = 64
"""Pixels a side of the grid by which maps of two models are compared."""


@registry.register("segmentation")
class Segmentation(TaskRunner):
    """Maps of scores (examples, classes, height, width) or of classes (examples, height, width)."""

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """Class maps of a block of examples beside the true ones."""
        values = self.data.steps.after(self.data.chosen(outputs, 4))
        labels = self.data.whole_numbers("class maps", 3, at=rows)
        if values.ndim == 4:
            values = values[:, 0] if values.shape[1] == 1 else values.argmax(axis=1)
        if values.shape != labels.shape:
            raise QSpecError(
                f"The model gives class maps of {list(values.shape[1:])}, and those of the data are "
                f"{list(labels.shape[1:])}.",
                hint="resize in the graph, or store the maps at the model's size",
            )
        if values.dtype.kind == "f":
            raise QSpecError(
                "The model gives one score a pixel, and a class map needs classes.",
                hint="add threshold(0) to the pipeline's `post`",
            )
        return Predictions({"prediction": values.astype(np.int64), "label": labels})

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The same whatever the graph ends in."""
        return "prediction", "label"

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """A digest of each map, which differs where any pixel does."""
        maps = np.ascontiguousarray(predictions.array("prediction"), dtype=np.int64)
        digests = [hashlib.blake2b(one.tobytes(), digest_size=8).digest() for one in maps]
        return np.frombuffer(b"".join(digests), dtype=np.int64)

    def parts(self, predictions: Predictions) -> NDArray[Any]:
        """The classes of pixels of an even grid over each map, negative where the true one is to be ignored."""
        height, width = predictions.array("prediction").shape[1:]
        grid = np.s_[:, :: -(-height // _GRID), :: -(-width // _GRID)]
        classes, labels = (predictions.array(name)[grid] for name in ("prediction", "label"))
        ignored = [metric.parameters.get("ignore") for metric in self.data.metrics]
        counted = (labels >= 0) & ~np.isin(labels, [label for label in ignored if isinstance(label, int)])
        return np.where(counted, classes, -1)
