"""Sentences that say more than was measured, and evidence that is none."""

import pytest

SPEC = """\
qspec 1
{before}
claim brochure {{
  {claim}
  executor {{
    model {{ base: "ResNet-50 v1.5" }}, baseline: bf16
    {executor}
  }}
  {reported}
  {bound}
}}
"""
IMAGES = "task: image-classification, metrics: [top1]"
CHOICE = "task: multiple-choice, metrics: [accuracy(normalization: none)]"


@pytest.fixture
def found(check):
    def run(
        claim: str = "",
        executor: str = IMAGES,
        bound: str = "",
        *,
        reported: str = "",
        before: str = "",
        profile: str = "default",
    ) -> dict[str, str]:
        figures = f"reported {{ {reported} }}" if reported else ""
        text = SPEC.format(before=before, claim=claim, executor=executor, reported=figures, bound=bound)
        report = check(text, profile=profile)
        assert not report.has_syntax_errors
        return {f.code: f.message for f in report.findings if f.code.startswith("QS8")}

    return run


@pytest.mark.parametrize(
    ("title", "fires"),
    [
        ("INT8 preserves accuracy across all models", True),
        ("Runs on every device without loss", False),
        ("Accuracy is kept for all of the tested architectures", True),
        ("Works across our model families", True),
        ("A recognizer loses nothing on a test that nearly every model passes", False),
        ("INT8 keeps the top-1 of ResNet-50", False),
        ("All is well", False),
    ],
)
def test_a_sentence_about_a_family(found, title, fires):
    assert ("QS801" in found(f'title: "{title}"')) is fires


def test_several_evaluations_may_be_spoken_of_together(found):
    two = f"evaluation a {{ {CHOICE} }}\n    evaluation b {{ {CHOICE} }}"
    assert "QS801" not in found('title: "Accuracy is kept across all tasks"', two)


@pytest.mark.parametrize(
    ("title", "fires"),
    [
        ("The best of 24 mixed configurations loses 0.1 points", True),
        ("The best configuration loses 0.1 points", True),
        ("The best configuration on the validation split loses 0.1 points", False),
        ("The best model of its class", False),
        ("A best practice", False),
    ],
)
def test_the_best_of_a_sweep(found, title, fires):
    assert ("QS802" in found(f'title: "{title}"')) is fires


@pytest.mark.parametrize(
    ("title", "executor", "fires"),
    [
        ("4-bit quantization preserves model quality", CHOICE, True),
        ("Capabilities are retained", CHOICE, True),
        ("4-bit quantization preserves model quality", f"evaluation a {{ {CHOICE} }}, evaluation b {{ {CHOICE} }}", False),
        ("4-bit quantization preserves model quality", IMAGES, False),
        ("MMLU stays within a point", CHOICE, False),
    ],
)  # fmt: skip
def test_one_benchmark_for_quality(found, title, executor, fires):
    assert ("QS803" in found(f'title: "{title}"', executor)) is fires


TEXT = "task: language-modelling, metrics: [perplexity(per: token)]"


@pytest.mark.parametrize(
    ("executor", "bound", "fires"),
    [
        (TEXT, "loss(perplexity) <= 0.1 ppl", True),
        (TEXT, "loss(perplexity) <= 0.1 ppl\n  flips <= 2 %", False),
        (f"evaluation a {{ {TEXT} }}, evaluation b {{ {CHOICE} }}", "", False),
        (f"evaluation a {{ {TEXT} }}, evaluation b {{ {TEXT} }}", "", True),
    ],
)
def test_perplexity_as_the_only_witness(found, executor, bound, fires):
    assert ("QS804" in found("", executor, bound)) is fires


@pytest.mark.parametrize(
    ("profile", "bound", "fires"),
    [
        ("decision-grade", "loss(top1) <= 1 pp", True),
        ("decision-grade", "loss(top1) <= 1 pp\n  loss(top1) <= 5 pp for each site", False),
        ("default", "loss(top1) <= 1 pp", False),
    ],
)
def test_aggregates_where_strata_are_asked_for(found, profile, bound, fires):
    assert ("QS805" in found("", f"{IMAGES}, strata {{ site: by site }}", bound, profile=profile)) is fires


@pytest.mark.parametrize(
    ("claim", "reported", "fires"),
    [
        ("evidence: [tuning-criterion, device]", "", True),
        ("evidence: requirement", "top1 { baseline: 76.1 %, quantized: 75.9 % }", True),
        ("evidence: requirement", "", False),
        ("evidence: [literature, device]", "", True),
        ('source { vendor: "ACME" }, evidence: [literature, simulated]', "", False),
        ("evidence: device", "top1 { baseline: 76.1 %, quantized: 75.9 % }", False),
        ('title: "tuned until the loss is below 1 percent"', "", True),
        ('title: "the accuracy target is 1 point"', "", True),
        ('title: "the accuracy target is 1 point", evidence: requirement', "", False),
    ],
)
def test_wishes_and_measurements(found, claim, reported, fires):
    assert ("QS806" in found(claim, reported=reported)) is fires


MAMMO = (
    'dataset mammo { source: "m.npz", version: "3", splits { tune: fold == "tune", test: fold == "test" } }'
)
POINT = "task: image-classification, metrics: [sensitivity(at: specificity >= 95 %)], test-set { data: mammo.test }"


@pytest.mark.parametrize(
    ("threshold", "fires"),
    [
        ("threshold { from: mammo.test }", True),
        ("threshold { from: mammo }", True),
        ("threshold { from: mammo.tune }", False),
        ("threshold { value: 0.5 }", False),
        ("", True),
    ],
)
def test_thresholds_from_the_exam(found, threshold, fires):
    assert ("QS807" in found("", f"{POINT}, {threshold}", before=MAMMO)) is fires


def test_a_metric_without_an_operating_point_needs_no_threshold(found):
    assert "QS807" not in found()


@pytest.mark.parametrize(
    ("metrics", "threshold", "fires"),
    [
        ("sensitivity(at: specificity >= 95 %), ppv(threshold: frozen)", "from: mammo.tune", False),
        ("sensitivity(at: specificity >= 95 %), ppv", "from: mammo.tune", False),
        ("ppv(threshold: frozen)", "value: 0.6", False),
        ("ppv(threshold: frozen)", "from: mammo.tune", True),
        ("ppv", "from: mammo.tune", True),
        ("ppv(threshold: 0.4)", "from: mammo.tune", False),
        (
            "sensitivity(at: specificity >= 95 %), npv(at: sensitivity >= 90 %), ppv(threshold: frozen)",
            "from: mammo.tune",
            True,
        ),
    ],
)
def test_thresholds_that_nothing_decides(found, metrics, threshold, fires):
    test = f"task: image-classification, metrics: [{metrics}], test-set {{ data: mammo.test }}"
    assert ("QS807" in found("", f"{test}, threshold {{ {threshold} }}", before=MAMMO)) is fires


DEVICE = f'{IMAGES}, hardware {{ device: "Edge NPU 2" }}'


@pytest.mark.parametrize(
    ("claim", "executor", "bound", "fires"),
    [
        ("evidence: emulator", DEVICE, "latency(p99) <= 5 ms", True),
        ("evidence: engine", DEVICE, "throughput >= 5 /s", True),
        ("evidence: [emulator, device]", DEVICE, "latency(p99) <= 5 ms", False),
        ("evidence: emulator", DEVICE, "latency(p99) <= 5 ms expect not-measured", False),
        ("evidence: emulator", DEVICE, "loss(top1) <= 1 pp", False),
        ("evidence: emulator", IMAGES, "latency(p99) <= 5 ms", False),
    ],
)
def test_a_device_that_nobody_timed(found, claim, executor, bound, fires):
    assert ("QS808" in found(claim, executor, bound)) is fires


def test_scores_of_the_parent(found):
    three = ", ".join(f"evaluation {name} {{ {CHOICE} }}" for name in "abc")
    same = "\n".join(
        f"accuracy on {name} {{ baseline: 6{i}.19 %, quantized: 6{i}.19 % }}" for i, name in enumerate("abc")
    )
    assert "QS809" in found("", three, reported=same)
    assert "QS809" not in found("", three, reported=same.replace("quantized: 60.19", "quantized: 60.18"))
    assert "QS809" not in found("", three, reported=same.rpartition("\n")[0])


CRITICAL = """\
qspec 1
claim grade {{
  profile: safety-critical
  executor {{
    task: image-classification, metrics: [top1], baseline: fp32
    precision {{ {precision} }}
    test-set {{ data: {data}, split: test, composition: domain-matched, size: 12400 }}
    strata {{ site: by site }}
    {statistics}
  }}
  loss(top1) <= 0.5 pp
  {each}
}}
{after}
"""
GOOD = {
    "precision": "method: qat, weights: int8",
    "data": '"site-data" @ "2024.1"',
    "statistics": "statistics { confidence: 99 % }",
    "each": "loss(top1) <= 1 pp for each site",
    "after": "",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"each": ""}, "no stratum of it is bounded"),
        ({"data": '"site data 2024"'}, "cannot be fetched again"),
        ({"statistics": ""}, "confidence"),
        ({"precision": "method: ptq-static, weights: int8"}, "quantization-aware"),
        (
            {
                "precision": "method: ptq-static, weights: int8",
                "after": "executor other { precision { method: qat, weights: int8 } }",
            },
            None,
        ),
        ({"precision": 'method: ptq-static, weights: int8, exclude: ["/head/*"]'}, None),
    ],
)
def test_what_a_safety_critical_claim_must_say(check, change, said):
    found = [f for f in check(CRITICAL.format(**{**GOOD, **change})).findings if f.code == "QS810"]
    assert [said in f.message for f in found] == ([True] if said else [])
    assert all(f.severity == "error" for f in found)


def test_these_requirements_are_for_that_profile_alone(codes):
    text = CRITICAL.format(**{**GOOD, "each": ""}).replace("profile: safety-critical", "profile: default")
    assert "QS810" not in codes(text)
