"""`qspec execute` and `qspec judge`: verdicts, files written, and the exit status that follows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .conftest import Run, contents

SPEC = "quickstart.qspec"
BOUNDS = "  loss(top1) <= 1 pp\n  size <= 0.35 x baseline\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for this file, so that the model is quantized and scored once."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def spec(specs: Path, run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The quickstart with two bounds that no clock decides, and no load."""
    monkeypatch.setenv("QSPEC_CACHE", str(store))
    path = specs / SPEC
    text = re.sub(r"  load .*\n", "", path.read_text())
    path.write_text(re.sub(r"(title: .*\n)[^}]*}", rf"\1{BOUNDS}}}", text))
    return path


def bound(spec: Path, old: str, new: str) -> None:
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))


def test_confirmed_claims_are_filled_in_and_end_in_nought(run: Run, spec: Path):
    done = run("execute", spec)
    assert done.code == 0
    assert "✔ loss(top1) <= 1 pp" in done.out
    assert f"filled in: {spec}" in done.out
    assert "  measured {" in spec.read_text()
    assert json.loads(spec.with_suffix(".record.json").read_text())["spec"] == SPEC
    assert "quickstart.qspec: realize" in done.err


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("size <= 0.35 x", "size <= 0.1 x", 1),
        ("loss(top1) <= 1 pp", "loss(top1) <= 0.1 pp", 3),
        ("loss(top1) <= 1 pp", "loss(top1) <= 0.1 pp expect inconclusive", 0),
        ("size <= 0.35 x baseline", "size <= 0.1 x baseline\n  loss(top1) <= 0.1 pp", 1),
    ],
)
def test_the_exit_status_sums_the_outcomes_up(old: str, new: str, code: int, run: Run, spec: Path):
    bound(spec, old, new)
    assert run("execute", spec, "--no-write", "--quiet").code == code


def test_no_write_writes_nothing(run: Run, spec: Path):
    before = contents(spec.parent)
    assert run("execute", spec, "--no-write").code == 0
    assert contents(spec.parent) == before


def test_results_may_go_elsewhere(run: Run, spec: Path, tmp_path: Path):
    before = contents(spec.parent)
    output, record = tmp_path / "filled.qspec", tmp_path / "record.json"
    assert run("execute", spec, "--output", output, "--record", record, "--no-write").code == 0
    assert "measured {" in output.read_text()
    assert json.loads(record.read_text())["claims"]
    assert contents(spec.parent) == before


def test_the_record_is_printed_as_data(run: Run, spec: Path):
    done = run("execute", spec, "--no-write", "--output-format", "json", "--quiet")
    assert json.loads(done.out)["claims"][0]["claim"] == "under-one-point"
    assert done.err == ""


def test_a_dry_run_says_what_would_be_run(run: Run, spec: Path):
    before = contents(spec.parent)
    done = run("execute", spec, "--dry-run")
    assert done.code == 0
    assert "calibrated on 128 examples of digits.train" in done.out
    assert contents(spec.parent) == before


def test_judging_again_follows_the_bounds(run: Run, spec: Path):
    assert run("execute", spec, "--quiet").code == 0
    bound(spec, "loss(top1) <= 1 pp\n", "loss(top1) <= 0.1 pp\n")
    shown = run("judge", spec, "--no-write")
    assert shown.code == 3
    assert 'verdict "loss(top1) <= 1 pp"' in spec.read_text()
    done = run("judge", spec)
    assert done.code == 3
    assert f"brought up to date: {spec}" in done.out
    assert 'verdict "loss(top1) <= 0.1 pp"' in spec.read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("execute", "-"), "standard input cannot be filled in"),
        (("execute", "SPEC", "--claim", "none"), "There is no claim `none`"),
        (("execute", "SPEC", "SPEC", "--output", "x"), "cannot hold several specs"),
        (("execute", "SPEC", "--threads", "0"), "--threads"),
        (("execute", "SPEC", "--provider", "cuda"), "'cuda' is not in this build"),
        (("judge", "SPEC"), "has no measured block"),
    ],
)
def test_misuse_is_a_sentence(arguments: tuple[str, ...], says: str, run: Run, spec: Path):
    before = contents(spec.parent)
    done = run(*(spec if argument == "SPEC" else argument for argument in arguments))
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert contents(spec.parent) == before
