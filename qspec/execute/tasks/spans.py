"""Extractive question answering: the likeliest span of a passage, as token places and as text."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import TaskRunner
from qspec.metrics.predictions import Predictions

LONGEST_ANSWER = 30
"""Tokens of the longest span considered, as in the reference evaluation of SQuAD."""


@registry.register("question-answering")
class Spans(TaskRunner):
    """Logits of starts and ends, (examples, length) each: two outputs, or one (examples, length, 2).

    The label is the true span, (examples, 2) first and last token; or the answer's text, and then the columns
    `context` (text) and `offsets` (examples, length, 2), characters of each token, tell the text of a span.
    Tokens without characters (0, 0) are no part of any span.
    """

    @cached_property
    def labels(self) -> NDArray[Any]:
        """True spans or answers."""
        labels = self.data.answer_column()
        if labels.dtype.kind in "US" and labels.ndim == 1:
            return labels
        labels = self.data.whole_numbers("spans", 2)
        if labels.shape[1] != 2:
            raise QSpecError("A span is two numbers: its first and its last token.")
        return labels

    def _offsets(self, rows: Rows) -> NDArray[Any] | None:
        if "offsets" in self.data.table:
            return self.data.table.take("offsets", self.data.rows[rows])
        if self.labels.dtype.kind in "US":
            raise QSpecError(
                f"The answers of {self.data.table.source} are texts, and it has no column `offsets`.",
                hint="store the characters of each token, (rows, length, 2), and the passage as `context`",
            )
        return None

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """The best span of each example."""
        offsets = self._offsets(rows)
        start, end = self._logits(outputs)
        inside = offsets[:, :, 1] > 0 if offsets is not None else np.ones(start.shape, np.bool_)
        spans = best_spans(start, end, inside)
        labels = self.labels[rows]
        if labels.dtype.kind not in "US":
            return Predictions({"prediction": spans, "label": labels})
        assert offsets is not None
        contexts = self.data.table.take("context", self.data.rows[rows])
        texts = [
            str(context)[int(chars[first, 0]) : int(chars[last, 1])]
            for context, chars, (first, last) in zip(contexts, offsets, spans, strict=True)
        ]
        return Predictions(
            {"text": texts, "reference": [str(label) for label in labels], "prediction": spans}
        )

    def _logits(self, outputs: Arrays) -> tuple[NDArray[Any], NDArray[Any]]:
        named = [outputs[name] for name in self.data.outputs if name in outputs] or list(outputs.values())
        flat = [array for array in named if array.ndim == 2 and array.dtype.kind == "f"]
        if len(flat) >= 2:
            return flat[0], flat[1]
        joined = next((a for a in named if a.ndim == 3 and a.shape[2] == 2), None)
        if joined is None:
            raise QSpecError(
                f"The model gives {', '.join(str(list(a.shape)) for a in named)}; logits of starts and ends are needed.",
                hint="name both outputs under the model's `outputs`, starts first",
            )
        return joined[:, :, 0], joined[:, :, 1]

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The span."""
        return predictions.array("prediction")

    def parts(self, predictions: Predictions) -> NDArray[Any]:
        """The span, which is one answer, as one number."""
        first, last = self.answers(predictions).T
        return np.asarray(first * LONGEST_ANSWER + last - first)


def best_spans(start: NDArray[Any], end: NDArray[Any], inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n, 2) first and last token of the span of at most 30 tokens with the greatest sum of logits."""
    floor = np.float64(-1e30)
    first = np.where(inside, start.astype(np.float64), floor)
    last = np.where(inside, end.astype(np.float64), floor)
    length = start.shape[1]
    best, spans = np.full(len(start), -np.inf), np.zeros((len(start), 2), dtype=np.int64)
    for width in range(min(LONGEST_ANSWER, length)):
        total = first[:, : length - width] + last[:, width:]
        at = total.argmax(axis=1)
        value = total[np.arange(len(total)), at]
        better = value > best
        best[better] = value[better]
        spans[better] = np.stack([at, at + width], axis=1)[better]
    return spans
