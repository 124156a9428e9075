"""Recommendation: scores of every item of a catalogue for each user, whose next item is known."""

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
from qspec.execute.tasks.retrieval import WHOLE_RANKING
from qspec.execute.tasks.runner import TaskRunner, check_cells
from qspec.metrics.predictions import Predictions


@registry.register("recommendation")
class Recommendation(TaskRunner):
    """Scores (users, items), ranked; the label is the number of the one relevant item."""

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The item of each user, (users,)."""
        return examples.labels(self.data.dataset, self.data.table, self.data.rows)

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """The ranking of a block of users, as deep as the metrics look; equal scores in order of the items."""
        scores = self.data.steps.after(self.data.chosen(outputs, 2))
        labels = self.labels[rows]
        if scores.ndim != 2 or scores.shape[1] <= labels.max(initial=0):
            raise QSpecError(
                f"The model's output has the shape {list(scores.shape)}, and item {int(labels.max(initial=0))} is "
                "among the answers: one score an item is needed.",
            )
        cutoffs = [m.parameters.get("k") for m in self.data.metrics]
        depth = max((k if isinstance(k, int) else WHOLE_RANKING for k in cutoffs), default=WHOLE_RANKING)
        check_cells(len(scores) * depth, f"A cut-off of {depth:,}")
        ranking = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
        if any(isinstance(k, int) for k in cutoffs) and ranking.shape[1] < depth:
            ranking = np.pad(ranking, ((0, 0), (0, depth - ranking.shape[1])), constant_values=-1)
        arrays: dict[str, NDArray[Any]] = {"ranking": ranking.astype(np.int64), "label": labels}
        if any("outranked" in metric.metric.needs for metric in self.data.metrics):
            arrays["outranked"] = _outranked(scores, labels)
        return Predictions(arrays)

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The same whatever the graph ends in."""
        return "ranking", "label", "outranked"

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The item ranked first."""
        return predictions.array("ranking")[:, 0]


def _outranked(scores: NDArray[Any], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(users,) share of the other items that score below the relevant one, ties counting half."""
    others = scores.shape[1] - 1
    if others < 1:
        raise QSpecError("The model scores one item, and there is no other that it could be ranked above.")
    own = scores[np.arange(len(scores)), labels][:, None]
    below, tied = (scores < own).sum(axis=1), (scores == own).sum(axis=1) - 1
    return np.asarray((below + tied / 2) / others)
