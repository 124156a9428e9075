"""Every pattern that the rules promise to find is found, in words other than those of the rules' own examples."""

from __future__ import annotations

import pytest

from qspec.metrics import registry as metrics
from qspec.metrics.tasks import TASKS

SPEC = """\
qspec 1
{declared}
claim brochure {{
  source   {{ vendor: "ACME", url: "https://acme.example/q", kind: vendor-document }}
  evidence: vendor
  {title}
  executor {{
    {executor}
  }}
  {claim}
}}
"""

OWN = """\
qspec 1
claim ours {{
  executor {{ {executor} }}
  {claim}
}}
"""

VISION = "task: image-classification, metrics: [top1], baseline: fp32"
LANGUAGE = "task: language-modelling, metrics: [perplexity(per: token)], baseline: bf16"
FASTER = "throughput >= 2 x baseline"
STATIC = "precision { method: ptq-static, weights: int8, activations: uint8 }"
W4 = "precision { method: weight-only, weights: int4 { granularity: per-group(128) } }"
CPU = (
    'hardware { cpu: "Intel Xeon Gold 6330" }, runtime { name: onnxruntime, version: "1.31", provider: cpu }'
)
TEST = 'test-set { data: "ImageNet 2012", split: validation, composition: clean, size: 50000 }'
SPLITS = 'dataset site { source: "site.npz", label: y, splits { tune: 0..500, test: 400..2000 } }'


def spec(executor: str = VISION, claim: str = "", title: str = "", declared: str = "") -> str:
    title = f"title: {title!r}".replace("'", '"') if title else ""
    return SPEC.format(executor=executor, claim=claim, title=title, declared=declared)


PATTERNS: dict[str, tuple[str, str]] = {
    # QS2: what names nothing
    "soft: negligible": ("QS201", spec(title="INT8 at negligible cost")),
    "soft: near-lossless": ("QS201", spec(title="Near-lossless four-bit weights")),
    "soft: comparable": ("QS201", spec(title="Accuracy comparable to floats")),
    "soft: minimal": ("QS201", spec(title="Minimal degradation")),
    "soft: virtually": ("QS201", spec(title="Virtually the same answers")),
    "soft: on par": ("QS201", spec(title="On par with BF16")),
    "up to": ("QS202", spec(title="Up to 4x faster")),
    "percent of what": ("QS220", spec(claim="loss(top1) <= 0.5 %")),
    "few-shot count and template": (
        "QS210", spec("task: reasoning, metrics: [exact-match], baseline: bf16", "loss(exact-match) <= 1 pp"),
    ),
    # QS3: contradictions
    "loss is not the difference": (
        "QS301", spec(claim="reported { top1 { baseline: 80.0 %, quantized: 79.0 %, loss: 0.5 pp } }"),
    ),
    "loss of an error metric is not the difference": (
        "QS301", spec(
            "task: speech-recognition, metrics: [wer(normalization: plain)], baseline: fp32",
            "reported { wer(normalization: plain) { baseline: 5.0 %, quantized: 6.0 %, loss: 0.2 pp } }",
        ),
    ),
    "holds under one reading": (
        "QS302", spec(claim="reported { top1 { baseline: 82.20 %, quantized: 81.21 % } }\n  loss(top1) <= 1 %"),
    ),
    "recovery is not the ratio": (
        "QS303", spec(claim="reported { top1 { baseline: 80.0 %, quantized: 79.0 %, recovery: 99.9 % } }"),
    ),
    "strata do not average": (
        "QS305", spec(claim="""reported {
    top1 { baseline: 70.0 %, quantized: 69.0 %, n: 300 }
    top1 for site == "a" { baseline: 90.0 %, quantized: 89.0 %, n: 100 }
    top1 for site == "b" { baseline: 80.0 %, quantized: 79.0 %, n: 200 }
  }"""),
    ),
    "averages swapped": (
        "QS305", spec(claim="""reported {
    top1 { baseline: 68.0 %, quantized: 70.0 % }
    top1 for benchmark == "a" { baseline: 60.0 %, quantized: 58.0 % }
    top1 for benchmark == "b" { baseline: 70.0 %, quantized: 68.0 % }
    top1 for benchmark == "c" { baseline: 80.0 %, quantized: 78.0 % }
  }"""),
    ),
    "whole and strata of opposite sign": (
        "QS306", spec(claim="""reported {
    top1 { baseline: 70.0 %, quantized: 71.0 % }
    top1 for site == "a" { baseline: 90.0 %, quantized: 89.0 % }
    top1 for site == "b" { baseline: 60.0 %, quantized: 58.0 % }
  }"""),
    ),
    "one value twice": (
        "QS307", spec(claim="reported { top1 { quantized: 75.9 % }, top1 { baseline: 76.1 %, quantized: 75.2 % } }"),
    ),
    "outside of the range": ("QS309", spec(claim="reported { top1 { baseline: 101 %, quantized: 100 % } }")),
    "a perplexity below one": (
        "QS309", spec(LANGUAGE, "reported { perplexity(per: token) { baseline: 0.8, quantized: 0.9 } }"),
    ),
    "fraction and per cent": ("QS310", spec(claim="reported { top1 { baseline: 0.761, quantized: 75.9 } }")),
    "not a multiple of 1/n": (
        "QS311", spec(claim="reported { top1 { baseline: 76.1 %, quantized: 75.6 %, n: 164 } }"),
    ),
    "direction ignored": (
        "QS313", spec(LANGUAGE, "reported { perplexity(per: token) { baseline: 5.0, quantized: 5.2, loss: -0.2 } }"),
    ),
    "a bound that harm keeps": ("QS313", spec(LANGUAGE, "perplexity(per: token) >= 6")),
    "metric of another task": (
        "QS314", spec("task: translation, metrics: [top1], baseline: fp32", "loss(top1) <= 1 pp"),
    ),
    "baseline at the same precision": (
        "QS315", spec("task: text-classification, metrics: [top1], baseline: int8, precision: W8A8"),
    ),
    "quantized baseline": (
        "QS315", spec(f"task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: fp8, {W4}"),
    ),
    "baseline in another runtime": (
        "QS316", spec(
            f"{VISION.replace('baseline: fp32', 'baseline: executor other')}, runtime {{ name: tensorrt }}",
            "loss(top1) <= 1 pp", declared=f"executor other {{ {VISION}, runtime {{ name: pytorch }} }}",
        ),
    ),
    "baseline on other data": (
        "QS316", spec(
            f"{VISION.replace('baseline: fp32', 'baseline: executor other')}, {TEST}",
            "loss(top1) <= 1 pp",
            declared=f'executor other {{ {VISION}, test-set {{ data: "ImageNet-V2" }} }}',
        ),
    ),
    "baseline by another metric": (
        "QS316", spec(
            VISION.replace("baseline: fp32", "baseline: executor other"), "loss(top1) <= 1 pp",
            declared=f"executor other {{ {VISION.replace('top1', 'top5')} }}",
        ),
    ),
    "another model as the baseline": (
        "QS316", spec(
            VISION.replace("baseline: fp32", 'baseline: model other, model { base: "ResNet-50" @ "1" }'),
            "loss(top1) <= 1 pp", declared='model other { base: "ResNet-18" @ "1" }',
        ),
    ),
    "better than chance explains": (
        "QS317", spec(claim="reported { top1 { baseline: 60.0 %, quantized: 75.0 %, n: 1000 } }"),
    ),
    "W4A16 with INT4 activations": (
        "QS318", spec(f"{VISION}, precision: W4A16 {{ activations: int4 }}", "loss(top1) <= 1 pp"),
    ),
    "the file's name against the scheme": (
        "QS318", spec(f'{VISION}, precision: W8A8, model {{ base: "m", quantized: "m-fp8-dynamic" }}'),
    ),
    "fully INT8 with exceptions": (
        "QS319", spec(
            f"{VISION}, precision {{ method: ptq-static, weights: int8, activations: uint8, exclude: [\"/head/*\"] }}",
            title="Fully INT8 on the edge",
        ),
    ),
    "key-value cache": ("QS320", spec(f"{LANGUAGE}, {W4}", title="Four-bit weights and a quantized KV cache")),
    "error may grow": (
        "QS321", spec(claim="reported { top1 { baseline: 99.5 %, quantized: 99.0 % } }\n  top1 >= 99 % of baseline"),
    ),
    "perplexities of two normalisations": (
        "QS323", spec(
            LANGUAGE.replace("token)", "token), perplexity(per: byte)"),
            "reported { perplexity(per: token) { baseline: 5.1 }, perplexity(per: byte) { quantized: 1.7 } }",
        ),
    ),
    "slower sold as faster": ("QS322", spec(claim="reported { throughput { ratio: 0.9 } }", title="A speed-up")),
    # QS4: statistics
    "interval wider than the effect": (
        "QS401", spec(claim="reported { top1 { baseline: 68.4 %, quantized: 67.9 %, n: 14042 } }\n  loss(top1) <= 1 pp"),
    ),
    "unresolvable": (
        "QS402", spec(claim="reported { top1 { baseline: 72.6 %, quantized: 70.7 %, n: 164 } }\n  loss(top1) <= 2 pp"),
    ),
    "stratum too small": (
        "QS403", spec(claim="""reported { top1 for site == "a" { baseline: 90.0 %, quantized: 89.0 %, n: 100 } }
  loss(top1) <= 1 pp for site == "a\""""),
    ),
    "tighter than one example": (
        "QS404", spec(f"{VISION}, test-set {{ data: site, size: 80 }}", "loss(top1) <= 1 pp"),
    ),
    "many metrics": (
        "QS405", spec(claim="reported { " + ", ".join(
            f'top1 for site == "{number}" {{ baseline: {60 + number}.1 %, quantized: {60 + number}.0 % }}'
            for number in range(12)
        ) + " }"),
    ),
    "unpaired": ("QS406", spec(claim="reported { top1 { baseline: 68.4 % +- 0.4 %, quantized: 67.9 % +- 0.4 % } }")),
    "below the bias floor": (
        "QS407", spec(
            "task: image-classification, metrics: [top1, ece(bins: 15)], baseline: fp32",
            "reported { top1 { baseline: 80.0 %, quantized: 79.5 %, n: 500 },"
            " ece(bins: 15) { baseline: 0.5 %, quantized: 0.6 %, n: 500 } }",
        ),
    ),
    "floor": ("QS408", spec(claim="reported { top1 { baseline: 2.0 %, quantized: 2.0 %, n: 50 } }")),
    "ceiling": ("QS408", spec(claim="reported { top1 { baseline: 99.8 %, quantized: 99.8 % } }")),
    "averages that cancel": (
        "QS409", spec(claim="""reported {
    top1 { baseline: 70.0 %, quantized: 69.9 % }
    top1 for benchmark == "a" { baseline: 60.0 %, quantized: 57.0 % }
    top1 for benchmark == "b" { baseline: 80.0 %, quantized: 82.8 % }
  }"""),
    ),
    "percentile of few calls": ("QS410", spec(claim="reported { latency(p99) { quantized: 20 ms, n: 100 } }")),
    "clusters": ("QS412", OWN.format(executor=LANGUAGE, claim="loss(perplexity) <= 0.1 ppl")),
    "hidden behind a mean": (
        "QS413", spec(
            f"{VISION}, {TEST}, strata {{ size: quantiles(area, 4) }}", "loss(top1) <= 1 pp",
        ),
    ),
    # QS5: calibration
    "required and absent": ("QS100", spec(f"{VISION}, {STATIC}", "loss(top1) <= 1 pp")),
    "reads no data": (
        "QS504", spec(
            f'{VISION}, precision {{ method: ptq-dynamic, weights: int8, activations: uint8 }}, calibration {{ data: "C4" }}',
        ),
    ),
    "denied, and data are read": (
        "QS503", spec(f'{VISION}, {STATIC}, calibration: not-applicable "it is data-free"'),
    ),
    "data-free in name": (
        "QS503", spec(
            f'{LANGUAGE}, precision {{ method: weight-only, weights: int4, recipe: gptq }},'
            ' calibration: not-applicable "random tokens are enough"',
        ),
    ),
    "calibrated on the exam": (
        "QS501", spec(
            f"{VISION}, {STATIC}, calibration {{ data: site.tune, method: minmax, size: 100 }}, test-set {{ data: site.test }}",
            declared=SPLITS,
        ),
    ),
    "one file by its digest": (
        "QS501", spec(
            f"{VISION}, {STATIC}, calibration {{ data: one, method: minmax, size: 100 }}, test-set {{ data: two }}",
            declared=f'dataset one {{ source: "a.npz", sha256: "{"a" * 64}" }}\n'
            f'dataset two {{ source: "b.npz", sha256: "{"a" * 64}" }}',
        ),
    ),
    "distribution with integers": (
        "QS505", spec(f'{VISION}, {STATIC}, calibration {{ data: "site", method: distribution, size: 500 }}'),
    ),
    "too few samples": ("QS506", spec(f'{VISION}, {STATIC}, calibration {{ data: "site", method: minmax, size: 8 }}')),
    "domains differ": (
        "QS507", spec(f'{VISION}, {STATIC}, {TEST}, calibration {{ data: "COCO 2017", method: minmax, size: 500 }}'),
    ),
    "the sister split": (
        "QS508", spec(
            f'{LANGUAGE}, {W4}, calibration {{ data: "WikiText-2 train", method: gptq, size: 128 }},'
            ' test-set { data: "WikiText-2", split: test }',
        ),
    ),
    # QS6: the pair
    "speed without accuracy": ("QS100", spec(claim=FASTER)),
    "at another batch": (
        "QS601", spec(
            f"{VISION.replace('baseline: fp32', 'baseline: executor other')}, load {{ batch: 32 }}",
            FASTER, declared=f"executor other {{ {VISION}, load {{ batch: 1 }} }}",
        ),
    ),
    "at another length": (
        "QS601", spec(
            f"{LANGUAGE.replace('baseline: bf16', 'baseline: executor other')}, load {{ batch: 1, prompt-tokens: 512 }}",
            FASTER,
            declared=f"executor other {{ {LANGUAGE}, load {{ batch: 1, prompt-tokens: 4096 }} }}",
        ),
    ),
    "on other hardware": (
        "QS601", spec(
            f'{VISION.replace("baseline: fp32", "baseline: executor other")}, hardware {{ accelerator: "NVIDIA H100" }}',
            FASTER,
            declared=f'executor other {{ {VISION}, hardware {{ accelerator: "NVIDIA A100" }} }}',
        ),
    ),
    "against FP32": (
        "QS602", spec(f'{VISION}, hardware {{ accelerator: "NVIDIA H100" }}, {STATIC}', FASTER),
    ),
    "mean latency": ("QS603", spec(claim="latency(mean) <= 20 ms")),
    "warm-up, duration, concurrency": ("QS604", spec(claim="reported { throughput { baseline: 10 /s, quantized: 20 /s } }")),
    "power": ("QS604", spec(claim="reported { energy { baseline: 2 J, quantized: 1 J } }")),
    "memory is the file": (
        "QS605", spec(claim="""reported {
    memory { baseline: 100 MB, quantized: 25 MB }
    size { baseline: 100 MB, quantized: 25 MB }
  }"""),
    ),
    "simulated, and fast": (
        "QS606", spec(f"{VISION}, precision {{ method: simulated, weights: int4, activations: int4 }}", FASTER),
    ),
    # QS7: the executor
    "fp8 on a processor": ("QS701", spec(f"{VISION}, {CPU}, precision {{ weights: fp8-e4m3, activations: fp8-e4m3 }}")),
    "u8 x u8": ("QS701", spec(f"{VISION}, {CPU}, {STATIC.replace('int8,', 'uint8,')}")),
    "int16 activations": (
        "QS701", spec(f"{VISION}, {CPU}, precision {{ method: ptq-static, weights: int8, activations: int16 }}"),
    ),
    "no VNNI": (
        "QS702", spec(
            f"{VISION}, {STATIC}, runtime {{ name: onnxruntime, provider: cpu }},"
            ' hardware { cpu: "Intel Xeon E5-2690", instruction-sets: [avx2] }',
        ),
    ),
    "dynamic, and no batch": (
        "QS703", spec(
            f"{VISION}, precision {{ method: ptq-dynamic, weights: int8, activations: uint8 {{ granularity: per-tensor }} }}",
        ),
    ),
    "emulated": (
        "QS704", spec(f"{VISION}, {CPU}, precision {{ method: cast, weights: fp16, activations: fp16 }}", FASTER),
    ),
    "provider that there is not": ("QS010", spec(f"{VISION}, runtime {{ name: onnxruntime, provider: cudaa }}")),
    "provider without its hardware": (
        "QS705", spec(f'{VISION}, runtime {{ name: onnxruntime, provider: cuda }}, hardware {{ device: cpu }}'),
    ),
    "option unknown": (
        "QS706", spec(f"{VISION}, runtime {{ name: onnxruntime, provider: cpu, options {{ arena_size: 4 }} }}"),
    ),
    # QS8: scope
    "a family": ("QS801", spec(f'{VISION}, model {{ base: "ResNet-50" @ "1" }}', title="All our models keep their accuracy")),
    "best of a sweep": ("QS802", spec(claim="loss(top1) <= 1 pp", title="The best of twelve configurations")),
    "the whole family": (
        "QS801", spec(f'{VISION}, model {{ base: "ResNet-50" @ "1" }}', title="INT8 for the whole ResNet family"),
    ),
    "one benchmark for quality": (
        "QS803", spec(
            "task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16", "loss(accuracy) <= 1 pp",
            title="Model quality after quantization",
        ),
    ),
    "perplexity alone": ("QS804", spec(LANGUAGE, "loss(perplexity) <= 0.1 ppl")),
    "a tuning criterion": (
        "QS806", spec(claim="reported { top1 { baseline: 76.1 %, quantized: 75.9 % } }").replace(
            "evidence: vendor", "evidence: tuning-criterion"
        ),
    ),
    "threshold from the exam": (
        "QS807", spec(
            "task: image-classification, metrics: [sensitivity(at: specificity >= 95 %)], baseline: fp32,"
            " threshold { from: site.test }, test-set { data: site.test }",
            declared=SPLITS,
        ),
    ),
    "hardware nobody measured": (
        "QS808", spec(f'{VISION}, hardware {{ device: "Hailo-8" }}', FASTER).replace(
            "evidence: vendor", "evidence: emulator"
        ),
    ),
    "scores of the parent": (
        "QS809", spec(claim="reported { " + ", ".join(
            f'top1 for site == "{name}" {{ baseline: 7{number}.13 %, quantized: 7{number}.13 % }}'
            for number, name in enumerate("abc")
        ) + " }"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_found(check, name):
    code, text = PATTERNS[name]
    report = check(text)
    assert not report.has_syntax_errors, [f.message for f in report.findings if f.code == "QS001"]
    found = {finding.code for finding in report.findings}
    assert code in found, sorted(found)


NEEDED = [
    (metric.name, task, parameter.name)
    for metric in metrics
    for task in sorted(metric.tasks)
    for parameter in metric.parameters
    if parameter.required_for(task) and task in TASKS and not metric.name.endswith("@k")
]


@pytest.mark.parametrize(("metric", "task", "parameter"), NEEDED)
def test_a_parameter_that_a_metric_needs_is_asked_for(check, metric, task, parameter):
    text = spec(f"task: {task}, metrics: [{metric}], baseline: fp32", "throughput >= 1 x baseline")
    axis = check(text).claims[0].graded.axes["metric"]
    assert axis.state == "vague"
    assert parameter in (axis.why or "")


def test_the_parameters_named_by_the_rules_are_among_them():
    named = {(metric, parameter) for metric, _, parameter in NEEDED}
    assert named >= {
        ("f1", "averaging"),
        ("ece", "bins"),
        ("perplexity", "per"),
        ("wer", "normalization"),
        ("map", "iou"),
        ("psnr", "peak"),
        ("rouge", "variant"),
        ("accuracy", "normalization"),
    }


@pytest.mark.parametrize("metric", ["recall", "precision", "ndcg", "hit-rate"])
def test_a_ranking_without_its_depth_is_vague(check, metric):
    text = spec(f"task: retrieval, metrics: [{metric}], baseline: fp32", "throughput >= 1 x baseline")
    assert check(text).claims[0].graded.axes["metric"].state == "vague"


def test_a_published_bleu_needs_its_tokenizer_and_ours_has_one(check):
    theirs = check(spec("task: translation, metrics: [bleu], baseline: fp32")).claims[0].graded.axes["metric"]
    ours = check(
        OWN.format(executor="task: translation, metrics: [bleu], baseline: fp32", claim="loss(bleu) <= 1")
    )
    assert theirs.why == "`bleu` does not say its tokenize"
    assert ours.claims[0].graded.axes["metric"].state == "stated"


VAGUE = {
    "task": 'task: "general capability", metrics: [top1], baseline: fp32',
    "baseline": 'task: image-classification, metrics: [top1], baseline: "original"',
    "metric": "task: image-classification, metrics: [accuracy], baseline: fp32",
    "model": 'task: image-classification, metrics: [top1], baseline: fp32, model { base: "ResNet" }, precision: W8A8',
    "test_set": f'{VISION}, test-set {{ data: "standard benchmark", split: test, composition: clean }}',
    "calibration": f'{VISION}, calibration {{ data: "representative data", method: minmax, size: 100 }}',
}


@pytest.mark.parametrize("axis", VAGUE)
def test_a_value_that_names_nothing_leaves_its_axis_vague(check, axis):
    assert check(spec(VAGUE[axis])).claims[0].graded.axes[axis].state == "vague"
