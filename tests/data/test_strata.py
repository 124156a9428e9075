"""Stratifications: codes and labels, every example in at most one stratum, and the cap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qspec.data.limits import Limits
from qspec.data.strata import stratify
from qspec.data.table import Table
from qspec.errors import LimitError, QSpecError
from qspec.model.evaluation import Strata
from qspec.model.expression import ByColumn, Comparison, Crossed, Quantiles, Term, Where
from qspec.model.quantity import Quantity

ALL = np.arange(12)


def where(column, relation, number):
    return Where(
        where=Comparison(column=Term(name=column), relation=relation, value=Quantity.of(str(number)))
    )


def strata(table, indices=ALL, limits=None, **members):
    more = {"limits": limits} if limits else {}
    return {s.name: s for s in stratify(Strata(members), table, indices, **more)}


def test_each_value_of_a_column_is_a_stratum(table):
    found = strata(table, **{"class": ByColumn(by="label"), "site": ByColumn(by="site")})
    assert found["class"].labels == ("label == 0", "label == 1", "label == 2")
    assert found["class"].codes.dtype == np.int32
    assert list(found["class"].counts) == [4, 4, 4]
    assert found["site"].labels == ('site == "A"', 'site == "B"')


def test_only_values_among_the_examples_count(table):
    assert strata(table, np.array([0, 3, 1]), by=ByColumn(by="label"))["by"].labels == (
        "label == 0",
        "label == 1",
    )


def test_a_predicate_is_one_stratum_and_the_rest_is_in_none(table):
    rare = strata(table, rare=where("label", "==", 2))["rare"]
    assert rare.labels == ("rare",)
    assert list(rare.codes) == [-1, -1, 0] * 4


def test_quantiles_never_part_equal_values(table):
    cut = strata(table, length=Quantiles(quantiles="length", count=3))["length"]
    assert cut.labels == ("length 1..2", "length 3..4", "length 5..9")
    lengths = table.column("length")
    assert all(len(set(cut.codes[lengths == value])) == 1 for value in set(lengths))


def test_a_crossing_has_each_combination_that_occurs(table):
    crossed = strata(
        table, site=ByColumn(by="site"), rare=where("label", "==", 2), both=Crossed(cross=["site", "rare"])
    )["both"]
    assert crossed.labels == ('site == "A" and rare', 'site == "B" and rare')
    assert list(crossed.counts) == [2, 2]
    assert (crossed.codes >= 0).sum() == 4


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"by": ByColumn(by="lable")}, "did you mean label"),
        ({"by": ByColumn(by="x")}, "needs one"),
        ({"none": where("label", ">", 5)}, "holds none of the 12 examples"),
        ({"site": ByColumn(by="site"), "both": Crossed(cross=["site", "sites"])}, "did you mean site"),
        ({"a": Crossed(cross=["b", "b"]), "b": Crossed(cross=["a", "a"])}, "crossed with itself"),
        ({"q": Quantiles(quantiles="site", count=2)}, "not numeric"),
    ],
)
def test_a_stratification_that_cannot_be_is_a_sentence(table, members, said):
    with pytest.raises(QSpecError, match=said):
        strata(table, **members)


def test_missing_values_belong_to_no_stratum_and_are_refused():
    table = Table.of({"age": np.array([1.0, np.nan])})
    with pytest.raises(QSpecError, match="missing values"):
        strata(table, np.arange(2), age=ByColumn(by="age"))


def test_large_whole_numbers_are_compared_exactly():
    from qspec.data.predicate import evaluate

    table = Table.of({"hash": np.array([2**63 + 1, 2**63, 5], np.uint64)})
    chosen = Comparison(
        column=Term(name="hash"), relation="in", values=[Quantity.of(str(n)) for n in (2**63, -1, 2**70)]
    )
    assert evaluate(chosen, table).tolist() == [False, True, False]


def test_the_number_of_strata_has_a_cap(table):
    with pytest.raises(LimitError, match="strata"):
        strata(table, limits=Limits(strata=2), by=ByColumn(by="label"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60), st.integers(2, 8))
def test_quantiles_cover_every_example_once_in_order(values, count):
    column = np.array(values)
    table = Table.of({"v": column})
    cut = strata(table, np.arange(len(column)), v=Quantiles(quantiles="v", count=count))["v"]
    assert cut.counts.sum() == len(column) and cut.counts.min() > 0
    assert len(cut.labels) <= count
    order = np.argsort(column, kind="stable")
    assert (np.diff(cut.codes[order]) >= 0).all()
