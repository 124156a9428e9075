"""Whether a claim travels: axis by axis the same, different, or left to the reader."""

import pytest

from qspec.checks.transfer import transfer
from qspec.lang.load import load_source
from qspec.lang.resolve import Resolver
from qspec.lang.source import Source

SPEC = """\
qspec 1
hardware box {{ cpu: "Intel Core i7", cores: 4 }}
hardware other {{ cpu: "AMD EPYC" }}
executor digits {{
  {hardware}
  runtime {{ name: onnxruntime, version: "1.31", provider: cpu }}
  model {{ base: "digits" @ "1", quantized: "digits-q" @ "1" }}
  baseline: fp32
  precision {{ method: ptq-static, weights: int8, activations: uint8 }}
  {calibration}
  task: image-classification, metrics: [top1]
  test-set {{ data: "UCI" @ "1998", split: test, composition: {composition}, size: 899 }}
  strata {{ class: by label, rare: label in [8, 9], site: by site }}
  load {{ batch: 1 }}
}}
claim small on digits {{
  evidence: device
  loss(top1) <= 1 pp
  loss(top1) <= 3 pp for each class
  loss(top1) <= 2 pp for rare
  latency(p99) <= 3 ms
}}
deployment triage {{
  {deployment}
}}
"""
DATA = 'calibration { data: "UCI" @ "1998", method: entropy, size: 128, domain: "digits" }'
THERE = {"hardware": "hardware: box", "calibration": DATA, "composition": "domain-matched"}


@pytest.fixture
def move(tmp_path):
    def run(deployment: str, **changes: str):
        text = SPEC.format(deployment=deployment, **{**THERE, **changes})
        workspace = load_source(Source("spec.qspec", text), root=tmp_path)
        assert not workspace.errors
        return transfer(
            Resolver(workspace).claims()[0], workspace.main.document.deployments["triage"], "triage"
        )

    return run


def likeness(result) -> dict[str, str]:
    return {axis.axis: axis.likeness for axis in result.axes}


FULL = """\
  task: image-classification
  metrics: [top1]
  hardware: box
  domain: "digits"
  cannot-absorb { loss(top1) <= 2 pp }
"""


def test_every_axis_is_answered(move):
    result = move(FULL)
    assert list(likeness(result)) == [
        "task", "model", "metric", "baseline", "calibration", "strata", "test_set", "sample_size", "executor", "pair",
        "evidence",
    ]  # fmt: skip
    assert result.unbounded == ()


def test_the_axis_that_is_taken_on_trust_is_named(move):
    result = move(FULL)
    assert [name for name, like in likeness(result).items() if like != "same"] == ["test_set"]
    assert result.assumed == "test_set"
    assert result.sentence == "Whoever carries `small` to `triage` assumes that `test_set` travels intact."
    assert not result.travels
    assert not result.contradicted


def test_an_axis_that_the_claim_leaves_out_is_implicit(move):
    result = move(FULL, calibration="calibration: unstated")
    assert likeness(result)["calibration"] == "implicit"
    assert result.assumed == "calibration"


@pytest.mark.parametrize(
    ("old", "new", "axis", "like", "how"),
    [
        ("task: image-classification", "task: retrieval", "task", "differs", "`retrieval` here"),
        ("task: image-classification", "", "task", "implicit", "names no task"),
        (
            "metrics: [top1]",
            "metrics: [top1, ece(bins: 15)]",
            "metric",
            "differs",
            "`ece(bins: 15)` is what counts",
        ),
        ("metrics: [top1]", "", "metric", "implicit", "names no metric"),
        (
            "hardware: box",
            "hardware: other",
            "executor",
            "differs",
            "cpu is Intel Core i7 there and AMD EPYC here",
        ),
        ("hardware: box", "", "executor", "implicit", "names no machine"),
        ("hardware: box", "hardware: unknown-box", "executor", "implicit", "not described"),
        ('domain: "digits"', 'domain: "letters"', "calibration", "differs", "“letters” here"),
        ('domain: "digits"', "", "calibration", "implicit", "what its data are about"),
        ("cannot-absorb { loss(top1) <= 2 pp }", "", "strata", "implicit", "names no loss"),
    ],
)
def test_what_the_deployment_has_otherwise(move, old, new, axis, like, how):
    assert old in FULL
    result = move(FULL.replace(old, new))
    (found,) = [one for one in result.axes if one.axis == axis]
    assert found.likeness == like
    assert how in found.how


def test_what_the_claim_does_not_say_of_its_machine_is_implicit(move):
    result = move(FULL, hardware='hardware { cpu: "Intel Core i7" }')
    (found,) = [axis for axis in result.axes if axis.axis == "executor"]
    assert (found.likeness, found.how) == ("implicit", "the claim does not say its cores")


@pytest.mark.parametrize(
    ("bound", "absorbed"),
    [
        ("loss(top1) <= 1 pp", True),
        ("loss(top1) < 1 pp", False),
        ("loss(top1) <= 2 pp", True),
        ("loss(top1) <= 0.5 pp", False),
        ("loss(top1) <= 2 % of baseline", False),
        ("loss(top1) <= 2 pp for rare", True),
        ("loss(top1) <= 1 pp for rare", False),
        ("loss(top1) <= 2 pp for label in [8, 9]", True),
        ("loss(top1) <= 3 pp for each class", True),
        ("loss(top1) <= 3 pp for label == 8", True),
        ("loss(top1) <= 3 pp for site == 8", False),
        ("loss(top1) <= 3 pp for each site", False),
        ("|loss(top1)| <= 2 pp", False),
        ("loss(ece) <= 2 pp", False),
        ("latency(p99) <= 5 ms", True),
        ("latency(p90) <= 5 ms", False),
        ("throughput >= 5 /s", False),
    ],
)
def test_a_loss_that_cannot_be_absorbed_must_follow_from_the_claim(move, bound, absorbed):
    result = move(FULL.replace("loss(top1) <= 2 pp", bound))
    assert (result.unbounded == ()) is absorbed
    assert (likeness(result)["strata"] == "differs") is not absorbed
    assert result.contradicted is not absorbed


def test_why_a_loss_is_not_excluded(move):
    def why(bound: str) -> str:
        return move(FULL.replace("loss(top1) <= 2 pp", bound)).unbounded[0].why

    assert why("loss(top1) <= 0.5 pp").endswith("does not follow from `loss(top1) <= 1 pp`")
    assert why("loss(top1) <= 3 pp for each site").endswith(
        "the claim bounds `loss(top1)` elsewhere, and not there"
    )
    assert why("loss(ece) <= 3 pp").endswith("the claim does not bound `loss(ece)` at all")


@pytest.mark.parametrize(
    ("profile", "calibration", "met"),
    [
        ("decision-grade", DATA, True),
        ("decision-grade", "calibration: unstated", False),
        ("safety-critical", "calibration: unstated", False),
        ("paper", "calibration: unstated", None),
    ],
)
def test_the_grade_that_a_deployment_asks_for(move, profile, calibration, met):
    result = move(f"{FULL}  profile: {profile}", calibration=calibration)
    assert result.profile_met is met
