"""Numbers that cannot all be true are errors; numbers that rounding explains are not."""

import pytest

from qspec.checks.arithmetic import Between, rounding
from qspec.model.quantity import Quantity

SPEC = """\
qspec 1
claim brochure {{
  {title}
  executor {{
    task: {task}, metrics: [{metric}]
    {executor}
  }}
  reported {{
    {reported}
  }}
  {bound}
}}
"""
PERPLEXITY = {"task": "language-modelling", "metric": "perplexity(per: token)"}
WER = {"task": "speech-recognition", "metric": "wer(normalization: none)"}


@pytest.fixture
def found(check):
    def run(
        reported: str = "", bound: str = "", *, task: str = "image-classification", metric: str = "top1",
        executor: str = "baseline: fp32", title: str = "",
    ) -> list[str]:  # fmt: skip
        text = SPEC.format(
            reported=reported, bound=bound, task=task, metric=metric, executor=executor, title=title
        )
        report = check(text)
        assert not [f for f in report.findings if f.code.startswith("QS0")], report.findings
        return [f.code for f in report.findings if f.code.startswith("QS3")]

    return run


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ("baseline: 76.1 %, quantized: 75.9 %, loss: 0.2 pp", []),
        ("baseline: 76.1 %, quantized: 75.9 %, loss: 0.30 pp", []),  # 76.15 and 75.85 print so
        ("baseline: 76.1 %, quantized: 75.9 %, loss: 0.31 pp", ["QS301"]),
        ("baseline: 76.10 %, quantized: 75.90 %, loss: 0.26 % of baseline", []),
        ("baseline: 76.10 %, quantized: 75.90 %, loss: 0.20 % of baseline", ["QS301"]),
        ("baseline: 76.10 %, quantized: 75.90 %, loss: 0.26 %", []),
        ("baseline: 76.10 %, quantized: 75.90 %, loss: 0.5 %", ["QS301"]),
        ("baseline: 99.5 %, quantized: 98.5 %, loss: 200 % of error", []),
        ("baseline: 99.5 %, quantized: 98.5 %, loss: 100 % of error", ["QS301"]),
        ("baseline: 0.761, quantized: 0.759, loss: 0.002", []),
        ("baseline: 76.1, quantized: 75.9, loss: 0.2", []),
        ("baseline: 76.1, quantized: 75.9, loss: 0.4", ["QS301"]),
        ("baseline: 76.15 %, quantized: 76.46 %, loss: -0.31 pp", []),
        ("baseline: 76.15 %, quantized: 76.46 %, loss: 0.31 pp", ["QS313"]),
    ],
)
def test_a_loss_is_the_difference_of_its_scores(found, figure, codes):
    assert found(f"top1 {{ {figure} }}") == codes


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ("baseline: 5.68, quantized: 5.85, loss: 0.17", []),
        ("baseline: 5.68, quantized: 5.85, loss: 0.17 ppl", []),
        ("baseline: 5.68, quantized: 5.85, loss: -0.17 ppl", ["QS313"]),
        ("baseline: 5.68, quantized: 5.85, loss: 3.0 %", []),
        ("baseline: 5.68, quantized: 5.85, loss: 5.0 %", ["QS301"]),
        ("baseline: 5.68, quantized: 0.85", ["QS309"]),
    ],
)
def test_perplexity_rises_when_it_gets_worse(found, figure, codes):
    assert found(f"perplexity(per: token) {{ {figure} }}", **PERPLEXITY) == codes


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ("baseline: 68.4 %, quantized: 67.9 %, recovery: 99.3 %", []),
        ("baseline: 68.4 %, quantized: 67.9 %, recovery: 99.9 %", ["QS303"]),
        ("baseline: 0.7865, quantized: 0.776822, ratio: 0.98769492", []),
        ("baseline: 0.7865, quantized: 0.776822, ratio: 0.9977", ["QS303"]),
        ("baseline: 68.4 %, recovery: 54 %", []),
    ],
)
def test_a_recovery_is_the_ratio_of_its_scores(found, figure, codes):
    assert found(f"top1 {{ {figure} }}") == codes


@pytest.mark.parametrize(
    ("bound", "codes"),
    [
        ("loss(top1) < 1 %", ["QS302"]),
        ("loss(top1) < 1 pp", []),
        ("loss(top1) < 1 % of baseline", ["QS304"]),
        ("loss(top1) < 2 %", []),
        ("loss(top1) < 0.5 %", ["QS304"]),
        ("loss(top1) < 0.5 % expect refuted", []),
        ("top1 >= 99 % of baseline", ["QS304"]),
        ("top1 >= 98 % of baseline", []),
        ("top1 >= 82 %", ["QS304"]),
        ("top1 >= 81.2 %", []),
        ("|loss(top1)| <= 0.5 pp", ["QS304"]),
        ('loss(top1) <= 0.5 pp for site == "a"', []),
    ],
)
def test_a_bound_agrees_with_its_own_table(found, bound, codes):
    assert found("top1 { baseline: 82.20 %, quantized: 81.21 % }", bound) == codes


def test_a_bound_that_is_true_in_one_unit_only_is_not_also_asked_about(check):
    text = SPEC.format(
        reported="top1 { baseline: 82.20 %, quantized: 81.21 % }", bound="loss(top1) < 1 %", title="",
        task="image-classification", metric="top1", executor="baseline: fp32",
    )  # fmt: skip
    codes = [f.code for f in check(text).findings]
    assert "QS302" in codes
    assert "QS220" not in codes


def rows(whole: str, *parts: str) -> str:
    listed = [f'top1 for site == "{"abcdef"[number]}" {{ {part} }}' for number, part in enumerate(parts)]
    return "\n    ".join([f"top1 {{ {whole} }}", *listed])


@pytest.mark.parametrize(
    ("figures", "codes"),
    [
        (rows("quantized: 74.0 %, n: 1000", "quantized: 89.0 %, n: 500", "quantized: 59.0 %, n: 500"), []),
        (rows("quantized: 79.0 %, n: 1000", "quantized: 89.0 %, n: 500", "quantized: 59.0 %, n: 500"), ["QS305"]),
        # The mean of strata, not of examples:
        (rows("quantized: 74.0 %, n: 1000", "quantized: 89.0 %, n: 800", "quantized: 59.0 %, n: 200"), []),
        # By examples:
        (rows("quantized: 83.0 %, n: 1000", "quantized: 89.0 %, n: 800", "quantized: 59.0 %, n: 200"), []),
        # Strata are missing, so nothing can be said:
        (rows("quantized: 79.0 %, n: 2000", "quantized: 89.0 %, n: 500", "quantized: 59.0 %, n: 500"), []),
        (rows("quantized: 79.0 %", "quantized: 89.0 %", "quantized: 59.0 %"), []),
        (rows("quantized: 58.0 %", "quantized: 89.0 %", "quantized: 59.0 %"), []),
        (rows("quantized: 58.0 %", "quantized: 89.0 %", "quantized: 59.0 %", "quantized: 61.0 %"), ["QS305"]),
        (
            rows(
                "baseline: 75.0 %, quantized: 75.4 %",
                "baseline: 90.0 %, quantized: 89.0 %",
                "baseline: 60.0 %, quantized: 59.0 %",
            ),
            ["QS306"],
        ),
        (
            rows(
                "baseline: 75.0 %, quantized: 75.4 %",
                "baseline: 90.0 %, quantized: 91.0 %",
                "baseline: 60.0 %, quantized: 59.0 %",
            ),
            [],
        ),
        ("top1 { quantized: 75.9 % }\n    top1 { quantized: 75.2 % }", ["QS307"]),
        ("top1 { quantized: 75.9 % }\n    top1 { quantized: 75.92 % }", []),
    ],
)  # fmt: skip
def test_rows_agree_with_each_other(found, figures, codes):
    assert found(figures) == codes


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ("quantized: 759 %", ["QS309"]),
        ("quantized: 101 %", ["QS309"]),
        ("quantized: 100.0 %", []),
        ("quantized: -3 %", ["QS309"]),
        ("quantized: 75.9", []),
        ("baseline: 0.761, quantized: 75.9", ["QS310"]),
        ("baseline: 76.1 %, quantized: 0.759 %", ["QS310"]),
        ("baseline: 76.1 %, quantized: 0.1 %", []),  # a collapse, and a true one
        ("baseline: 0.761, quantized: 0.759", []),
        ("quantized: 76.1 %, n: 164", ["QS311"]),
        ("quantized: 76.2 %, n: 164", []),
        ("quantized: 76.1 %, n: 164, runs: 5", []),
        ("quantized: 76.1 %, n: 50000", []),
        ("quantized: 0.7610, n: 164", ["QS311"]),
    ],
)
def test_values_are_possible(found, figure, codes):
    assert found(f"top1 {{ {figure} }}") == codes


@pytest.mark.parametrize(
    ("figure", "n", "codes"),
    [("n: 60000", 50000, ["QS308"]), ("n: 50000", 50000, []), ("n: 60000 images", "50000 images", ["QS308"])],
)
def test_a_figure_rests_on_no_more_than_there_is(found, figure, n, codes):
    test_set = f'baseline: fp32, test-set {{ data: "ILSVRC 2012", split: val, size: {n} }}'
    assert found(f"top1 {{ quantized: 75.90 %, {figure} }}", executor=test_set) == codes


@pytest.mark.parametrize(
    ("bound", "codes"),
    [
        ("latency(p99) <= 25 MB", ["QS312"]),
        ("throughput >= 60 ms", ["QS312"]),
        ("throughput >= 60 images/s", []),
        ("throughput >= 1.2 x baseline", []),
        ("size <= 0.35 x baseline", []),
        ("size <= 35 %", []),
        ("loss(top1) <= 0.1 ppl", ["QS312"]),
        ("loss(top1) <= 1 % of error", []),
        ("top1 >= 76 pp", ["QS312"]),
        ("flips <= 2 %", []),
        ("flips <= 2 pp", ["QS312"]),
        ("agreement >= 99 % of baseline", ["QS312"]),
        ("kl <= 0.1", []),
        ("kl <= 5 %", ["QS312"]),
        ("cosine >= 0.99", []),
    ],
)
def test_units_fit_what_they_measure(found, bound, codes):
    assert found("", bound) == codes


@pytest.mark.parametrize(
    "quantity", ["loss(cosine)", "drop(kl)", "|loss(flips)|", "recovered(flips, from: naive)", "loss(top1)"]
)
def test_a_distance_has_no_loss(found, quantity):
    codes = found("", f"{quantity} <= 5 %", metric="top1, flips, kl, cosine")
    assert codes == ([] if "top1" in quantity else ["QS312"])


@pytest.mark.parametrize(
    ("bound", "codes"),
    [
        ("loss(perplexity) <= 0.1 pp", ["QS312"]),
        ("loss(perplexity) <= 0.1 ppl", []),
        ("loss(perplexity) <= 1 %", []),
        ("perplexity <= 6", []),
        ("perplexity >= 99 % of baseline", ["QS313"]),
        ("perplexity <= 101 % of baseline", []),
        ("loss(perplexity) >= 0.1 ppl", ["QS313"]),
        ("loss(perplexity) >= 0.1 ppl expect refuted", []),
    ],
)
def test_bounds_on_perplexity_stand_on_the_worse_side(found, bound, codes):
    assert found("", bound, **PERPLEXITY) == codes


def test_a_word_error_rate_is_no_metric_of_images(found):
    assert found(metric="wer(normalization: none)") == ["QS314"]
    assert found(**WER) == []
    assert found(task="translation", metric="bleu") == []
    assert found(task="multiple-choice", metric="top1") == []
    assert found(task="language-modelling", metric="nll") == []


@pytest.mark.parametrize(
    ("executor", "codes"),
    [
        ("baseline: fp32, precision { weights: int8, activations: int8 }", []),
        ("baseline: int8, precision { weights: int8, activations: int8 }", ["QS315"]),
        ("baseline: W8A8, precision: int8", ["QS315"]),
        ("baseline: fp16, precision: fp16", ["QS315"]),
        ("baseline: bf16, precision: fp16", []),
        ("baseline: bf16, precision: W4A16 g128", []),
        ("baseline: int8, precision: W4A16 g128", ["QS315"]),
        ("baseline: unstated, precision: int8", []),
        ("baseline: bf16, precision: W4A16 { activations: int4 }", ["QS318"]),
        ("baseline: bf16, precision: W8A8 { activations: uint8 }", []),
        ("baseline: bf16, precision { method: weight-only, weights: int4, activations: int8 }", ["QS318"]),
        ("baseline: bf16, precision { method: weight-only, weights: int4, activations: fp16 }", []),
    ],
)
def test_precisions_agree(found, executor, codes):
    assert found(executor=executor) == codes


@pytest.mark.parametrize(
    ("name", "precision", "codes"),
    [
        ("acme/Llama-3.1-8B-W4A16", "W4A16 g128", []),
        ("acme/Qwen2.5-1.5B-quantized.w8a8", "fp8-e4m3", []),  # eight bits both; the kind is not in the name
        ("acme/Qwen2.5-1.5B-FP8-dynamic", "int8", ["QS318"]),
        ("acme/Qwen2.5-1.5B-FP8-dynamic", "fp8-e4m3", []),
        ("acme/Llama-3.1-8B-quantized.w4a16", "int8", ["QS318"]),
        ("acme/resnet50-int8", "int8", []),
        ("acme/resnet50-int8", "W4A16", ["QS318"]),
    ],
)
def test_a_name_agrees_with_its_precision(found, name, precision, codes):
    model = f'model {{ base: "x" @ "1", quantized: "{name}" @ "2" }}'
    assert found(executor=f"baseline: bf16, {model}\n    precision: {precision}") == codes


BASELINES = """\
qspec 1
model small {{ base: "resnet50" @ "v1" }}
model large {{ base: "resnet152" @ "v1" }}
executor full {{
  model: small, runtime {{ name: onnxruntime }}, task: image-classification, metrics: [top1]
  test-set {{ data: "ILSVRC 2012", split: val }}
  {full}
}}
executor int8 from full {{ baseline: {baseline}, {own} }}
claim small-loss on int8 {{ loss(top1) <= 1 pp }}
"""


@pytest.mark.parametrize(
    ("full", "baseline", "own", "said"),
    [
        ("", "executor full", "", None),
        ("", "executor full", "model: large", "the model (`resnet50`, not `resnet152`)"),
        ("", "executor full", "runtime { name: openvino }", "the runtime (`onnxruntime`, not `openvino`)"),
        ("", "executor full", "metrics: [top1, top5]", "the metric (no `top5`)"),
        (
            "", "executor full", 'test-set { data: "ImageNetV2", split: test }',
            "the test set (`ILSVRC 2012`, not `ImageNetV2`)",
        ),
        ("", "model small", "", None),
        ("", "model large", "", "the model (`resnet152`, not `resnet50`)"),
    ],
)  # fmt: skip
def test_a_baseline_differs_in_precision_alone(check, full, baseline, own, said):
    found = check(BASELINES.format(full=full, baseline=baseline, own=own)).findings
    messages = [f.message for f in found if f.code == "QS316"]
    assert [said in message for message in messages] == ([] if said is None else [True])


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ("baseline: 72.1 %, quantized: 75.9 %, n: 50000", ["QS317"]),
        ("baseline: 75.9 %, quantized: 76.0 %, n: 50000", []),
        ("baseline: 72.1 %, quantized: 75.9 %", []),
        ("baseline: 76.1 %, quantized: 75.9 %, n: 50000", []),
    ],
)
def test_a_gain_beyond_chance_is_asked_about(found, figure, codes):
    assert found(f"top1 {{ {figure} }}") == codes


def test_a_gain_beyond_printed_uncertainties_is_asked_about(found):
    far = "perplexity { baseline: 29.1129 +- 0.28170, quantized: 27.0400 +- 0.26669 }"
    near = "perplexity { baseline: 29.1129 +- 0.28170, quantized: 28.8400 +- 0.26669 }"
    assert found(far, **PERPLEXITY) == ["QS317"]
    assert found(near, **PERPLEXITY) == []


@pytest.mark.parametrize(
    ("title", "precision", "codes"),
    [
        ("Fully INT8 at no cost", 'weights: int8, activations: int8, exclude: ["/head/*"]', ["QS319"]),
        ("Full integer model", 'weights: int8, activations: int8, exclude: ["/head/*"]', ["QS319"]),
        ("Fully INT8 at no cost", "weights: int8, activations: int8", []),
        ("INT8, head in FP32", 'weights: int8, activations: int8, exclude: ["/head/*"]', []),
        ("FP8 KV cache", "weights: int8, activations: int8", ["QS320"]),
        ("KV cache in FP8", "weights: int8, activations: int8", ["QS320"]),
        ("KV cache in FP8", "weights: int8, activations: int8, kv-cache: fp8", []),
        ("KV cache kept at 16 bits", "weights: int8, activations: int8", []),
    ],
)
def test_sentences_agree_with_the_precision(found, title, precision, codes):
    executor = f"baseline: fp32\n    precision {{ {precision} }}"
    assert found(executor=executor, title=f'title: "{title}"') == codes


@pytest.mark.parametrize(
    ("baseline", "bound", "codes"),
    [
        ("99.5 %", "top1 >= 99 % of baseline", ["QS321"]),
        ("99.5 %", "loss(top1) <= 1 % of baseline", ["QS321"]),
        ("76.1 %", "top1 >= 99 % of baseline", []),
        ("99.5 %", "loss(top1) <= 0.05 pp", []),
        ("99.5 %", "top1 >= 99.99 % of baseline", []),
    ],
)
def test_a_kept_share_is_shown_as_growth_of_the_error(found, baseline, bound, codes):
    assert found(f"top1 {{ baseline: {baseline} }}", bound) == codes


def test_the_growth_of_the_error_is_told_in_numbers(check):
    text = SPEC.format(
        reported="top1 { baseline: 99.5 % }", bound="top1 >= 99 % of baseline", title="", metric="top1",
        task="image-classification", executor="baseline: fp32",
    )  # fmt: skip
    (found,) = [f for f in check(text).findings if f.code == "QS321"]
    assert found.message == "`top1 >= 99 % of baseline` lets the error grow by 199 %, from 0.5 % to 1.5 %."
    assert found.severity.value == "warning"


@pytest.mark.parametrize(
    ("title", "figure", "codes"),
    [
        ("a performance improvement of 0.89x", "throughput { ratio: 0.89 }", ["QS322"]),
        ("a performance improvement of 1.89x", "throughput { ratio: 1.89 }", []),
        ("0.89x of the speed", "throughput { ratio: 0.89 }", []),
        ("37x faster", "latency(p50) { baseline: 4.12 ms, quantized: 152 ms }", ["QS322"]),
        ("37x faster", "latency(p50) { baseline: 152 ms, quantized: 4.12 ms }", []),
    ],
)
def test_a_slowdown_is_no_speed_up(found, title, figure, codes):
    assert found(figure, title=f'title: "{title}"') == codes


def test_intervals_of_printed_numbers():
    value = rounding(Quantity.of("76.10"))
    assert (str(value.low), str(value.high)) == ("76.095", "76.105")
    assert rounding(Quantity.of("76")).meets(rounding(Quantity.of("76.5")))
    nothing = Between(value.low - value.high, value.high - value.low)
    assert value.over(nothing) is None
    assert nothing.satisfies("<=", value.low) is True
    assert nothing.satisfies("<=", nothing.middle) is None


MEANS = """\
qspec 1
claim card {{
  executor {{ task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16 }}
  reported {{
    accuracy {{ baseline: {baseline}, quantized: {quantized} }}
    accuracy for benchmark == "a" {{ baseline: 75.21 %, quantized: 75.89 % }}
    accuracy for benchmark == "b" {{ baseline: 76.48 %, quantized: 76.01 % }}
    accuracy for benchmark == "c" {{ baseline: 52.49 %, quantized: 52.60 % }}
    accuracy for benchmark == "d" {{ baseline: 66.54 %, quantized: 66.55 % }}
  }}
}}
"""


@pytest.mark.parametrize(
    ("baseline", "quantized", "fires"),
    [
        ("67.68 %", "67.76 %", False),
        ("67.76 %", "67.68 %", True),  # swapped
        ("67.68 %", "67.97 %", True),  # one of the two is of these rows, and the other is not
        ("68.69 %", "68.54 %", False),  # rows are missing, and nobody can tell
    ],
)
def test_a_mean_that_is_not_of_its_rows(check, baseline, quantized, fires):
    found = [
        f for f in check(MEANS.format(baseline=baseline, quantized=quantized)).findings if f.code == "QS305"
    ]
    assert bool(found) is fires
