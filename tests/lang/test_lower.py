from __future__ import annotations

from decimal import Decimal

import pytest

from qspec.lang.load import Loaded, load_one
from qspec.lang.source import Source
from qspec.model.base import Silence
from qspec.model.claim import Claim
from qspec.model.expression import ByColumn, Crossed, Pinned, Term, Where
from qspec.model.hardware import Hardware
from qspec.model.precision import Precision
from qspec.model.quantity import Quantity, Range
from qspec.model.unit import SPELLINGS, find_unit


def read(text: str) -> Loaded:
    loaded = load_one(Source("x.qspec", text))
    assert not loaded.errors, loaded.errors[0].message
    return loaded


def claim(body: str) -> Claim:
    return read(f"claim c on e {{ {body} }}").document.claims["c"]


def test_a_number_keeps_its_text_and_its_unit() -> None:
    (assertion,) = claim("accuracy >= 76.10 %").assertions
    quantity = assertion.bounds[0].quantity
    assert (quantity.text, quantity.value, quantity.unit) == ("76.10", Decimal("76.1"), "%")
    assert quantity.decimals == 2
    assert quantity != Quantity.of("76.1", "%")


def test_the_three_ways_of_saying_nothing_differ() -> None:
    document = read(
        'executor e { strata: unstated, calibration: not-applicable "reads no data", baseline: "unstated" }'
    ).document
    executor = document.executors["e"]
    assert executor.test_set is None
    assert executor.strata == Silence(silence="unstated")
    assert executor.calibration == Silence(silence="not-applicable", reason="reads no data")
    assert not isinstance(executor.baseline, Silence)


def test_short_forms_are_read_as_the_noun_they_stand_for() -> None:
    executor = read(
        "executor e { hardware: local, precision: W4A16 g128 }\n"
        "executor f { precision { weights: int8 { symmetric: true } } }"
    ).document.executors
    assert executor["e"].hardware == Hardware(local=True)
    assert executor["e"].precision == Precision(shorthand="W4A16 g128")
    precision = executor["f"].precision
    assert isinstance(precision, Precision)
    assert precision.weights is not None
    assert (precision.weights.type, precision.weights.symmetric) == ("int8", True)


def test_strata_splits_and_references() -> None:
    document = read(
        'dataset d { splits { a: 0..898, b: fold == "tune", c: "c.csv" } }\n'
        'executor e { test-set { data: "cais/mmlu" @ "c30699e" }\n'
        "  strata { s: by site, r: label in [8, 9], x: s x r } }"
    ).document
    splits = document.datasets["d"].splits
    assert splits is not None
    assert splits.members["a"] == Range(low=Quantity.of("0"), high=Quantity.of("898"))
    assert splits.members["c"] == "c.csv"
    executor = document.executors["e"]
    assert not isinstance(executor.test_set, Silence | None)
    assert executor.test_set.data == Pinned(name="cais/mmlu", pin="c30699e")
    assert not isinstance(executor.strata, Silence | None)
    assert executor.strata.members["s"] == ByColumn(by="site")
    assert isinstance(executor.strata.members["r"], Where)
    assert executor.strata.members["x"] == Crossed(cross=["s", "r"])


def test_metric_terms_have_a_cut_off_and_arguments() -> None:
    metrics = read('executor e { metrics: [recall@10, f1(macro), ece(bins: 15, "debiased": true)] }').document
    assert metrics.executors["e"].metrics == [
        Term(name="recall", at=10),
        Term(name="f1", positional=["macro"]),
        Term(name="ece", named={"bins": Quantity.of("15"), "debiased": True}),
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("drop(top1) <= 1 pp", "loss(top1) <= 1 pp"),
        ("degradation(recall@10) < 1 %", "loss(recall@10) < 1 %"),
        ("recovery(top1) >= 99 %", "top1 >= 99 % of baseline"),
        ("recovery(f1(macro)) >= 0.99", "f1(macro) >= 0.99 x baseline"),
        ("98 % <= recovery(top1) <= 100 %", "98 % of baseline <= top1 <= 100 % of baseline"),
        ("recovery(top1) >= 1 pp", "recovery(top1) >= 1 pp"),
        ("recovered(top1, from: e) >= 50 %", "recovered(top1, from: e) >= 50 %"),
    ],
)
def test_the_words_people_use_are_read_as_the_languages_own(said: str, meant: str) -> None:
    assert str(claim(said).assertions[0]) == meant


def test_figures_are_read_in_every_form() -> None:
    reported = claim(
        'reported { top1 on mmlu for s == "a" at 95 %: 67.9 % +- 0.4 %, loss(top1): < 1 %\n'
        '  size { baseline: 10 MB }, accuracy: { quantized: 3 % }, as-printed: "so", as-printed(): 3 }'
    ).reported
    assert reported is not None
    first, bound, size, accuracy, named = reported.figures
    assert str(first.value) == "67.9 % +- 0.4 %"
    assert (first.on, str(first.for_), str(first.at)) == ("mmlu", 's == "a"', "95 %")
    assert str(bound.bound) == "< 1 %"
    assert str(size.baseline) == "10 MB"
    assert str(accuracy.quantized) == "3 %"
    assert (named.quantity.name, reported.as_printed) == ("as-printed", "so")


def test_every_value_has_a_place() -> None:
    text = "claim c on e {\n  loss(top1) <= 1 pp on mmlu\n  executor { metrics: [a, b] }\n}\n"
    loaded = read(text)
    places = {
        ("claims", "c"): text[text.index("{") : text.rindex("}") + 1],
        ("claims", "c", "assertions", 0): "loss(top1) <= 1 pp on mmlu",
        ("claims", "c", "assertions", 0, "bounds", 0): "1 pp",
        ("claims", "c", "executor", "metrics", 1): "b",
    }
    for path, written in places.items():
        assert text[slice(*loaded.positions.of(path))] == written
    assert text[slice(*loaded.positions.key(("claims", "c")))] == "claim c"
    assert loaded.positions.of(("claims", "c", "nowhere")) == loaded.positions.of(("claims", "c"))


def test_what_is_wrong_is_left_out_and_the_rest_is_read() -> None:
    loaded = load_one(Source("x.qspec", "executor e { task: 3, metrics: [top1], tset-set { size: 4 } }"))
    assert [e.code for e in loaded.errors] == ["QS003", "QS002"]
    executor = loaded.document.executors["e"]
    assert executor.task is None
    assert executor.metrics == [Term(name="top1")]


@pytest.mark.parametrize(
    "unit", ["pp", "% of error", "x baseline", "tok/s", "images/s", "ms per token", "bleu", "GiB"]
)
def test_units_of_the_language_and_of_metrics_are_known(unit: str) -> None:
    assert claim(f"x <= 1 {unit}").assertions[0].bounds[0].quantity.unit == unit


def test_an_unknown_unit_is_reported_where_it_stands_with_a_fix() -> None:
    source = Source("x.qspec", "claim c on e { x <= 1 milisecs, y <= 2 Ms }")
    errors = load_one(source).errors
    assert [source.text[slice(*e.span)] for e in errors] == ["milisecs", "Ms"]
    assert errors[1].fixes[0].edits[0].text == "ms"
    assert not errors[1].fixes[0].safe


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("secs", "s"),
        ("msec", "ms"),
        ("percent", "%"),
        ("FPS", "frames/s"),
        ("msec per token", "ms per token"),
    ],
)
def test_another_spelling_of_a_unit_is_put_right_safely(written: str, unit: str) -> None:
    (error,) = load_one(Source("x.qspec", f"claim c on e {{ x <= 1 {written} }}")).errors
    (fix,) = error.fixes
    assert fix.safe
    assert fix.edits[0].text == unit


def test_every_spelling_is_of_a_unit_that_there_is() -> None:
    assert all(find_unit(unit) is not None for unit in SPELLINGS.values())
    assert not [spelling for spelling in SPELLINGS if find_unit(spelling) is not None]


def test_a_fix_for_a_misspelt_key_replaces_the_key() -> None:
    source = Source("x.qspec", 'executor e { "metrcis": [a] }')
    (error,) = load_one(source).errors
    edit = error.fixes[0].edits[0]
    assert (source.text[slice(*edit.span)], edit.text) == ('"metrcis"', "metrics")


def test_hostile_numbers_are_refused_by_a_sentence() -> None:
    for number in ("9" * 5000, "1e999999999", "1" + "_0" * 400):
        for text in (
            f"claim c on e {{ x <= {number} }}",
            f"qspec {number}",
            f"executor e {{ metrics: [a@{number}] }}",
        ):
            assert load_one(Source("x", text)).errors


def test_a_long_chain_of_not_is_refused_by_a_sentence() -> None:
    (error,) = load_one(Source("x", f"claim c on e {{ x <= 1 for {'not ' * 5000}a == 1 }}")).errors
    assert "nested too deeply" in error.message
