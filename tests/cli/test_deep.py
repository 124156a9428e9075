"""`check --deep`, `plan` and `execute` open what a spec names, and tell what does not fit under the codes of the rules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .conftest import SPECS, Run


@pytest.fixture
def spec(tmp_path: Path, quickstart: Path) -> Path:
    """The quickstart on its own, with a test set that is one example short of what it says."""
    for folder in ("models", "data"):
        shutil.copytree(SPECS / folder, tmp_path / "here" / folder)
    path = tmp_path / "here" / "spec.qspec"
    text = quickstart.read_text("utf-8")
    path.write_text(text.replace("size: 899", "size: 900"), "utf-8")
    return path


def codes(done: str) -> set[str]:
    return {finding["code"] for document in json.loads(done)["documents"] for finding in document["findings"]}


def test_a_check_opens_files_only_when_it_is_asked_to(run: Run, spec: Path):
    shallow = run("check", spec, "--output-format", "json")
    assert "QS904" not in codes(shallow.out)
    assert shallow.code == 0
    deep = run("check", spec, "--deep", "--output-format", "json")
    assert "QS904" in codes(deep.out)
    assert deep.code == 1
    assert "QS904" not in codes(run("check", spec, "--output-format", "json").out)


def test_what_was_not_opened_is_told_and_is_no_finding(run: Run, spec: Path):
    text = spec.read_text("utf-8").replace('file:    "models/digits-cnn.onnx"', 'base:    "digits-cnn" @ "2"')
    spec.write_text(text, "utf-8")
    done = run("check", spec, "--deep", "--select", "QS9", "--output-format", "concise")
    assert done.code == 0
    assert "The files of claim `under-one-point` were not opened: " in done.err


def test_the_digest_of_a_file_is_a_fix_that_is_asked_for_by_name(run: Run, spec: Path):
    digest = "e4afb14a4a7e85711b20a4ff3c2332914572ba5fb49ec2167a70cb8eb8274dbc"
    text = spec.read_text("utf-8").replace(f'\n  sha256:  "{digest}"', "").replace("size: 900", "size: 899")
    spec.write_text(text, "utf-8")
    assert "QS907" in codes(run("check", spec, "--deep", "--output-format", "json").out)
    run("check", spec, "--deep", "--fix")
    assert spec.read_text("utf-8") == text
    done = run("check", spec, "--deep", "--unsafe-fixes", "QS907", "--output-format", "json")
    assert "QS907" not in codes(done.out)
    assert f'file:    "models/digits-cnn.onnx", sha256: "{digest}"' in spec.read_text("utf-8")


def test_a_deep_check_of_standard_input_starts_in_the_current_folder(run: Run, spec: Path, monkeypatch):
    monkeypatch.chdir(spec.parent)
    done = run("check", "-", "--deep", "--output-format", "json", stdin=spec.read_text("utf-8"))
    assert "QS904" in codes(done.out)
    assert "QS900" not in codes(done.out)


def test_a_plan_says_what_keeps_it_from_running(run: Run, spec: Path):
    done = run("plan", spec)
    assert done.code == 2
    assert "  would not run here:\n" in done.out
    assert "QS904: The test set is said to have 900 examples, and digits.test has 899." in done.out
    (claim,) = json.loads(run("plan", spec, "--output-format", "json").out)["claims"]
    assert [one["code"] for one in claim["preflight"]] == ["QS904"]
    assert run("plan", spec, "--sizes-only").code == 0


def test_a_run_does_not_begin(run: Run, spec: Path):
    done = run("execute", spec)
    assert done.code == 2
    assert "QS904: The test set is said to have 900 examples" in done.err
    assert "measured" not in spec.read_text("utf-8")
