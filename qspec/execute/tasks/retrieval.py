"""Retrieval: every passage and every query through the encoder, then an exact ranking in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data import examples
from qspec.data.nature import Nature
from qspec.data.table import Table
from qspec.errors import QSpecError
from qspec.execute.evaluate import Column, Reducer, Rows, evaluate, evaluate_one
from qspec.execute.sessions import Arrays, Session
from qspec.execute.tasks import registry
from qspec.execute.tasks.relevance import Judgements, read_judgements
from qspec.execute.tasks.runner import Gatherer, Progress, check_cells
from qspec.metrics.predictions import Predictions
from qspec.stats.estimate import IntArray

WHOLE_RANKING = 1000
"""Passages kept a query where a metric names no cut-off."""
_QUERIES, _PASSAGES = 256, 16_384
"""Queries and passages compared at a time."""
_DIRECTIONS = 256
"""Directions that passages are held against where two runs are compared."""


@registry.register("retrieval")
class Retrieval(Gatherer):
    """Embeddings (items, d) of the queries and then of the passages; a query is an example.

    Likeness is the dot product of what the pipeline's `post` leaves: with `l2-normalize` that is the cosine. `mean-pool`
    makes an embedding of the vectors of tokens, without padding where an input is a mask or a step tokenizes texts.
    """

    @cached_property
    def _corpus(self) -> Table:
        return self._table("corpus")

    def _table(self, which: str) -> Table:
        tables = self.data.dataset.tables
        if tables is None or self.data.beside is None:
            raise QSpecError(
                "The data set declares no tables, and retrieval needs three.",
                hint="add `tables { corpus: …, queries: …, relevance: … }`",
            )
        return self.data.beside(str(getattr(tables, which)))

    @cached_property
    def _every(self) -> NDArray[np.int64]:
        return np.arange(self._corpus.rows, dtype=np.int64)

    @cached_property
    def _passages(self) -> dict[str, examples.Column]:
        return examples.columns(self.data.dataset, self._corpus, self._every, self.data.steps)

    @cached_property
    def _queries(self) -> dict[str, examples.Column]:
        return self.data.columns()

    def inputs(self) -> Mapping[str, Column]:
        """The declared columns of the corpus."""
        return self._passages

    def run(
        self, sessions: tuple[Session, Session], batch: int, progress: Progress
    ) -> tuple[Arrays, Arrays, int]:
        """The ranking of each query by either model, and the queries' embeddings."""
        (first, second), padded = self._ranked(sessions, batch, progress)
        return first, second, padded

    def run_one(self, session: Session, batch: int) -> Arrays:
        """The same of one model."""
        return self._ranked((session,), batch, lambda done, total: None)[0][0]

    def _ranked(
        self, sessions: Sequence[Session], batch: int, progress: Progress
    ) -> tuple[list[Arrays], int]:
        """Queries first, then the passages in blocks of whole batches, of which the nearest are kept."""
        embedded, padded = self._embedded(
            sessions, self._of_queries, self._queries, None, batch, lambda *_: None
        )
        best = [Nearest(queries, self._depth) for queries in embedded]
        total, step = self._corpus.rows, max(1, _PASSAGES // batch) * batch
        for low in range(0, total, step):
            rows = np.arange(low, min(total, low + step))

            def told(done: int, _: int, low: int = low) -> None:
                progress(low + done, total)

            passages, more = self._embedded(sessions, self.features, self._passages, rows, batch, told)
            padded += more
            for one, block in zip(best, passages, strict=True):
                one.add(block)
        ranked: list[Arrays] = [
            {"ranking": one.rows, "likeness": one.scores, "embedding": queries}
            for one, queries in zip(best, embedded, strict=True)
        ]
        return ranked, padded

    def _embedded(
        self,
        sessions: Sequence[Session],
        features: Reducer,
        inputs: Mapping[str, Column],
        rows: Rows | None,
        batch: int,
        progress: Progress,
    ) -> tuple[list[NDArray[Any]], int]:
        """The embeddings of some items by each model, and how many items were added as padding."""
        if len(sessions) == 1:
            kept = evaluate_one(sessions[0], inputs, features, batch=batch, order=rows, progress=progress)
            return [kept["embedding"]], 0
        pair = sessions[0], sessions[1]
        run = evaluate(*pair, inputs, features, batch=batch, order=rows, progress=progress)
        return [run.baseline["embedding"], run.quantized["embedding"]], run.padded

    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """The embedding of each passage."""
        data = self.data
        return self._vectors(
            outputs, lambda: data.token_mask(self._passages, self._corpus, self._every, rows)
        )

    def _of_queries(self, outputs: Arrays, rows: Rows) -> Arrays:
        data = self.data
        return self._vectors(outputs, lambda: data.token_mask(self._queries, data.table, data.rows, rows))

    def _vectors(self, outputs: Arrays, mask: Callable[[], NDArray[Any] | None]) -> Arrays:
        """The embedding of each item, whose padding `mask` tells."""
        steps = self.data.steps
        values = steps.after(self.data.chosen(outputs, 3 if steps.pools else 2), mask)
        if values.ndim != 2:
            raise QSpecError(
                f"The model's output has the shape {list(values.shape)}, and an embedding is one vector an item.",
                hint="add `post: [mean-pool]`, pool the tokens in the graph, or name the pooled output under `outputs`",
            )
        return {"embedding": values.astype(np.float32)}

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The same whatever the graph ends in."""
        return "ranking", "gains", "relevant", "ideal", "score", "label", "embedding"

    def probe(self, outputs: Arrays, rows: Rows) -> NDArray[Any]:
        """For each passage the nearest of some directions, drawn once, so that no query has to be embedded before."""
        embedding = self.features(outputs, rows)["embedding"]
        directions = np.random.default_rng(0).normal(size=(embedding.shape[1], _DIRECTIONS))
        return np.asarray((embedding @ directions).argmax(axis=1))

    @cached_property
    def _depth(self) -> int:
        cutoffs = [m.parameters.get("k") for m in self.data.metrics]
        depths = [k if isinstance(k, int) else WHOLE_RANKING for k in cutoffs]
        return min(max(depths, default=WHOLE_RANKING), self._corpus.rows)

    def gather(self, features: Arrays) -> Predictions:
        """The ranking of each query, what it gains, and the best it could have gained."""
        ranking, size = features["ranking"], self._corpus.rows
        width = max(
            [self._depth, *(k for m in self.data.metrics if isinstance(k := m.parameters.get("k"), int))]
        )
        check_cells(len(ranking) * width, f"A cut-off of {width:,}")
        if width > self._depth:  # fewer passages than the cut-off: the places behind them hold nothing
            ranking = np.pad(ranking, ((0, 0), (0, width - self._depth)), constant_values=-1)
        judged, n = self.judgements, len(ranking)
        keys = judged.query * size + judged.passage
        wanted = np.arange(n)[:, None] * size + ranking
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        hit = (ranking >= 0) & (keys[place] == wanted)
        gains = np.where(hit, judged.grade[place], 0.0)
        likeness = np.pad(features["likeness"], ((0, 0), (0, width - self._depth)), constant_values=-np.inf)
        relevant = judged.relevant(n).astype(np.float64)
        return Predictions(
            {
                "ranking": ranking,
                "gains": gains,
                "relevant": relevant,
                "ideal": judged.ideal(n, width),
                # A query and the likest of its relevant passages are a pair that belongs together.
                "score": np.where(gains > 0, likeness, -np.inf).max(axis=1),
                "label": (relevant > 0).astype(np.int64),
                "embedding": features["embedding"],
            }
        )

    @cached_property
    def judgements(self) -> Judgements:
        """The relevance of passages to the queries; raises `QSpecError` where the tables do not fit each other."""
        return read_judgements(self._table("relevance"), self.data.table, self.data.rows, self._corpus)

    def notes(self) -> Sequence[str]:
        """What a reader must know of the judgements."""
        return self.judgements.notes

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The passage ranked first."""
        return predictions.array("ranking")[:, 0]


class Nearest:
    """For each query (queries, d) the k passages with the greatest dot product, of a corpus that comes in blocks."""

    def __init__(self, queries: NDArray[Any], k: int) -> None:
        self.rows: IntArray = np.empty((len(queries), 0), np.int64)
        """Rows of the corpus (queries, k) by falling dot product, of equal ones the first."""
        self._queries, self._k, self._seen = queries, k, 0
        self.scores: NDArray[np.float32] = np.empty((len(queries), 0), np.float32)
        """Their dot products, (queries, k)."""

    def add(self, passages: NDArray[Any]) -> None:
        """Take the next passages (passages, d) of the corpus into account."""
        width = min(self._k, self.scores.shape[1] + len(passages))
        scores, rows = (
            np.empty((len(self.rows), width), np.float32),
            np.empty((len(self.rows), width), np.int64),
        )
        for start in range(0, len(self.rows), _QUERIES):
            block = slice(start, start + _QUERIES)
            new = self._queries[block] @ passages.T
            at = np.broadcast_to(np.arange(self._seen, self._seen + new.shape[1]), new.shape)
            found = np.concatenate([self.scores[block], new], axis=1)
            named = np.concatenate([self.rows[block], at], axis=1)
            order = _best(found, width)
            scores[block], rows[block] = (
                np.take_along_axis(found, order, 1),
                np.take_along_axis(named, order, 1),
            )
        self.scores, self.rows, self._seen = scores, rows, self._seen + len(passages)


def _best(scores: NDArray[Any], k: int) -> IntArray:
    """Places (rows, k) of the highest scores, in falling order, of equal ones the first."""
    if scores.shape[1] <= 2 * k:
        return np.argsort(-scores, axis=1, kind="stable")[:, :k]
    chosen = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    values = np.take_along_axis(scores, chosen, 1)
    found = np.take_along_axis(chosen, np.argsort(-values, axis=1, kind="stable"), 1)
    # Where the last score kept occurs again, the partition chose among equals as it liked.
    tied = (scores >= values.min(axis=1, keepdims=True)).sum(axis=1) > k
    found[tied] = np.argsort(-scores[tied], axis=1, kind="stable")[:, :k]
    return found
