"""Token classification: one class a token; the tokens of a row stand and fall together."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.nature import Nature
from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.over_classes import array_of, over_classes
from qspec.execute.tasks.runner import Gatherer, log_probabilities, token_scores
from qspec.metrics.predictions import Predictions

_KEPT = frozenset({"prediction", "confidence", "loss", "label", "correct"})
"""What is kept of a token, beside what follows from it, where that is all that the metrics need."""


@registry.register("token-classification")
class TokenClassification(Gatherer):
    """Logits (rows, length, classes); labels (rows, length), negative where a token does not count.

    Examples are the tokens that count, row by row, and a row is their unit.
    """

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """True classes, (rows, length)."""
        labels = self.data.whole_numbers("classes of tokens", 2)
        labels = np.where(self.data.valid_tokens(self._feeds, labels.shape), labels, -1)
        if not (labels >= 0).any():
            raise QSpecError(
                f"No token of {self.data.table.source} counts: every label is negative or masked."
            )
        return labels

    @cached_property
    def _feeds(self) -> dict[str, NDArray[Any]]:
        return self.data.inputs()

    def inputs(self) -> dict[str, NDArray[Any]]:
        """The declared columns by graph input."""
        return self._feeds

    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """The class of every token, its probability, and the loss on the true class; or all its scores."""
        labels = self.labels[rows]
        values, nature = token_scores(self.data, outputs, labels.shape[1])
        arrays = over_classes(values if values.ndim == 3 else values[..., None], nature)
        if self._whole or "logits" not in arrays:
            return arrays
        logits = arrays["logits"]
        flat, counted, classes = (
            logits.reshape(-1, logits.shape[2]),
            labels.reshape(-1) >= 0,
            logits.argmax(axis=2),
        )
        kept = {"prediction": classes, "confidence": np.zeros(labels.shape), "loss": np.zeros(labels.shape)}
        own = log_probabilities(flat[counted], classes.reshape(-1)[counted])
        kept["confidence"][labels >= 0] = np.exp(own)
        kept["loss"][labels >= 0] = -log_probabilities(flat[counted], labels.reshape(-1)[counted])
        return kept

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """Scores of all classes, or nothing but the class; and the labels."""
        return array_of(nature), "label"

    @cached_property
    def _whole(self) -> bool:
        """Whether a metric needs the scores of all classes, which are kept for nothing less."""
        needs = [need.split("|") for metric in self.data.metrics for need in metric.metric.needs]
        return not all(_KEPT.intersection(names) and "score" not in names for names in needs)

    def gather(self, features: Arrays) -> Predictions:
        """The tokens that count."""
        counted = self.labels >= 0
        return Predictions(
            {**{name: values[counted] for name, values in features.items()}, "label": self.labels[counted]}
        )

    def probe(self, outputs: Arrays, rows: Rows) -> NDArray[Any]:
        """The classes of the tokens that count."""
        labels = self.labels[rows]
        values, nature = token_scores(self.data, outputs, labels.shape[1])
        arrays = over_classes(values if values.ndim == 3 else values[..., None], nature)
        classes = (
            arrays["prediction"] if "prediction" in arrays else next(iter(arrays.values())).argmax(axis=2)
        )
        return np.where(labels >= 0, classes, -1)

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The class answered."""
        return predictions.column("prediction")

    def owners(self) -> NDArray[np.int64]:
        """The row of each token."""
        return np.nonzero(self.labels >= 0)[0].astype(np.int64)
