"""Relevance judgements count once a pair, and are refused where they are of nothing or contradict each other."""

import numpy as np
import pytest

from qspec.data.table import Table
from qspec.errors import QSpecError
from qspec.execute.tasks.relevance import read_judgements

QUERIES = Table.of({"id": np.asarray(["q2", "q0", "q1"])}, "queries.csv")
CORPUS = Table.of({"id": np.asarray([f"p{i}" for i in range(5)])}, "corpus.csv")
EVERY = np.arange(3)


def judged(*lines, rows=EVERY, queries=QUERIES, corpus=CORPUS):
    query, passage, grade = zip(*lines, strict=True)
    columns = {"query": np.asarray(query), "passage": np.asarray(passage), "grade": np.asarray(grade)}
    return read_judgements(Table.of(columns, "relevance.csv"), queries, rows, corpus)


def test_judgements_are_placed_by_query_and_passage():
    found = judged(("q1", "p3", 1), ("q0", "p4", 2), ("q0", "p1", 0), ("q2", "p0", 3))
    assert found.query.tolist() == [0, 1, 1, 2]
    assert found.passage.tolist() == [0, 1, 4, 3]
    assert found.grade.tolist() == [3, 0, 2, 1]
    assert found.relevant(3).tolist() == [1, 1, 1]
    assert found.ideal(3, 2).tolist() == [[3, 0], [2, 0], [1, 0]]
    assert found.notes == ()


def test_queries_of_another_split_are_passed_over():
    found = judged(("q1", "p3", 1), ("q0", "p4", 2), rows=np.asarray([2]))
    assert (found.query.tolist(), found.passage.tolist()) == ([0], [3])
    assert found.notes == ()


def test_a_judgement_that_is_listed_again_counts_once_and_is_noted():
    lines = [("q0", "p4", 2), ("q1", "p3", 1), ("q2", "p0", 1), ("q0", "p4", 2), ("q0", "p1", 1)]
    found = judged(*lines)
    assert found.relevant(3).tolist() == [1, 2, 1]
    assert found.ideal(3, 3)[1].tolist() == [2, 1, 0]
    assert found.notes == ("1 judgements of relevance.csv are listed again; each pair counts once",)


def test_queries_that_nothing_is_relevant_to_are_counted():
    found = judged(("q0", "p4", 2), ("q1", "p3", 0))
    (note,) = found.notes
    assert note.startswith("2 of 3 queries have no relevant passage in relevance.csv")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            [("q0", "p4", 2), ("q0", "p4", 1)],
            "grades 1 pairs twice and differently; the first is query q0 and",
        ),
        (
            [("q0", "p4", 2), ("q7", "p4", 1), ("q8", "p1", 1)],
            "2 judgements of .* queries.*does not hold.*is q7",
        ),
        ([("q0", "p9", 2)], "1 judgements of .* passages that corpus.csv does not hold; the first is p9"),
        ([("q0", "p4", 0)], "judges no passage relevant to any of the 3 queries"),
        ([("q0", "p4", "high")], "holds what is no number"),
        ([("q0", "p4", np.nan)], "holds what is no number"),
        ([(0, "p4", 1)], "names its queries by int64, and their column `id` holds <U2"),
    ],
)
def test_judgements_that_fit_nothing_are_a_sentence(lines, said):
    with pytest.raises(QSpecError, match=said):
        judged(*lines)


def test_an_id_names_one_row():
    twice = Table.of({"id": np.asarray(["q0", "q0", "q1"])}, "queries.csv")
    with pytest.raises(QSpecError, match=r"1 queries of queries.csv bear an `id` that another bears.*q0"):
        judged(("q1", "p4", 2), queries=twice)
    twice = Table.of({"id": np.asarray([4, 3, 4])}, "corpus.csv")
    with pytest.raises(QSpecError, match=r"1 passages of corpus.csv .*is 4"):
        judged(("q1", 3, 2), corpus=twice)


def test_a_table_without_judgements_is_a_sentence():
    empty = Table.of({name: np.asarray([], bool) for name in ("query", "passage", "grade")}, "relevance.csv")
    with pytest.raises(QSpecError, match=r"relevance.csv holds no judgement"):
        read_judgements(empty, QUERIES, EVERY, CORPUS)
