"""`qspec report`: claims on a page, in the form the ending names."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import SPECS, Run

QUICKSTART = SPECS / "quickstart.qspec"


@pytest.mark.parametrize(
    ("ending", "begins"), [("html", "<!doctype html>"), ("md", "## "), ("tex", "% "), ("svg", "<svg")]
)
def test_the_ending_of_the_output_names_the_format(ending: str, begins: str, run: Run, tmp_path: Path):
    path = tmp_path / f"report.{ending}"
    done = run("report", QUICKSTART, "--output", path)
    assert (done.code, done.out) == (0, "")
    assert path.read_text().lower().startswith(begins)


def test_markdown_goes_to_standard_output_unless_said_otherwise(run: Run):
    assert "under-one-point" in run("report", QUICKSTART).out
    assert run("report", QUICKSTART, "--format", "badge").out.startswith("<svg")


def test_standard_input_is_reported(run: Run):
    done = run("report", "-", stdin="qspec 1\nclaim mine { loss(top1) <= 1 pp }\n")
    assert done.code == 0
    assert "mine" in done.out


def test_an_unknown_format_is_misuse_with_a_suggestion(run: Run):
    done = run("report", QUICKSTART, "--format", "badg")
    assert done.code == 2
    assert "did you mean `badge`?" in done.err


def test_several_documents_share_one_page(run: Run):
    assert run("report", QUICKSTART, QUICKSTART).out.count("under-one-point") >= 2
