"""Splits as ranges, predicates and files, and predicates over columns."""

from decimal import Decimal

import numpy as np
import pytest

from qspec.data.predicate import evaluate
from qspec.data.splits import open_split, overlap, split_indices
from qspec.errors import QSpecError
from qspec.model.artifact import Dataset, Splits, Tables
from qspec.model.expression import Combination, Comparison, Term
from qspec.model.quantity import Quantity, Range


def compare(column, relation, value=None, values=None):
    def scalar(item):
        return item if isinstance(item, str | bool) else Quantity.of(str(item))

    return Comparison(
        column=Term(name=column),
        relation=relation,
        value=None if value is None else scalar(value),
        values=None if values is None else [scalar(item) for item in values],
    )


def rows(low, high):
    return Range(low=Quantity.of(str(low)), high=Quantity.of(str(high)))


def dataset(**splits):
    return Dataset(source="digits.npz", splits=Splits(splits))


def test_a_range_is_half_open(table):
    assert list(split_indices(dataset(test=rows(9, 12)), table, "test")) == [9, 10, 11]


def test_a_predicate_selects_rows_in_order(table):
    found = split_indices(dataset(test=compare("label", "==", 2)), table, "test")
    assert list(found) == [2, 5, 8, 11]


def test_no_split_is_every_row(table):
    assert len(split_indices(dataset(), table, None)) == 12


def test_a_split_that_is_a_file_opens_it(archive, table):
    opened, indices = open_split(dataset(extra="digits.npz"), table, "extra", archive.parent)
    assert opened.source == "digits.npz" and len(indices) == 12


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (rows(9, 13), "has the rows 0..12"),
        (rows(6, 3), "has the rows 0..12"),
        (rows(3, 3), "holds no rows"),
        (compare("label", ">", 7), "holds no rows"),
        (Range(low=Quantity.of("0"), high=Quantity.of("0.5")), "not a row number"),
        (compare("lable", "==", 1), "did you mean label"),
    ],
)
def test_a_split_that_cannot_be_is_a_sentence(table, rule, said):
    with pytest.raises(QSpecError, match=said):
        split_indices(dataset(test=rule), table, "test")


def test_an_undeclared_split_names_the_nearest(table):
    with pytest.raises(QSpecError, match="did you mean test"):
        split_indices(dataset(test=rows(0, 3)), table, "tests")


def test_overlap_counts_shared_rows():
    assert overlap(np.arange(0, 6), np.arange(4, 9)) == 2


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (compare("length", "<=", 2), 5),
        (compare("length", "!=", 1), 9),
        (compare("label", "in", values=[0, 2]), 8),
        (compare("site", "==", "A"), 6),
        (compare("site", "in", values=["A", "C"]), 6),
        (compare("label", "==", Decimal("0.5")), 0),
        (Combination(operator="not", operands=[compare("site", "==", "A")]), 6),
        (Combination(operator="and", operands=[compare("site", "==", "A"), compare("label", "==", 0)]), 2),
        (Combination(operator="or", operands=[compare("site", "==", "A"), compare("label", "==", 0)]), 8),
    ],
)
def test_predicates_hold_for_the_rows_they_say(table, predicate, expected):
    assert evaluate(predicate, table).sum() == expected


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (compare("label", "==", "3"), "of another kind"),
        (compare("site", "<", 3), "of another kind"),
        (compare("site", "in", values=["A", 3]), "of another kind"),
        (compare("x", ">", 3), "needs one"),
    ],
)
def test_a_comparison_of_unlike_kinds_is_a_sentence(table, predicate, said):
    with pytest.raises(QSpecError, match=said):
        evaluate(predicate, table)


def test_the_queries_of_tables_are_every_row_unless_declared(table):
    tables = Tables(corpus="c.csv", queries="q.csv", relevance="r.csv")
    whole = dataset().model_copy(update={"tables": tables})
    assert len(split_indices(whole, table, "queries")) == 12
    declared = dataset(queries=rows(3, 5)).model_copy(update={"tables": tables})
    assert list(split_indices(declared, table, "queries")) == [3, 4]
    with pytest.raises(QSpecError, match="declares no split 'querys'") as error:
        split_indices(whole, table, "querys")
    assert error.value.hint == "did you mean queries? its splits are queries"
    with pytest.raises(QSpecError, match="declares no split 'queries'"):
        split_indices(dataset(test=rows(0, 2)), table, "queries")
