"""Regression and super-resolution: numbers beside true numbers."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from qspec.data import examples
from qspec.data.nature import Nature
from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import TaskRunner
from qspec.metrics.predictions import Predictions


@registry.register("regression", aliases=("super-resolution",))
class Numbers(TaskRunner):
    """One number, a vector or an image an example."""

    def targets(self, rows: Rows) -> NDArray[Any]:
        """True values of some examples, finite."""
        values = self.data.answer_column(rows)
        if values.dtype.kind not in "fiub":
            raise QSpecError(
                f"The column {self.data.dataset.label} of {self.data.table.source} holds {values.dtype}, and true "
                "values are numbers."
            )
        examples.check_finite(values, f"The column {self.data.dataset.label}", self.data.table.source, rows)
        return values

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """Outputs of a block of examples beside their targets, of one shape."""
        values, targets = self.data.steps.after(self.data.chosen(outputs)), self.targets(rows)
        if values.shape != targets.shape:
            if values.size != targets.size:
                raise QSpecError(
                    f"The model gives {list(values.shape[1:])} numbers an example, and the column "
                    f"{self.data.dataset.label} holds {list(targets.shape[1:])}.",
                    hint="add a reshape or a transpose to the pipeline's `post`",
                )
            values = values.reshape(targets.shape)
        return Predictions({"output": values, "target": targets})

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The same whatever the graph ends in."""
        return "output", "target"
