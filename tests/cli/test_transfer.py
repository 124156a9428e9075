"""`qspec transfer`: the axes of a claim beside a deployment's, and an exit status that sums them up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qspec.checks.axis import AXES

from .conftest import Run

CLAIMS = """\
qspec 1
hardware edge-box { cpu: "Cortex-A78" }
executor e {
  hardware: edge-box
  runtime { name: onnxruntime, version: "1.20" }
  load { scenario: single-stream, batch: 1 }
  task: image-classification, metrics: [top1], baseline: fp32
  test-set { data: "scans" @ "3", split: test, composition: clean, size: 9000 }
}
claim small on e { loss(top1) <= 1 pp }
claim other on e { loss(top1) <= 2 pp }
"""
HERE = """\
deployment triage {
  task: image-classification
  metrics: [top1]
  hardware: edge-box
}
"""
STRICT = HERE.replace("}\n", "  cannot-absorb { loss(top1) <= 0.5 pp for rare }\n}\n")


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "claims.qspec"
    path.write_text(CLAIMS + HERE)
    return path


def test_every_axis_is_gone_through(run: Run, claims: Path):
    done = run("transfer", f"{claims}:small", "--to", "triage", "--output-format", "json")
    (found,) = json.loads(done.out)["transfers"]
    assert list(found["axes"]) == list(AXES)
    assert {axis["likeness"] for axis in found["axes"].values()} <= {"same", "differs", "implicit"}
    assert found["axes"]["task"]["likeness"] == "same"
    assert found["axes"]["calibration"]["likeness"] == "implicit"


def test_what_is_left_to_assume_ends_in_three(run: Run, claims: Path):
    done = run("transfer", f"{claims}:small", "--to", "triage")
    assert done.code == 3
    assert "travels intact" in done.out.splitlines()[-1]


def test_what_differs_ends_in_one(run: Run, claims: Path):
    claims.write_text(CLAIMS + HERE.replace("image-classification", "object-detection"))
    assert run("transfer", f"{claims}:small", "--to", "triage").code == 1
    claims.write_text(CLAIMS + STRICT)
    done = run("transfer", f"{claims}:small", "--to", "triage")
    assert done.code == 1
    assert "0.5 pp" in done.out


def test_a_path_alone_means_every_claim(run: Run, claims: Path):
    data = json.loads(run("transfer", claims, "--to", "triage", "--output-format", "json").out)
    assert [one["claim"] for one in data["transfers"]] == ["small", "other"]


def test_a_deployment_may_stand_in_another_document(run: Run, claims: Path, tmp_path: Path):
    claims.write_text(CLAIMS)
    other = tmp_path / "clinic.qspec"
    other.write_text('qspec 1\nhardware big-box { cpu: "Xeon" }\n' + HERE.replace("edge-box", "big-box"))
    done = run("transfer", f"{claims}:small", "--to", f"{other}:triage", "--output-format", "json")
    assert done.code == 1
    assert json.loads(done.out)["transfers"][0]["axes"]["executor"]["likeness"] == "differs"


def test_markdown_is_a_list_for_a_pull_request(run: Run, claims: Path):
    out = run("transfer", f"{claims}:small", "--to", "triage", "--output-format", "markdown").out
    assert out.startswith("### `small` to `triage`\n")
    assert "- `task` is the same: `image-classification`" in out


@pytest.mark.parametrize(
    ("claim", "target", "says"),
    [
        ("small", "clinic", "No deployment is called `clinic`"),
        ("none", "triage", "There is no claim `none`"),
    ],
)
def test_names_that_are_not_there_are_misuse(claim: str, target: str, says: str, run: Run, claims: Path):
    done = run("transfer", f"{claims}:{claim}", "--to", target)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_a_deployment_must_be_named(run: Run, claims: Path):
    assert run("transfer", claims).code == 2
