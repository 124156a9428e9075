"""Relevance judgements of a retrieval data set: read once, held against its queries and its corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.table import Table
from qspec.errors import QSpecError
from qspec.stats.estimate import FloatArray, IntArray

_RULE = "QS905"


@dataclass(frozen=True)
class Judgements:
    """What is relevant to the queries of a split: one judgement a pair, (judgements,) each, in rising order of both."""

    query: IntArray
    """Place of the query in the split."""
    passage: IntArray
    """Row of the passage in the corpus."""
    grade: FloatArray
    """Grade of the pair; relevant above zero."""
    notes: tuple[str, ...] = ()
    """What a reader must know of them, in sentences."""

    def relevant(self, queries: int) -> IntArray:
        """How many passages are relevant to each of so many queries, (queries,)."""
        return np.bincount(self.query[self.grade > 0], minlength=queries).astype(np.int64)

    def ideal(self, queries: int, width: int) -> FloatArray:
        """(queries, width) the grades of each query in falling order, 0 behind them and for those below zero."""
        order = np.lexsort((-self.grade, self.query))
        query, grade = self.query[order], self.grade[order]
        rank = np.arange(len(query)) - np.searchsorted(query, query)
        ideal = np.zeros((queries, width))
        kept = rank < width
        ideal[query[kept], rank[kept]] = np.maximum(grade[kept], 0)
        return ideal


def read_judgements(relevance: Table, queries: Table, rows: NDArray[np.int64], corpus: Table) -> Judgements:
    """The judgements of the queries `rows` (places,) out of the columns `query`, `passage` and `grade` (1 where it lacks).

    Both are named by their column `id`, or by row number where there is none. A judgement that is listed again counts
    once, and is noted, as are queries with no relevant passage; queries outside of the split are passed over. Raises
    `QSpecError` for a table without judgements, for two queries or passages of one id, for judgements of what is not
    there, for two grades of one pair, and where nothing is relevant to any query.
    """
    if relevance.rows == 0:
        raise QSpecError(
            f"The relevance table {relevance.source} holds no judgement.",
            hint="it holds one a row: query, passage and, where relevance comes in degrees, grade",
            rule=_RULE,
        )
    query = _rows(relevance, "query", queries, "queries")
    passage = _rows(relevance, "passage", corpus, "passages")
    grade = _numbers(relevance)
    order = np.lexsort((passage, query))
    query, passage, grade = query[order], passage[order], grade[order]
    again = np.zeros(len(query), np.bool_)
    again[1:] = (query[1:] == query[:-1]) & (passage[1:] == passage[:-1])
    if (two := np.flatnonzero(again[1:] & (grade[1:] != grade[:-1]))).size:
        at = int(order[two[0]])
        pair = f"query {relevance.column('query')[at]} and passage {relevance.column('passage')[at]}"
        raise QSpecError(
            f"{relevance.source} grades {two.size:,} pairs twice and differently; the first is {pair}, graded "
            f"{grade[two[0]]:g} and {grade[two[0] + 1]:g}.",
            hint="keep one judgement of each pair",
            rule=_RULE,
        )
    place = np.full(queries.rows, -1, np.int64)
    place[rows] = np.arange(len(rows))
    kept = ~again & (place[query] >= 0)
    order = np.lexsort((passage[kept], place[query[kept]]))
    found = Judgements(place[query[kept]][order], passage[kept][order], grade[kept][order])
    notes = []
    if again.any():
        notes.append(
            f"{int(again.sum()):,} judgements of {relevance.source} are listed again; each pair counts once"
        )
    none = int((found.relevant(len(rows)) == 0).sum())
    if none == len(rows):
        raise QSpecError(
            f"{relevance.source} judges no passage relevant to any of the {len(rows):,} queries.",
            hint="a passage is relevant whose grade is above zero",
            rule=_RULE,
        )
    if none:
        notes.append(
            f"{none:,} of {len(rows):,} queries have no relevant passage in {relevance.source}, so that no ranking of "
            "theirs is scored"
        )
    return Judgements(found.query, found.passage, found.grade, tuple(notes))


def _rows(relevance: Table, column: str, table: Table, what: str) -> IntArray:
    """For each judgement the row of `table` that its `column` names."""
    names = relevance.column(column)
    known = table.column("id") if "id" in table else np.arange(table.rows)
    if (known.dtype.kind in "US") != (names.dtype.kind in "US"):
        by = f"their column `id` holds {known.dtype}" if "id" in table else "they are named by row number"
        raise QSpecError(
            f"{relevance.source} names its {what} by {names.dtype}, and {by}.",
            hint=f"{what} are named by the column `id` of {table.source}, or by row number where there is none",
            rule=_RULE,
        )
    if table.rows == 0:
        raise QSpecError(f"{table.source} holds no {what}.", rule=_RULE)
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    same = np.flatnonzero(ordered[1:] == ordered[:-1])
    if same.size:
        raise QSpecError(
            f"{same.size:,} {what} of {table.source} bear an `id` that another bears; the first is {ordered[same[0]]!s}.",
            hint="an id names one row",
            rule=_RULE,
        )
    at = order[np.minimum(np.searchsorted(ordered, names), len(known) - 1)]
    wrong = np.flatnonzero(known[at] != names)
    if wrong.size:
        raise QSpecError(
            f"{wrong.size:,} judgements of {relevance.source} are of {what} that {table.source} does not hold; the "
            f"first is {names[wrong[0]]!s}.",
            hint=f"{what} are named by the column `id`, or by row number where there is none",
            rule=_RULE,
        )
    return at.astype(np.int64)


def _numbers(relevance: Table) -> FloatArray:
    """The grade of each judgement."""
    if "grade" not in relevance:
        return np.ones(relevance.rows)
    grade: NDArray[Any] = relevance.column("grade")
    if grade.dtype.kind not in "iufb" or grade.ndim != 1 or not np.isfinite(grade).all():
        raise QSpecError(
            f"The column grade of {relevance.source} holds what is no number.",
            hint="a grade is a number, above zero where the passage is relevant",
            rule=_RULE,
        )
    return grade.astype(np.float64)
