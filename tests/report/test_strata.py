"""Strata as the judge writes them find the stratification that assertions name, and its bounds their rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qspec.checks.runner import DocumentReport
from qspec.data.strata import stratify
from qspec.data.table import Table
from qspec.lang.load import load_one
from qspec.lang.read_back import stratum_scope
from qspec.lang.source import Source
from qspec.model.claim import Assertion
from qspec.model.evaluation import Strata
from qspec.report.plots import Forest
from qspec.report.strata import NAMED, speaks_of, stratum_of
from qspec.report.view import make_page

Check = Callable[[str], DocumentReport]

QUICKSTART = Path(__file__).parents[2] / "specs" / "quickstart.qspec"
LOSSES = ["-0.04..0.04", "-0.03..0.06", "0.01..0.12", "0.06..0.2", *["-0.04..0.04"] * 6]
BLOCK = """
  measured {
    at: "2026-11-21T05:40:00Z", tool: "t", judge-version: 1, executor { cpu: "x" }
    top1 { baseline: 0.98, quantized: 0.97, loss: 0.001, interval: -0.0043..0.0043, n: 899 }
    ROWS
    executor-digest: "a", assertions-digest: "b", content-digest: "c"
  }
}
"""


@pytest.fixture
def forest(check: Check) -> Forest:
    """The quickstart with a class on each side of its bounds."""
    rows = "\n".join(
        f"top1 for label == {label} {{ baseline: 0.98, quantized: 0.97, loss: 0.005, interval: {ends}, n: 90 }}"
        for label, ends in enumerate(LOSSES)
    )
    text = QUICKSTART.read_text(encoding="utf-8").rstrip().removesuffix("}")
    found = make_page([check(text + BLOCK.replace("ROWS", rows))]).claims[0].executions[-1].scores[0].forest
    assert found is not None
    return found


def test_the_bound_of_each_class_is_drawn_on_every_class(forest: Forest) -> None:
    assert [row.label for row in forest.rows][:3] == ["all examples", "class (by label)", "3"]
    places = {bound.label: bound.places for bound in forest.bounds}
    each = places["loss(top1) <= 5 pp for each class"]
    assert each[:2] == (None, None)
    assert each[2:] == pytest.approx([5.0] * 10)


def test_rows_are_coloured_by_the_bounds_they_are_to_hold(forest: Forest) -> None:
    standing = {row.label: row.standing for row in forest.rows if row.estimate is not None}
    assert [standing[str(label)] for label in range(5)] == ["within", "across", "across", "beyond", "within"]
    assert {bound.label: bound.foretold for bound in forest.bounds} == {
        "loss(top1) <= 1 pp": False,
        "loss(top1) <= 1 pp for each class, expected inconclusive": True,
        "loss(top1) <= 5 pp for each class": False,
    }


STRATA = """qspec 1
executor e {
  strata {
    class: by label
    where: by site
    rare: label in [2, 3]
    length: quantiles(size, 2)
    class-rare: class x rare
    all-three: where x class x length
    nested: class-rare x where
    spaced: by "a b"
  }
}
"""


@pytest.fixture(scope="module")
def strata() -> Strata:
    """Every kind of stratification."""
    found = load_one(Source("x.qspec", STRATA)).document.executors["e"].strata
    assert isinstance(found, Strata)
    return found


def test_every_stratum_the_judge_can_name_belongs_to_its_stratification(strata: Strata) -> None:
    import numpy as np

    columns = {
        "label": np.array([1, 2, 3, 2]),
        "site": np.array(["a", 'rock and "roll"', "a", "c\\d"]),
        "size": np.array([-1.5, 2.0, 7.25, 9.0]),
        "a b": np.array([True, False, True, True]),
    }
    table = Table.of(columns)
    for one in stratify(strata, table, np.arange(4)):
        for label in one.labels:
            found = stratum_of(stratum_scope(label), strata)
            assert found is not None
            assert one.name in found.members_of, label
            for name in strata.members:
                assert speaks_of(each(name), found) is (name in found.members_of)


def each(name: str) -> Assertion:
    loaded = load_one(Source("x.qspec", f"qspec 1\nclaim c on e {{ loss(top1) <= 1 pp for each {name} }}\n"))
    return loaded.document.claims["c"].assertions[0]


@pytest.mark.parametrize(
    ("written", "group", "label"),
    [
        ("label == 3", "class (by label)", "3"),
        ('site == "rock and \\"roll\\""', "where (by site)", 'rock and "roll"'),
        ("rare", NAMED, "rare"),
        ("size -1.5..2.0", "length (quantiles(size, 2))", "-1.5 to 2.0"),
        ("label == 3 and rare", "class-rare (class x rare)", "3 \u00b7 rare"),
        ('site == "a" and label == 1 and size -1.5..2.0', "all-three (where x class x length)",
         "a \u00b7 1 \u00b7 -1.5 to 2.0"),
        ('label == 3 and rare and site == "a"', "nested (class-rare x where)", "3 \u00b7 rare \u00b7 a"),
        ("origin == 4", "by origin", "4"),
        ('site == "a" and origin == 4', "by site \u00d7 origin", "a \u00b7 4"),
        ("label > 3", NAMED, "label > 3"),
        ("rarely", NAMED, "rarely"),
    ],
)  # fmt: skip
def test_a_stratum_is_named_under_its_stratification(
    strata: Strata, written: str, group: str, label: str
) -> None:
    found = stratum_of(stratum_scope(written), strata)
    assert found is not None
    assert (found.group, found.label) == (group, label)


def test_crossings_that_bite_their_tail_hold_nothing() -> None:
    text = "qspec 1\nexecutor e { strata { a: b x a, b: a x b } }\n"
    strata = load_one(Source("x.qspec", text)).document.executors["e"].strata
    assert isinstance(strata, Strata)
    found = stratum_of("x and y", strata)
    assert found is not None and not found.members_of
