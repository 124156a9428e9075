"""What published numbers and sizes can decide, by the cases of the statistics reference."""

import pytest

SPEC = """\
qspec 1
claim brochure {{
  executor {{
    task: {task}, metrics: [{metric}], baseline: fp32
    test-set {{ data: "holdout 2024", split: test, composition: clean{size} }}
    {more}
  }}
  reported {{ {reported} }}
  {bound}
}}
"""
CHOICE = {"task": "multiple-choice", "metric": "accuracy(normalization: none)"}
MINE = {"QS401", "QS402", "QS403", "QS404", "QS406", "QS407", "QS408", "QS410", "QS412"}


@pytest.fixture
def found(check):
    def run(
        bound: str = "", *, n: int | None = None, reported: str = "", more: str = "",
        task: str = "image-classification", metric: str = "top1",
    ):  # fmt: skip
        size = f", size: {n}" if n else ""
        text = SPEC.format(task=task, metric=metric, size=size, more=more, reported=reported, bound=bound)
        report = check(text)
        assert not report.has_syntax_errors
        return {f.code: f.message for f in report.findings if f.code in MINE}

    return run


@pytest.mark.parametrize(
    ("before", "after", "n", "bound", "code", "said"),
    [
        ("76.1 %", "75.9 %", 50000, "1 pp", None, ""),
        ("76.1 %", "75.1 %", 50000, "3 pp", None, ""),
        ("76.1 %", "75.1 %", 50000, "0.5 pp", "QS401", ""),
        ("68.4 %", "67.9 %", 14042, "1 pp", "QS401", "fewer than 9.1 %"),
        ("68.4", "67.9", 14042, "1 pp", "QS401", "fewer than 9.1 %"),
        ("0.684", "0.679", 14042, "1 pp", "QS401", "fewer than 9.1 %"),
        ("72.6 %", "70.7 %", 164, "3 pp", "QS402", "however few answers changed"),
    ],
)
def test_two_scores_against_a_bound(found, before, after, n, bound, code, said):
    got = found(f"loss(top1) <= {bound}", n=n, reported=f"top1 {{ baseline: {before}, quantized: {after} }}")
    assert list(got) == ([code] if code else [])
    assert said in "".join(got.values())


def test_the_number_of_examples_may_stand_at_the_figure(found):
    got = found("loss(top1) <= 1 pp", reported="top1 { baseline: 68.4 %, quantized: 67.9 %, n: 14042 }")
    assert list(got) == ["QS401"]


@pytest.mark.parametrize(
    "way",
    [
        {"bound": "loss(top1) <= 1 pp  expect inconclusive"},
        {"more": "statistics { population: fixed }"},
        {"more": "statistics { unit: by patient }"},
        {"extra": ", interval: 0.2 pp..0.8 pp"},
        {"extra": ", loss: 0.5 pp +- 0.1 pp"},
    ],
)
def test_what_decides_or_foretells_the_outcome_silences(found, way):
    figure = f"top1 {{ baseline: 68.4 %, quantized: 67.9 %{way.pop('extra', '')} }}"
    bound = way.pop("bound", "loss(top1) <= 1 pp")
    assert found(bound, n=14042, reported=figure, **way) == {}


def test_a_figure_without_an_assertion_is_held_against_no_loss(found):
    got = found(n=50000, reported="top1 { baseline: 76.1 %, quantized: 75.9 % }")
    assert "whether anything was lost or gained" in got["QS401"]
    assert "fewer than 5.2 %" in got["QS401"]


@pytest.mark.parametrize(
    ("bound", "n", "code"),
    [
        ("loss(top1) <= 1 pp", 200, "QS402"),
        ("loss(top1) <= 1 pp", 899, None),
        ("top1 >= 99 % of baseline", 200, "QS402"),
        ("top1 >= 0.99 x baseline", 200, "QS402"),
        ("flips <= 1 %", 200, "QS402"),
        ("agreement >= 99 %", 200, "QS402"),
        ("flips <= 5 %", 200, None),
        ("loss(top1) <= 0.5 pp", 164, "QS404"),
        ("loss(top1) <= 0 pp", 5000, "QS404"),
        ("loss(top1) <= 1 %", 200, "QS402"),
        ("loss(top1) >= 1 pp", 20, None),
        ("loss(top1) <= 1 pp at 50 %", 200, None),
        ("loss(top1) <= 1 pp  expect inconclusive", 200, None),
        ("loss(top1) <= 0.1 pp  expect inconclusive", 200, None),
    ],
)
def test_a_size_against_a_bound(found, bound, n, code):
    assert list(found(bound, n=n)) == ([code] if code else [])


def test_a_size_in_tokens_is_no_number_of_examples(check):
    text = SPEC.format(
        task="language-modelling",
        metric="top1",
        size=", size: 100 tokens",
        more="",
        reported="",
        bound="loss(top1) <= 1 pp",
    )
    assert not {f.code for f in check(text).findings} & {"QS402", "QS404"}


def test_the_rows_of_a_split_are_its_size(codes):
    text = """\
qspec 1
dataset digits { source: "d.npz", version: "1", splits { train: 0..898, test: 898..1000 } }
claim small {
  executor { task: image-classification, metrics: [top1], baseline: fp32, test-set { data: digits.test } }
  loss(top1) <= 2 pp
}
"""
    assert "QS402" in codes(text)
    assert "QS402" not in codes(text.replace("898..1000", "898..1797"))


ANATOMY = 'accuracy for subject == "anatomy" { baseline: 64.4 %, quantized: 62.2 %, n: 135 }'


@pytest.mark.parametrize(
    ("bound", "reported", "fires"),
    [
        ("loss(accuracy) <= 3 pp for each subject", ANATOMY, True),
        ("loss(accuracy) <= 20 pp for each subject", ANATOMY, False),
        ('loss(accuracy) <= 3 pp for subject == "anatomy"', ANATOMY, True),
        ('loss(accuracy) <= 3 pp for subject == "law"', ANATOMY, False),
        ("loss(accuracy) <= 3 pp for each subject  expect inconclusive", ANATOMY, False),
        ("loss(accuracy) <= 3 pp for each quarter", "", True),
        ("loss(accuracy) <= 9 pp for each quarter", "", False),
    ],
)
def test_a_stratum_against_its_bound(found, bound, reported, fires):
    strata = "strata { subject: by subject, quarter: quantiles(length, 4) }"
    assert ("QS403" in found(bound, reported=reported, more=strata, n=400, **CHOICE)) is fires


def test_declared_classes_tell_how_large_the_smallest_can_be(codes):
    text = """\
qspec 1
dataset digits {{
  source: "d.npz", version: "1", label: y, splits {{ test: 898..1797 }}
  classes: [a, b, c, d, e, f, g, h, i, j]
}}
claim small {{
  executor {{
    task: image-classification, metrics: [top1], baseline: fp32
    test-set {{ data: digits.test }}, strata {{ class: by y }}
  }}
  loss(top1) <= {0} for each class
}}
"""
    assert "QS403" in codes(text.format("3 pp"))
    assert "QS403" not in codes(text.format("5 pp"))


def test_two_uncertainties_are_no_uncertainty_of_the_difference(found):
    assert "QS406" in found(reported="top1 { baseline: 76.1 % +- 0.4 %, quantized: 75.4 % +- 0.4 % }")
    assert "QS406" not in found(reported="top1 { baseline: 76.1 %, quantized: 75.4 % +- 0.4 % }")
    kept = "top1 { baseline: 76.1 % +- 0.4 %, quantized: 75.4 % +- 0.4 %, interval: 0.4 pp..1 pp }"
    assert "QS406" not in found(reported=kept)


@pytest.mark.parametrize(
    ("n", "bound", "fires"),
    [(500, "1 %", True), (500, "10 %", False), (10**6, "1 %", False), (None, "1 %", False)],
)
def test_a_calibration_error_under_its_bias(found, n, bound, fires):
    figure = "top1 { baseline: 76.4 %, quantized: 75.8 % }"
    got = found(f"ece(bins: 15) <= {bound}", n=n, reported=figure, metric="top1, ece(bins: 15)")
    assert ("QS407" in got) is fires


def test_a_calibration_error_without_an_accuracy_beside_it_is_left_alone(found):
    assert "QS407" not in found("ece(bins: 15) <= 1 %", n=500, metric="top1, ece(bins: 15)")


@pytest.mark.parametrize(
    ("figure", "fires"),
    [
        ("baseline: 99.80 %, quantized: 99.80 %", True),
        ("baseline: 99.80, quantized: 99.80", True),
        ("baseline: 0.02, quantized: 0.0, n: 50", True),
        ("baseline: 98 %, quantized: 96 %, n: 50", True),
        ("baseline: 90 %, quantized: 88 %, n: 50", False),
        ("baseline: 76.1 %, quantized: 75.9 %", False),
    ],
)
def test_a_baseline_at_the_floor_or_the_ceiling(found, figure, fires):
    assert ("QS408" in found(reported=f"top1 {{ {figure} }}")) is fires


@pytest.mark.parametrize(
    ("figure", "fires"),
    [
        ("latency(p99) { quantized: 4 ms, runs: 100 }", True),
        ("latency(p99) { quantized: 4 ms, runs: 662 }", False),
        ("latency(p90) { quantized: 4 ms, n: 63 calls }", True),
        ("latency(p90) { quantized: 4 ms, n: 64 calls }", False),
        ("latency(p50) { quantized: 4 ms, runs: 3 }", False),
        ("latency(p99) { quantized: 4 ms }", False),
        ("latency(mean) { quantized: 4 ms, runs: 3 }", False),
    ],
)
def test_a_percentile_against_its_calls(found, figure, fires):
    assert ("QS410" in found(reported=figure)) is fires


PAPER = """\
qspec 1
claim small {{
  {profile}
  executor {{
    task: image-classification, metrics: [top1], baseline: fp32
    precision {{ {precision} }}
    {calibration}
    {statistics}
  }}
  loss(top1) <= 1 pp
}}
"""
STATIC = "method: ptq-static, weights: int8, activations: uint8"
DATA = 'calibration { data: "imagenette" @ "v2", method: entropy, size: 128 }'


@pytest.mark.parametrize(
    ("profile", "precision", "calibration", "statistics", "fires"),
    [
        ("profile: paper", STATIC, DATA, "", True),
        ("profile: paper", STATIC, DATA, "statistics { seeds: 2 }", True),
        ("profile: paper", STATIC, DATA, "statistics { seeds: 5 }", False),
        ("", STATIC, DATA, "", False),
        ("profile: paper", "method: qat, weights: int8", 'calibration: not-applicable "learned"', "", False),
    ],
)
def test_one_calibration_sample(codes, profile, precision, calibration, statistics, fires):
    text = PAPER.format(profile=profile, precision=precision, calibration=calibration, statistics=statistics)
    assert ("QS411" in codes(text)) is fires


@pytest.mark.parametrize(
    ("task", "more", "fires"),
    [
        ("language-modelling", "", True),
        ("language-modelling", "statistics { unit: by document }", False),
        ("language-modelling", "statistics { population: fixed }", False),
        ("image-classification", "", False),
    ],
)
def test_clusters_are_asked_for_where_the_task_has_them(found, task, more, fires):
    metric = "perplexity(per: token)" if task == "language-modelling" else "top1"
    bound = "loss(perplexity) <= 0.1 ppl" if task == "language-modelling" else "loss(top1) <= 1 pp"
    assert ("QS412" in found(bound, task=task, metric=metric, more=more)) is fires


def test_parts_that_are_bounded_may_cancel(codes):
    text = """\
qspec 1
claim brochure {{
  executor {{
    baseline: bf16, task: multiple-choice, metrics: [accuracy(normalization: none)]
    strata {{ benchmark: by benchmark }}
  }}
  reported {{
    accuracy {{ baseline: 79.1 %, quantized: {whole} }}
    accuracy for benchmark == "mmlu" {{ baseline: 77.8 %, quantized: 75.8 % }}
    accuracy for benchmark == "gsm8k" {{ baseline: 80.4 %, quantized: {other} }}
  }}
  loss(accuracy) <= 3 pp {each}
}}
"""
    assert "QS409" in codes(text.format(whole="79.0 %", other="82.2 %", each=""))
    assert "QS409" not in codes(text.format(whole="79.0 %", other="82.2 %", each="for each benchmark"))
    assert "QS409" not in codes(text.format(whole="77.5 %", other="79.2 %", each=""))


HIDDEN = """\
qspec 1
dataset cells {{ source: "cells.npz", label: y, classes: [a, b, c, d] }}
claim c {{
  executor {{
    task: image-classification, metrics: [top1], baseline: fp32
    test-set {{ data: cells, size: 20000 }}
    strata {{ class: by label{strata} }}
  }}
  {claim}
}}
"""


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            "loss(top1) <= 1 pp",
            "a stratum of `class` of average size (one of 4) (0.25 of the examples) may lose 4 pp",
        ),
        ("loss(top1) <= 1 pp\n  loss(top1) <= 2 pp for each class", None),
        ("loss(top1) <= 1 % of baseline", None),
        ("top1 >= 99 % of baseline", None),
        (
            'loss(top1) <= 1 pp\n  reported { top1 for site == "x" { n: 200 } }',
            'site == "x" (0.01 of the examples) may lose 100 pp',
        ),
    ],
)
def test_what_a_bound_on_the_whole_conceals(check, claim, said):
    text = HIDDEN.format(claim=claim, strata="")
    (told,) = [f.message for f in check(text).findings if f.code == "QS413"] or [""]
    assert (said in told) if said else (told == "")


def test_the_headline_says_what_a_tenth_of_the_examples_may_have_lost(check):
    (headline,) = [
        f for f in check("qspec 1\nclaim c { loss(top1) <= 0.5 pp }\n").findings if f.code == "QS100"
    ]
    assert any("a tenth of the examples may lose 5 pp" in note for note in headline.notes)
