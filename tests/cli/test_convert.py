"""`qspec convert`: three forms of one document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import SPECS, Run

QUICKSTART = SPECS / "quickstart.qspec"


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_there_and_back_is_the_same_document(form: str, run: Run):
    there = run("convert", QUICKSTART, "--to", form)
    assert there.code == 0
    back = run("convert", "-", "--stdin-filename", f"x.{form}", "--to", "qspec", stdin=there.out)
    assert back.code == 0
    again = run("convert", "-", "--to", form, stdin=back.out)
    assert again.out == there.out


def test_the_ending_of_the_output_names_the_form(run: Run, tmp_path: Path):
    path = tmp_path / "claim.qspec.json"
    done = run("convert", QUICKSTART, "--output", path)
    assert (done.code, done.out) == (0, "")
    assert json.loads(path.read_text())["qspec"] == 1
    assert f"written: {path}" in done.err


def test_comments_that_stay_behind_are_counted(run: Run):
    number = QUICKSTART.read_text().count("#")
    assert f"note: {number} comments stayed behind" in run("convert", QUICKSTART, "--to", "yaml").err


def test_no_form_is_misuse(run: Run):
    assert "No form is given" in run("convert", QUICKSTART).err


def test_a_document_with_errors_is_not_converted(run: Run):
    done = run("convert", "-", "--to", "json", stdin="qspec 1\nmodel m { fil: 1 }\n")
    assert (done.code, done.out) == (2, "")
    assert "-:2:" in done.err


def test_an_output_that_cannot_be_written_is_a_sentence(run: Run, tmp_path: Path):
    done = run("convert", QUICKSTART, "--to", "json", "--output", tmp_path / "none" / "x.json")
    assert done.code == 2
    assert "cannot be written" in done.err
