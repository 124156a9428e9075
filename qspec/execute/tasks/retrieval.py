"""Retrieval: every passage and every query through the encoder, then an exact ranking in bounded memory."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data import examples
from qspec.data.table import Table
from qspec.errors import QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import Gatherer, check_cells
from qspec.metrics.predictions import Predictions
from qspec.stats.estimate import FloatArray, IntArray

WHOLE_RANKING = 1000
"""Passages kept a query where a metric names no cut-off."""
_QUERIES, _PASSAGES = 256, 65_536
"""Queries and passages compared at a time."""


@registry.register("retrieval")
class Retrieval(Gatherer):
    """Embeddings (items, d) of the passages and then of the queries; a query is an example.

    Likeness is the dot product of what the pipeline's `post` leaves: with `l2-normalize` that is the cosine.
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

    def inputs(self) -> dict[str, NDArray[Any]]:
        """The declared columns of the corpus, and below them those of the queries."""
        data = self.data
        every = np.arange(self._corpus.rows, dtype=np.int64)
        passages = examples.inputs(data.dataset, self._corpus, every, data.steps)
        queries = data.inputs()
        for name, array in passages.items():
            if array.shape[1:] != queries[name].shape[1:]:
                raise QSpecError(
                    f"The input {name} has the shape {list(array.shape[1:])} in the corpus and "
                    f"{list(queries[name].shape[1:])} in the queries.",
                    hint="pad both to one length",
                )
        return {name: np.concatenate([array, queries[name]]) for name, array in passages.items()}

    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """The embedding of each item."""
        values = self.data.steps.after(self.data.chosen(outputs, 2))
        if values.ndim != 2:
            raise QSpecError(
                f"The model's output has the shape {list(values.shape)}, and an embedding is one vector an item.",
                hint="pool the tokens in the graph, or name the pooled output under `outputs`",
            )
        return {"embedding": values.astype(np.float32)}

    @cached_property
    def _depth(self) -> int:
        cutoffs = [m.parameters.get("k") for m in self.data.metrics]
        depths = [k if isinstance(k, int) else WHOLE_RANKING for k in cutoffs]
        return min(max(depths, default=WHOLE_RANKING), self._corpus.rows)

    def gather(self, features: Arrays) -> Predictions:
        """The ranking of each query, what it gains, and the best it could have gained."""
        embedding, size = features["embedding"], self._corpus.rows
        ranking = nearest(embedding[size:], embedding[:size], self._depth)
        width = max(
            [self._depth, *(k for m in self.data.metrics if isinstance(k := m.parameters.get("k"), int))]
        )
        check_cells(len(ranking) * width, f"A cut-off of {width:,}")
        if width > self._depth:  # fewer passages than the cut-off: the places behind them hold nothing
            ranking = np.pad(ranking, ((0, 0), (0, width - self._depth)), constant_values=-1)
        grades = self._grades
        query, passage, grade = (grades[:, i] for i in range(3))
        keys = query.astype(np.int64) * size + passage.astype(np.int64)
        wanted = np.arange(len(ranking))[:, None] * size + ranking
        place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        hit = (ranking >= 0) & (keys[place] == wanted) if len(keys) else np.zeros(ranking.shape, np.bool_)
        gains = np.where(hit, grade[place] if len(keys) else 0.0, 0.0)
        n = len(ranking)
        relevant = np.bincount(query[grade > 0].astype(np.int64), minlength=n).astype(np.float64)
        return Predictions(
            {
                "ranking": ranking,
                "gains": gains,
                "relevant": relevant,
                "ideal": _ideal(query.astype(np.int64), grade, n, width),
                "embedding": embedding[size:],
            }
        )

    @cached_property
    def _grades(self) -> FloatArray:
        """(judgements, 3): place of the query in the split, row of the passage, grade; in rising order of both."""
        table = self._table("relevance")
        queries, passages = table.column("query"), table.column("passage")
        grade = table.column("grade") if "grade" in table else np.ones(table.rows)
        passage = _places(passages, self._corpus, np.arange(self._corpus.rows), "corpus")
        if (passage < 0).any():
            raise QSpecError(
                f"The relevance table names {int((passage < 0).sum())} passages that the corpus does not hold.",
                hint="passages are named by the column `id`, or by row number where there is none",
            )
        query = _places(queries, self.data.table, self.data.rows, "queries")
        found = np.stack([query, passage, grade], axis=1).astype(np.float64)[query >= 0]
        return found[np.lexsort((found[:, 1], found[:, 0]))]

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The passage ranked first."""
        return predictions.array("ranking")[:, 0]


def nearest(queries: NDArray[Any], corpus: NDArray[Any], k: int) -> IntArray:
    """Rows (queries, k) of the corpus (passages, d) by falling dot product; equal ones in order of the corpus."""
    found = np.empty((len(queries), k), dtype=np.int64)
    for start in range(0, len(queries), _QUERIES):
        block = queries[start : start + _QUERIES]
        scores, rows = np.empty((len(block), 0), np.float32), np.empty((len(block), 0), np.int64)
        for low in range(0, len(corpus), _PASSAGES):
            new = block @ corpus[low : low + _PASSAGES].T
            at = np.broadcast_to(np.arange(low, low + new.shape[1]), new.shape)
            scores, rows = np.concatenate([scores, new], axis=1), np.concatenate([rows, at], axis=1)
            order = _best(scores, k)
            scores, rows = np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)
        found[start : start + len(block)] = rows
    return found


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


def _places(names: NDArray[Any], table: Table, rows: NDArray[np.int64], what: str) -> IntArray:
    """For each name the place in `rows` of the row it names, by its `id` or its number; -1 where there is none."""
    known = table.take("id", rows) if "id" in table else rows
    if (known.dtype.kind in "US") != (names.dtype.kind in "US"):
        raise QSpecError(
            f"The relevance table names its {what} by {names.dtype}, and their column `id` holds {known.dtype}."
        )
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known, names, sorter=order), len(known) - 1)
    return np.where(known[order[at]] == names, order[at], -1)


def _ideal(query: IntArray, grade: FloatArray, n: int, width: int) -> FloatArray:
    """(n, width) the grades of each query in falling order, 0 behind them."""
    order = np.lexsort((-grade, query))
    query, grade = query[order], grade[order]
    rank = np.arange(len(query)) - np.searchsorted(query, query)
    ideal = np.zeros((n, width))
    kept = rank < width
    ideal[query[kept], rank[kept]] = np.maximum(grade[kept], 0)
    return ideal
