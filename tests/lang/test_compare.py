from __future__ import annotations

from pathlib import Path

import pytest

from qspec.lang.compare import Change, compare
from qspec.lang.load import Workspace, load_source
from qspec.lang.source import Source

SPEC = """executor e {
  model { base: "resnet" @ "1" }
  baseline: fp32
  metrics: [top1, f1(macro)]
  test-set { data: d.test, composition: clean, size: 1000 }
  strata { class: by label, rare: label in [8, 9] }
  load { batch: 1 }
}

claim c on e {
  evidence: device
  loss(top1) <= 1 pp at 95 %
  loss(top1) <= 3 pp for each class
  throughput >= 1.2 x baseline
}
"""


def read(text: str) -> Workspace:
    workspace = load_source(Source("x.qspec", text), root=Path())
    assert not workspace.errors
    return workspace


def changes(before: str, after: str) -> list[Change]:
    assert before in SPEC
    return compare(read(SPEC), read(SPEC.replace(before, after)))


CASES = [
    ("<= 1 pp at", "<= 2 pp at", "widened", "assertion", True),
    ("<= 1 pp at", "<= 0.5 pp at", "tightened", "assertion", False),
    ("<= 1 pp at", "< 1 pp at", "tightened", "assertion", False),
    ("<= 1 pp at", "<= 1.0 pp at", "clarified", "assertion", False),
    ("<= 1 pp at", "<= 1 % at", "changed", "assertion", True),
    ("<= 1 pp at", "<= 1 % of baseline at", "changed", "assertion", True),
    ("at 95 %", "at 90 %", "widened", "sample_size", True),
    ("at 95 %", "at 99 %", "tightened", "sample_size", False),
    (">= 1.2 x", ">= 1.1 x", "widened", "assertion", True),
    (">= 1.2 x", ">= 1.5 x", "tightened", "assertion", False),
    ("for each class", "for each class expect inconclusive", "changed", "assertion", True),
    ("  loss(top1) <= 3 pp for each class\n", "", "removed", "assertion", True),
    ("  throughput", "  size <= 1 MB\n  throughput", "added", "assertion", False),
    ("  baseline: fp32\n", "", "removed", "baseline", True),
    ("  baseline: fp32\n", "  baseline: unstated\n", "removed", "baseline", True),
    ("baseline: fp32", "baseline: fp16", "changed", "baseline", True),
    ("  baseline:", "  calibration { size: 4 }\n  baseline:", "clarified", "calibration", False),
    ("[top1, f1(macro)]", "[top1]", "removed", "metric", True),
    ("[top1, f1(macro)]", "[top1, f1(micro)]", "changed", "metric", True),
    ("[top1, f1(macro)]", "[top1(ties: first), f1(macro)]", "clarified", "metric", False),
    ("[top1, f1(macro)]", "[top1, f1(macro), ece]", "added", "metric", False),
    ("size: 1000", "size: 500", "shrunk", "sample_size", True),
    ("size: 1000", "size: 2000", "grown", "sample_size", False),
    (", size: 1000", "", "removed", "sample_size", True),
    ("composition: clean, ", "", "removed", "test_set", True),
    ("composition: clean", "composition: clean, version: 2", "clarified", "test_set", False),
    (", rare: label in [8, 9]", "", "removed", "strata", True),
    ("label in [8, 9]", "label in [8]", "changed", "strata", True),
    ("rare:", "site: by site, rare:", "added", "strata", False),
    ('"resnet" @ "1"', '"resnet" @ "2"', "changed", "model", False),
    ("load { batch: 1 }", "load { batch: 64 }", "changed", "pair", True),
    ("  load { batch: 1 }\n", "", "removed", "pair", True),
    ("  evidence: device\n", "", "removed", "evidence", True),
    ("  load {", "  hardware: local\n  load {", "clarified", "executor", False),
]


@pytest.mark.parametrize(("before", "after", "kind", "axis", "weakening"), CASES)
def test_one_change_is_told_as_one(before: str, after: str, kind: str, axis: str, weakening: bool) -> None:
    (change,) = changes(before, after)
    assert (change.kind, change.axis, change.weakening) == (kind, axis, weakening)
    assert change.claim == "c"
    assert change.message.endswith(".")
    assert change.source.text[slice(*change.span)]


def test_layout_comments_and_measurements_are_no_changes() -> None:
    assert changes("executor e {", "# why\nexecutor e {\n\n") == []


def test_claims_come_and_go() -> None:
    other = SPEC.replace("claim c on e", "claim d on e")
    assert [(c.kind, c.claim, c.weakening) for c in compare(read(SPEC), read(other))] == [
        ("added", "d", False),
        ("removed", "c", True),
    ]


def test_evaluations_are_compared_by_name() -> None:
    old = read("executor e { evaluation a { task: x }, evaluation b { task: y } }\nclaim c on e { z <= 1 }")
    new = read("executor e { evaluation b { task: z }, evaluation d { task: y } }\nclaim c on e { z <= 1 }")
    told = [(c.kind, c.message) for c in compare(old, new)]
    assert told == [
        ("removed", "The evaluation `a` is gone."),
        ("changed", "`task` of `b` changed from `y` to `z`. The two revisions do not claim the same thing."),
        ("added", "The evaluation `d` is new."),
    ]


def test_what_an_executor_inherits_is_compared_too() -> None:
    text = "executor a { baseline: fp32 }\nexecutor b from a {}\nclaim c on b { x <= 1 }"
    (change,) = compare(read(text), read(text.replace("fp32", "fp16")))
    assert change.axis == "baseline"
    assert change.source.text[slice(*change.span)] == "fp16"
