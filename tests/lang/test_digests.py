"""Digests see meaning and nothing else: values, imports and what is inherited, and no comment, layout or spelling."""

import pytest

from qspec.lang.digests import assertions_digest, executor_digest
from qspec.lang.load import load, load_source
from qspec.lang.resolve import Resolver
from qspec.lang.source import Source

SPEC = """\
qspec 1
use "machines.qspec"
dataset digits { source: "d.npz", version: "1", splits { train: 0..898, test: 898..1797 } }
model cnn { file: "cnn.onnx", sha256: "ab" }
executor base { model: cnn, hardware: box, task: image-classification, baseline: fp32 }
executor small from base {
  precision { method: ptq-static, weights: int8 }
  calibration { data: digits.train, method: entropy, size: 128 }
  metrics: [top1]
  test-set { data: digits.test, composition: clean }
}
claim one on small { loss(top1) <= 1 pp }
"""
MACHINES = 'qspec 1\nhardware box { cpu: "Xeon", cores: 2 }\n'


@pytest.fixture
def digests(tmp_path):
    def run(spec: str = SPEC, machines: str = MACHINES) -> tuple[str, str]:
        (tmp_path / "machines.qspec").write_text(machines)
        path = tmp_path / "spec.qspec"
        path.write_text(spec)
        workspace = load(path)
        assert not workspace.errors
        claim = Resolver(workspace).claims()[0]
        return executor_digest(claim), assertions_digest(claim)

    return run


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: 128", "size: 128.0"),
        ("size: 128", "size: 1_28"),
        ("baseline: fp32", "baseline:   fp32  # the export\n"),
        ("cores: 2", "cores: 2.0"),
        ("metrics: [top1]\n  test-set", "metrics: [top1]\n\n  # what is tested\n  test-set"),
        ("claim one on small {", 'claim one on small {\n  title: "A sentence"\n  evidence: device\n '),
        ("claim one on small {", "claim one on small {  # qspec: allow QS1 because \"draft\"\n "),
        ("loss(top1) <= 1 pp", "reported { top1 { quantized: 75.9 % } }\n  loss(top1) <= 1 pp"),
        ("loss(top1) <= 1 pp", "loss(top1) <= 1.0 pp"),
    ],
)  # fmt: skip
def test_what_does_not_count(digests, old, new):
    assert (old in SPEC) != (old in MACHINES)
    assert digests(SPEC.replace(old, new), MACHINES.replace(old, new)) == digests()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: 128", "size: 129"),
        ("baseline: fp32", "baseline: fp16"),
        ("cores: 2", "cores: 4"),
        ('sha256: "ab"', 'sha256: "cd"'),
        ("test: 898..1797", "test: 899..1797"),
        ("weights: int8", "weights: int4"),
        ("metrics: [top1]", "metrics: [top1, top5]"),
        ("composition: clean", "composition: stratified"),
    ],
)
def test_what_makes_scores_stale(digests, old, new):
    executor, assertions = digests(SPEC.replace(old, new), MACHINES.replace(old, new))
    assert executor != digests()[0]
    assert assertions == digests()[1]


@pytest.mark.parametrize(
    "new", ["<= 2 pp", "< 1 pp", "<= 1 % of baseline", "<= 1 pp at 99 %", "<= 1 pp expect refuted"]
)
def test_what_makes_verdicts_stale(digests, new):
    executor, assertions = digests(SPEC.replace("<= 1 pp", new))
    assert executor == digests()[0]
    assert assertions != digests()[1]


def test_the_executor_of_the_baseline_counts(tmp_path):
    text = """\
qspec 1
executor full {{ task: image-classification, metrics: [top1], baseline: {0} }}
executor small {{ task: image-classification, metrics: [top1], baseline: executor full }}
claim one on small {{ loss(top1) <= 1 pp }}
"""

    def digest(baseline: str) -> str:
        source = Source("spec.qspec", text.format(baseline))
        return executor_digest(Resolver(load_source(source, root=tmp_path)).claims()[0])

    assert digest("fp32") != digest("fp16")
    assert digest("executor small") == digest("executor small")  # going round in a circle ends


def test_statistics_decide_how_scores_are_judged_and_only_seeds_what_is_run(digests):
    executor, assertions = digests(
        SPEC.replace("metrics: [top1]", "metrics: [top1]\n  statistics { confidence: 99 %, seed: 3 }")
    )
    assert executor == digests()[0]
    assert assertions != digests()[1]
    drawn, _ = digests(SPEC.replace("metrics: [top1]", "metrics: [top1]\n  statistics { seeds: 5 }"))
    assert drawn != digests()[0]
