"""Language modelling: the loss on every token of a document, in windows of a declared context and stride."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import Gatherer, check_cells, log_probabilities, token_logits
from qspec.execute.tasks.texts import TokenColumn, token_column
from qspec.metrics.predictions import Predictions

_COUNTS = ("words", "bytes", "characters")


@registry.register("language-modelling")
class LanguageModelling(Gatherer):
    """Documents (rows) of token numbers, or texts that the tokenizer reads; logits (windows, length, vocabulary).

    A window starts every `stride` tokens and holds `context` of them; each token is scored once, in the first
    window that reaches it with something before it. Without either parameter a document is one window.
    """

    @cached_property
    def _source(self) -> TokenColumn:
        return token_column(self.data, 2)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each document; raises `QSpecError` where tokens do not come first and padding after."""
        valid = self._source.valid
        if (np.diff(valid.astype(np.int8), axis=1) > 0).any():
            raise QSpecError(
                f"A document of {self.data.table.source} is padded before or between its tokens.",
                hint="store tokens first and padding after them",
            )
        return np.asarray(valid.sum(axis=1), dtype=np.int64)

    @cached_property
    def windows(self) -> NDArray[np.int64]:
        """(windows, 4): document, first token, end, and the first token that is scored."""
        context, stride = self._extent()
        check_cells(4 * int((self.lengths // stride + 1).sum()), f"A stride of {stride} tokens")
        found = []
        for document, length in enumerate(self.lengths.tolist()):
            scored, begin = 0, 0
            while begin < length:
                end = min(begin + context, length)
                found.append((document, begin, end, max(scored, begin + 1)))
                scored = end
                if end == length:
                    break
                begin += stride
        if not found:
            raise QSpecError(f"The documents of {self.data.table.source} hold no token.")
        return np.asarray(found, dtype=np.int64)

    def _extent(self) -> tuple[int, int]:
        """Tokens of a window and between two windows, as the metrics declare them."""
        declared = {
            (m.parameters.get("context"), m.parameters.get("stride"))
            for m in self.data.metrics
            if m.name == "perplexity"
        }
        declared = declared or {(None, None)}
        if len(declared) > 1:
            raise QSpecError(
                "The metrics of one evaluation declare different strides or contexts, and it runs once.",
                hint="put them into evaluations of their own",
            )
        context, stride = declared.pop()
        longest = int(self._source.tokens.shape[1])
        size = context if context is not None else stride if stride is not None else longest
        size = min(int(str(size)), longest)
        step = min(int(str(stride)) if stride is not None else size, size)
        return size, step

    def inputs(self) -> dict[str, NDArray[Any]]:
        """Every declared column cut into windows, zero behind a window's end."""
        width = int((self.windows[:, 2] - self.windows[:, 1]).max())
        check_cells(len(self.windows) * width, f"{len(self.windows):,} windows of {width:,} tokens")
        document, begin, end = (self.windows[:, i] for i in range(3))
        places = begin[:, None] + np.arange(width)
        inside = places < end[:, None]
        places = np.minimum(places, end[:, None] - 1)
        tokens = self._source.tokens
        return {
            name: np.where(inside, array[document[:, None], places], 0).astype(array.dtype)
            if array.shape == tokens.shape
            else array[document]
            for name, array in self._source.feeds.items()
        }

    @cached_property
    def _cut(self) -> NDArray[np.int64]:
        """The token numbers of every window."""
        cut: NDArray[np.int64] = self.inputs()[self._source.name].astype(np.int64)
        return cut

    def _logits(self, outputs: Arrays) -> NDArray[Any]:
        return token_logits(self.data, outputs, self._cut.shape[1])

    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """The loss of each window in nats, and how many tokens it is over."""
        logits, loss, count = self._logits(outputs), np.zeros(len(rows)), np.zeros(len(rows))
        for place, row in enumerate(rows):
            _, begin, end, first = self.windows[row]
            targets = self._cut[row, first - begin : end - begin]
            before = logits[place, first - begin - 1 : end - begin - 1]
            loss[place], count[place] = -log_probabilities(before, targets).sum(), len(targets)
        return {"loss": loss, "tokens": count}

    def probe(self, outputs: Arrays, rows: Rows) -> NDArray[Any]:
        """The likeliest token after every token."""
        inside = np.arange(self._cut.shape[1]) < (self.windows[rows, 2] - self.windows[rows, 1])[:, None]
        return np.where(inside, self._logits(outputs).argmax(axis=2), -1)

    def gather(self, features: Arrays) -> Predictions:
        """Loss and counts of each document."""
        owner, n = self.windows[:, 0], len(self.lengths)
        arrays: dict[str, NDArray[Any]] = {
            name: np.bincount(owner, weights=values, minlength=n) for name, values in features.items()
        }
        return Predictions({**arrays, **self._counts()})

    def _counts(self) -> dict[str, NDArray[Any]]:
        """Words, bytes and characters of each document, from columns of those names or from its text."""
        table, rows = self.data.table, self.data.rows
        found = {name: table.take(name, rows) for name in _COUNTS if name in table}
        if "text" in table and not found:
            texts = [str(text) for text in table.take("text", rows)]
            sizes = {"words": lambda t: len(t.split()), "bytes": lambda t: len(t.encode()), "characters": len}
            found = {name: np.asarray([size(text) for text in texts]) for name, size in sizes.items()}
        return found
