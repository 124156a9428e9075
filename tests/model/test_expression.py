from __future__ import annotations

import pytest
from pydantic import ValidationError

from qspec.model.base import Silence
from qspec.model.claim import Assertion, Bound
from qspec.model.expression import (
    ByColumn,
    Combination,
    Comparison,
    Crossed,
    Pinned,
    Quantiles,
    Term,
)
from qspec.model.quantity import Quantity


def test_terms_as_text() -> None:
    assert str(Term(name="recall", at=10)) == "recall@10"
    assert Term(name="recall", at=10).head == "recall@k"
    inner = Term(
        name="f1", positional=["macro"], named={"per": "x y", "bins": Quantity.of("15"), "a b": True}
    )
    assert str(inner) == 'f1(macro, per: "x y", bins: 15, "a b": true)'
    assert str(Term(name="human eval", positional=[Term(name="f")])) == '"human eval"(f())'
    assert str(Term(name="f", positional=["true", "8", "1e5"])) == 'f("true", "8", "1e5")'


def test_conditions_as_text() -> None:
    rare = Comparison(column=Term(name="label"), relation="in", values=[Quantity.of("8"), "nine", True])
    old = Comparison(column=Term(name="age group"), relation=">=", value="60")
    assert str(rare) == 'label in [8, "nine", true]'
    either = Combination(operator="or", operands=[rare, old])
    both = Combination(operator="and", operands=[either, Combination(operator="not", operands=[old])])
    assert str(both) == '(label in [8, "nine", true] or "age group" >= "60") and not "age group" >= "60"'
    assert str(Combination(operator="not", operands=[either])).startswith("not (label")


def test_strata_as_text() -> None:
    assert str(ByColumn(by="in")) == 'by "in"'
    assert str(Quantiles(quantiles="a b")) == 'quantiles("a b", 4)'
    assert str(Crossed(cross=["site", "x"])) == 'site x "x"'
    assert str(Crossed(cross=["a b", "c"])) == 'cross("a b", c)'
    assert str(Pinned(name="a/b", pin="1")) == "a/b @ 1"


def test_assertions_as_text() -> None:
    bounds = [
        Bound(relation=">=", quantity=Quantity.of("1", "%")),
        Bound(relation="<", quantity=Quantity.of("2", "%")),
    ]
    loss = Term(name="loss", positional=["top1"])
    both = Assertion(
        quantity=loss, absolute=True, bounds=bounds, on="mmlu", for_each="site", at=Quantity.of("99", "%")
    )
    assert str(both) == "1 % <= |loss(top1)| < 2 % on mmlu for each site at 99 %"


@pytest.mark.parametrize(
    "data",
    [
        {"column": {"name": "a"}, "relation": "in", "value": "b"},
        {"column": {"name": "a"}, "relation": "==", "values": ["b"]},
        {"column": {"name": "a"}, "relation": "=="},
        {"operator": "not", "operands": []},
        {"operator": "and", "operands": [{"column": {"name": "a"}, "relation": "==", "value": "b"}]},
    ],
)
def test_conditions_that_mean_nothing_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        (Combination if "operator" in data else Comparison).model_validate(data)


def test_not_applicable_needs_its_reason() -> None:
    with pytest.raises(ValidationError, match="needs its reason"):
        Silence(silence="not-applicable")
    assert Silence(silence="unstated").reason is None
