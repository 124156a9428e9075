"""Object detection: boxes with scores and classes beside the true boxes of each image."""

from __future__ import annotations

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


@registry.register("object-detection")
class Detection(TaskRunner):
    """Detections after suppression of overlaps: (images, m, 6) x1, y1, x2, y2, score, class, in one output; or boxes
    (images, m, 4), scores and classes (images, m) in three. A score of zero or a negative class pads.

    The label column holds (images, g, 5 or 6): x1, y1, x2, y2, class and whether it is a crowd; a negative class pads.
    """

    def objects(self, rows: Rows) -> NDArray[Any]:
        """True boxes of some images, (images, g, 5 or 6)."""
        values = self.data.answer_column(rows)
        if values.ndim != 3 or values.shape[2] not in (5, 6) or values.dtype.kind not in "fiu":
            raise QSpecError(
                f"The column {self.data.dataset.label} of {self.data.table.source} has the shape "
                f"{list(values.shape)}; true boxes are [images, boxes, 5], corners and class.",
                hint="pad images with fewer boxes by boxes of class -1",
            )
        return values

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """Detections and objects of a block of images, without their padding."""
        detected, objects = self._detected(outputs), self.objects(rows)
        return Predictions(
            {
                "detections": [one[(one[:, 4] > 0) & (one[:, 5] >= 0)] for one in detected],
                "objects": [one[one[:, 4] >= 0] for one in objects],
            }
        )

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The same whatever the graph ends in."""
        return "detections", "objects"

    def _detected(self, outputs: Arrays) -> NDArray[np.float64]:
        """(images, m, 6)."""
        named = [outputs[name] for name in self.data.outputs if name in outputs] or list(outputs.values())
        joined = next((a for a in named if a.ndim == 3 and a.shape[2] == 6), None)
        if joined is not None:
            return joined.astype(np.float64)
        boxes = next((a for a in named if a.ndim == 3 and a.shape[2] == 4), None)
        flat = [a for a in named if a.ndim == 2]
        scores = next((a for a in flat if a.dtype.kind == "f"), None)
        classes = next((a for a in flat if a is not scores), None)
        if boxes is None or scores is None or classes is None:
            raise QSpecError(
                f"The model gives {', '.join(str(list(a.shape)) for a in named)}; boxes, scores and classes are needed.",
                hint="name the three outputs under the model's `outputs`, or one of shape [images, boxes, 6]",
            )
        parts = [boxes, scores[:, :, None], classes[:, :, None]]
        return np.concatenate([part.astype(np.float64) for part in parts], axis=2)
