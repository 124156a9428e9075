"""Multiple choice: the likelihood of every answer, or scores of the answers from a model that gives them."""

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
from qspec.execute.tasks.classification import Classification
from qspec.execute.tasks.runner import (
    Gatherer,
    TaskData,
    TaskRunner,
    log_probabilities,
    token_logits,
)
from qspec.execute.tasks.texts import TokenColumn, token_column
from qspec.metrics.accuracy import by_length, chosen
from qspec.metrics.predictions import Predictions


class Likelihoods(Gatherer):
    """Questions (rows) of K texts each, question and answer in one: token numbers (rows, K, length), or texts (rows, K).

    What the K texts of a question start with in common is the question, and only what follows is scored: tokens
    they share would add the same to each. A model that gives one score a text is taken at its word.
    """

    @cached_property
    def _source(self) -> TokenColumn:
        return token_column(self.data, 3)

    @property
    def _tokens(self) -> NDArray[np.int64]:
        return self._source.tokens

    @cached_property
    def _scored(self) -> NDArray[np.bool_]:
        """(rows, K, length): the tokens of the answers."""
        valid = self._source.valid
        same = (self._tokens == self._tokens[:, :1]).all(axis=1) & valid.all(axis=1)
        shared = np.cumprod(same, axis=1).astype(np.bool_)[:, None, :]
        scored = valid & ~shared
        scored[:, :, 0] = False  # Nothing stands before the first token.
        return scored

    def inputs(self) -> dict[str, NDArray[Any]]:
        """Every text an item, (rows times K, …)."""
        shape = self._tokens.shape
        return {
            name: array.reshape(shape[0] * shape[1], *array.shape[2:])
            if array.shape[:2] == shape[:2]
            else np.repeat(array, shape[1], axis=0)
            for name, array in self._source.feeds.items()
        }

    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """The log-likelihood of each text's answer."""
        scores, nature = self.data.over_classes(outputs, 3)
        if scores.ndim < 3:
            if scores.size != len(rows):
                raise QSpecError(
                    f"The model gives {list(scores.shape[1:])} numbers a text, and one is needed, or logits of tokens."
                )
            # A probability of each text by itself orders the answers, and is no likelihood among them.
            name = "likelihood" if nature is Nature.SCORES else "order"
            return {name: scores.reshape(len(rows)).astype(np.float64)}
        length = self._tokens.shape[2]
        logits = token_logits(self.data, outputs, length)
        tokens, scored = self._tokens.reshape(-1, length), self._scored.reshape(-1, length)
        likelihood = np.empty(len(rows))
        for place, row in enumerate(rows):
            at = np.flatnonzero(scored[row])
            likelihood[place] = log_probabilities(logits[place, at - 1], tokens[row, at]).sum()
        return {"likelihood": likelihood}

    def gather(self, features: Arrays) -> Predictions:
        """The likelihoods of the K answers of each question, and their lengths."""
        shape = self._tokens.shape[:2]
        labels = examples.labels(self.data.dataset, self.data.table, self.data.rows, shape[1])
        if "order" in features:
            return Predictions(
                {"prediction": features["order"].reshape(shape).argmax(axis=1), "label": labels}
            )
        likelihood = features["likelihood"].reshape(shape)
        return Predictions({"logits": likelihood, "label": labels, "choice-lengths": self._lengths})

    @cached_property
    def _lengths(self) -> NDArray[Any]:
        """(rows, K): how long each answer is, as the data say, else in tokens."""
        if "choice-lengths" in self.data.table:
            return self.data.table.take("choice-lengths", self.data.rows)
        return np.asarray(np.maximum(self._scored.sum(axis=2), 1))

    @property
    def among(self) -> int:
        """Texts of a question."""
        return int(self._tokens.shape[1])

    def probe(self, outputs: Arrays, rows: Rows) -> NDArray[Any]:
        """The likelihood of each text's answer, as it is compared with those of the question's other texts."""
        ((name, values),) = self.features(outputs, rows).items()
        by = self._lengths.reshape(-1)[rows] if name == "likelihood" and by_length(self.data.metrics) else 1.0
        return np.asarray(values / by)

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The answer chosen."""
        return chosen(predictions, self.data.metrics)


@registry.register("multiple-choice")
def multiple_choice(data: TaskData) -> TaskRunner | Gatherer:
    """By likelihood where the texts of a question go through the model one by one, else as a class of K."""
    inputs = data.columns()
    apart = [
        name
        for name, array in inputs.items()
        if len(array.shape) == (2 if array.dtype.kind == "U" else 3)
        and name in data.ports
        and len(data.ports[name].shape) == 2
    ]
    return Likelihoods(data) if apart else Classification(data)
