"""A suite's claims are executed together: what they share is made once, and the exit status sums them up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from qspec import api
from qspec.execute import realize, stages
from qspec.execute.options import Options

from .conftest import Run, contents

SUITE = """
claim small on digits-int8 {
  size <= 0.35 x baseline
}

claim tiny on digits-int8 {
  size <= 0.01 x baseline
}

suite sizes {
  title:  "What must fit on the device"
  claims: [small, tiny]
}

suite others {
  claims: [small]
}
"""


@pytest.fixture
def spec(specs: Path) -> Path:
    path = specs / "quickstart.qspec"
    text = re.sub(r"  load .*\n", "", path.read_text())
    (executor,) = re.findall(r"^claim [\w-]+ on ([\w-]+)", text, re.M)
    path.write_text(text + SUITE.replace("digits-int8", executor))
    return path


def test_what_claims_share_is_made_once(spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real, scored = realize.realize, stages.score

    def counted(request: Any) -> Any:
        made.append("artifact")
        return real(request)

    def scores(*arguments: Any) -> Any:
        made.append("scores")
        return scored(*arguments)

    monkeypatch.setattr(realize, "realize", counted)
    monkeypatch.setattr(stages, "score", scores)
    done = api.run(spec, suites=["sizes"], options=Options(store=tmp_path / "store"), write=False)
    assert [one.resolved.name for one in done.executed] == ["small", "tiny"]
    assert sorted(made) == ["artifact", "scores"]
    assert done.exit_code == 1, "the refuted claim decides"


def test_a_suite_is_chosen_by_its_name(spec: Path, run: Run) -> None:
    for arguments in (("--suite", "others"), ("--claim", "others")):
        done = run("execute", spec, *arguments, "--dry-run")
        assert (done.code, re.findall(r"^claim ([\w-]+)", done.out, re.M)) == (0, ["small"])


def test_an_unknown_suite_is_a_sentence(spec: Path, run: Run) -> None:
    done = run("execute", spec, "--suite", "none", "--dry-run")
    assert done.code == 2
    assert "no suite `none`" in done.err
    assert "sizes, others" in done.err


def test_a_claim_of_another_file_is_not_executed_here(spec: Path, run: Run) -> None:
    other = spec.with_name("other.qspec")
    other.write_text(f'qspec 1\n\nuse "{spec.name}"\n\nclaim own on none {{ size <= 1 B }}\n')
    text = other.read_text().replace(
        "on none", "on " + re.findall(r"claim small on ([\w-]+)", spec.read_text())[0]
    )
    other.write_text(text + "\nsuite both { claims: [own, small] }\n")
    done = run("execute", other, "--suite", "both", "--dry-run")
    assert done.code == 2
    assert "stands in another file" in done.err


@pytest.mark.parametrize("format", ["html", "markdown"])
def test_reports_show_the_suite(format: str, spec: Path) -> None:
    text = api.render(spec, format)
    assert "What must fit on the device" in text
    assert text.lower().count("suite") >= 2


PEOPLE = """
claim liked on judged {
  human-eval >= 0.5
}

executor judged from digits-int8 {
  metrics: [human-eval]
}
"""


def test_a_claim_that_cannot_be_run_does_not_keep_others_from_it(spec: Path, run: Run) -> None:
    spec.write_text(spec.read_text() + PEOPLE)
    done = run("execute", spec, "--claim", "small", "--claim", "liked", "--quiet")
    assert done.code == 3
    assert "claim small on digits-int8: confirmed" in done.out
    assert "claim liked is not executable here" in done.err
    assert "Running a model does not give human-eval." in done.err
    (refused,) = json.loads(spec.with_suffix(".record.json").read_text())["not-executed"]
    assert refused["claim"] == "liked"


def test_where_no_claim_can_be_run_nothing_is_written(spec: Path, run: Run) -> None:
    spec.write_text(spec.read_text() + PEOPLE)
    before = contents(spec.parent)
    done = run("execute", spec, "--claim", "liked", "--quiet")
    assert done.code == 3 and not done.out
    assert contents(spec.parent) == before


def test_a_metric_that_no_run_gives_leaves_the_others_to_be_judged(spec: Path, run: Run) -> None:
    text = (
        spec.read_text()
        .replace("[top1]", "[top1, human-eval]")
        .replace("<= 1 pp\n", "<= 1 pp\n  human-eval >= 0.5\n", 1)
    )
    spec.write_text(text)
    done = run("execute", spec, "--claim", "under-one-point", "--quiet")
    assert done.code == 3
    assert re.search(r"loss\(top1\) <= 1 pp +confirmed", done.out)
    assert re.search(r"human-eval >= 0.5 +not-executable\n +The metric human-eval can be stated", done.out)
