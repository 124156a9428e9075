"""Token classification: one class a token; the tokens of a row stand and fall together."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import Gatherer, log_probabilities, token_logits
from qspec.metrics.predictions import Predictions


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
        """The class of every token, its probability, and the loss on the true class."""
        labels = self.labels[rows]
        logits = token_logits(self.data, outputs, labels.shape[1])
        flat, counted = logits.reshape(-1, logits.shape[2]), (labels >= 0).reshape(-1)
        classes = logits.argmax(axis=2)
        kept = {"prediction": classes, "confidence": np.zeros(labels.shape), "loss": np.zeros(labels.shape)}
        own = log_probabilities(flat[counted], classes.reshape(-1)[counted])
        kept["confidence"][labels >= 0] = np.exp(own)
        kept["loss"][labels >= 0] = -log_probabilities(flat[counted], labels.reshape(-1)[counted])
        return kept

    def gather(self, features: Arrays) -> Predictions:
        """The tokens that count."""
        counted = self.labels >= 0
        return Predictions(
            {**{name: values[counted] for name, values in features.items()}, "label": self.labels[counted]}
        )

    def probe(self, outputs: Arrays, rows: Rows) -> NDArray[Any]:
        """The classes of the tokens that count."""
        return np.where(self.labels[rows] >= 0, self.features(outputs, rows)["prediction"], -1)

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The class answered."""
        return predictions.column("prediction")

    def owners(self) -> NDArray[np.int64]:
        """The row of each token."""
        return np.nonzero(self.labels >= 0)[0].astype(np.int64)
