"""Values that name nothing are asked about; values that do are not."""

import pytest

from qspec.checks.fixes import apply_fixes
from qspec.model.shorthand import expand

SPEC = """\
qspec 1
claim brochure {{
  executor {{
    task: {task}, metrics: [{metric}], baseline: fp32
    {executor}
  }}
  {claim}
}}
"""


@pytest.fixture
def found(check):
    def run(claim: str, *, metric: str = "top1", task: str = "image-classification", executor: str = ""):
        text = SPEC.format(claim=claim, metric=metric, task=task, executor=executor)
        report = check(text)
        assert not report.has_syntax_errors, text
        return [(f.code, f.severity.value) for f in report.findings if f.code.startswith("QS2")]

    return run


@pytest.mark.parametrize(
    ("claim", "codes"),
    [
        ('reported { as-printed: "Four bits with negligible loss" }', ["QS201"]),
        ('title: "Near-lossless INT8"', ["QS201"]),
        ('reported { as-printed: "accuracy comparable to FP16" }', ["QS201"]),
        ('title: "Near-lossless INT8"\n  loss(top1) <= 1 pp', []),
        ('title: "Near-lossless INT8"\n  reported { top1 { baseline: 76.1 %, quantized: 75.9 % } }', []),
        ('title: "Four bits"', []),
        ('reported { as-printed: "up to 4x faster inference" }', ["QS202"]),
        ('reported { as-printed: "Up to 60% smaller models" }', ["QS202"]),
        ('reported { as-printed: "up to 4x faster" }\n  throughput >= 2 x baseline', []),
        ('reported { as-printed: "up to 1 % loss" }', []),
        ('reported { as-printed: "catches up to the baseline" }', []),
        ("loss(top1) <= 1", ["QS222"]),
        ("loss(top1) <= 0.01", ["QS222"]),
        ("loss(top1) <= 0", []),
        ("loss(top1) <= 1 pp", []),
        ("loss(top1) < 1 %", ["QS220"]),
        ("drop(top1) < 1 %", ["QS220"]),
        ("latency <= 25 ms", ["QS223"]),
        ("latency(p99) <= 25 ms", []),
    ],
)
def test_words_and_bounds(found, claim, codes):
    assert [code for code, _ in found(claim)] == codes


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ("top1 { loss: 0.4 % }", ["QS221"]),
        ("top1 { baseline: 76.1 %, loss: 0.4 % }", ["QS221"]),
        ("loss(top1): < 1 %", ["QS221"]),
        ("loss(top1): 0.4 %", ["QS221"]),
        ("top1 { loss: 0.4 pp }", []),
        ("top1 { loss: 0.4 % of baseline }", []),
        # 0.50 points and 0.66 per cent of the baseline: the scores tell which was meant.
        ("top1 { baseline: 76.10 %, quantized: 75.60 %, loss: 0.50 % }", []),
        ("top1 { baseline: 76.10 %, quantized: 75.60 %, loss: 0.66 % }", []),
        # Near 100 % both readings print alike.
        ("top1 { baseline: 99.9 %, quantized: 99.4 %, loss: 0.5 % }", ["QS221"]),
    ],
)
def test_a_reported_per_cent(found, figure, codes):
    assert [code for code, _ in found(f"reported {{ {figure} }}") if code == "QS221"] == codes


@pytest.mark.parametrize(
    ("figures", "codes"),
    [
        ("top1 { baseline: 76.1 %, quantized: 75.9 % }", []),
        ("top1 { quantized: 75.9 % }", ["QS224"]),
        ("top1 { baseline: 76.1 % }", ["QS224"]),
        ("top1 { baseline: 76.1 %, loss: 0.2 pp }", []),
        ("top1 { loss: 0.2 pp }", ["QS224"]),
        ("top1: 75.9 %", ["QS224"]),
        ("top1 { baseline: 76.1 % }\n    top1 { quantized: 75.9 % }", []),
        ("throughput: 1200 images/s", []),
        ("top1 { baseline: 76.1 %, loss: 0.2 pp }\n    top5 { baseline: 28.7 %, loss: 6.3 % of baseline }", ["QS225"]),
        ("top1 { baseline: 76.1 %, loss: 0.2 pp }\n    top5 { baseline: 28.7 %, loss: 1.8 pp }", []),
    ],
)  # fmt: skip
def test_a_figure_is_half_a_comparison(found, figures, codes):
    assert [code for code, _ in found(f"reported {{\n    {figures}\n  }}", metric="top1, top5")] == codes


@pytest.mark.parametrize(
    ("task", "metric", "executor", "codes"),
    [
        ("multiple-choice", "accuracy(normalization: none)", "", ["QS210"]),
        ("multiple-choice", "accuracy(normalization: none)", "prompt { shots: 5 }", ["QS210"]),
        ("multiple-choice", "accuracy(normalization: none)", 'prompt { shots: 5, template: "lm-eval 0.4.9" }', []),
        ("reasoning", "exact-match", "", ["QS210"]),
        ("language-modelling", "perplexity(per: token)", "", []),
        ("image-classification", "top1", "", []),
    ],
)  # fmt: skip
def test_a_prompt_is_asked_for_where_answers_depend_on_it(found, task, metric, executor, codes):
    assert [code for code, _ in found("", task=task, metric=metric, executor=executor)] == codes


def test_a_loss_of_perplexity_needs_no_unit(found):
    assert found("loss(perplexity) <= 0.1", metric="perplexity(per: token)", task="language-modelling") == []


def test_the_fixes_of_a_bare_number_settle_it(check):
    text = SPEC.format(claim="loss(top1) <= 1", metric="top1", task="image-classification", executor="")
    (found,) = [f for f in check(text).findings if f.code == "QS222"]
    for fix, unit in zip(found.fixes, ("pp", "% of baseline"), strict=True):
        (edit,) = fix.edits
        mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
        assert f"loss(top1) <= 1 {unit}" in mended
        assert "QS222" not in [f.code for f in check(mended).findings]


@pytest.mark.parametrize(
    ("figure", "fires"),
    [
        ("top1 { baseline: 78.2, loss: 1.2 }", True),
        ("top1 { quantized: 76.2, loss: 0.4 }", True),
        ("top1 { loss: 1.2 }", True),
        ("top1 { baseline: 78.2, quantized: 77.0, loss: 1.2 }", False),  # the scores tell
        ("top1 { baseline: 0.782, loss: 0.012 }", False),  # fractions
        ("top1 { baseline: 78.2, loss: 0 }", False),
        ("top1 { baseline: 78.2, loss: 1.2 pp }", False),
    ],
)
def test_a_reported_loss_of_a_bare_number(found, figure, fires):
    assert ("QS222" in [code for code, _ in found(f"reported {{ {figure} }}")]) is fires


def test_a_score_that_nobody_defines_loses_so_many_of_what(found):
    figures = "reported { score { baseline: 31.2, loss: 0.4 } }"
    assert "QS222" in [code for code, _ in found(figures, task="super-resolution")]


CARDS = """\
qspec 1
claim classifier {{
  source {{ url: "https://zoo.example/models/resnet" }}
  executor {{ task: image-classification, metrics: [top1], baseline: fp32 }}
  reported {{ top1 {{ baseline: 74.97, quantized: 74.77, loss: 0.27 % of baseline }} }}
}}
claim detector {{
  source {{ url: "{url}" }}
  executor {{ task: object-detection, metrics: [map(iou: 0.5)], baseline: fp32 }}
  reported {{ map(iou: 0.5) {{ baseline: 0.2874, quantized: 0.2693, loss: {loss} }} }}
}}
"""


@pytest.mark.parametrize(
    ("url", "loss", "fires"),
    [
        ("https://zoo.example/models/yolo", "0.0181", True),
        ("https://zoo.example/models/yolo", "6.3 % of baseline", False),
        ("https://elsewhere.example/models/yolo", "0.0181", False),
        ("https://[zoo.example/models/yolo", "0.0181", False),  # no address at all
    ],
)
def test_a_publisher_changes_the_unit_between_two_claims(check, url, loss, fires):
    found = [f for f in check(CARDS.format(url=url, loss=loss)).findings if f.code == "QS225"]
    assert bool(found) is fires
    for finding in found:
        assert finding.claim == "detector"
        assert finding.notes == ("Here that is 1.81 pp (6.3 % of the baseline).",)


def test_a_shorthand_is_spelt_out_by_its_fix_and_means_the_same(check):
    text = SPEC.format(
        claim="loss(top1) <= 1 pp", metric="top1", task="image-classification", executor="precision: W8A8"
    )
    assert "QS226" not in [f.code for f in check(text).findings]
    report = check(text, profile="paper")
    mended = apply_fixes(report).source.text
    assert "W8A8" not in mended
    assert "weights:" in mended
    precisions = [
        expand(loaded.main.document.claims["brochure"].executor.precision)
        for loaded in (report.workspace, check(mended).workspace)
    ]
    assert precisions[0] == precisions[1]
