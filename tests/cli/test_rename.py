"""`qspec rename`: in place in every file, shown, or from standard input to standard output."""

from __future__ import annotations

from pathlib import Path

import pytest

import qspec

from .conftest import Run


@pytest.fixture
def text(quickstart: Path) -> str:
    return quickstart.read_text()


def test_a_file_is_changed_in_place(text: str, run: Run, tmp_path: Path):
    path = tmp_path / "x.qspec"
    path.write_text(text)
    done = run("rename", path, "digits-int8/strata/class", "digit")
    assert (done.code, done.out, done.err) == (0, f"changed: {path}\n", "3 places in 1 file\n")
    changed = path.read_text()
    assert changed == text.replace("{ class:", "{ digit:").replace("for each class", "for each digit")


def test_a_difference_is_shown_and_nothing_written(text: str, run: Run, tmp_path: Path):
    path = tmp_path / "x.qspec"
    path.write_text(text)
    done = run("rename", path, "digits-int8", "small", "--diff")
    assert "+executor small {" in done.out
    assert path.read_text() == text


def test_standard_input_goes_to_standard_output(text: str, run: Run):
    done = run("rename", "-", "digits-int8", "small", stdin=text)
    assert (done.code, done.out) == (0, text.replace("digits-int8", "small"))


def test_a_name_that_is_not_there_is_misuse_with_the_nearest(text: str, run: Run):
    done = run("rename", "-", "digits-int4", "small", stdin=text)
    assert (done.code, done.out) == (2, "")
    assert "did you mean `digits-int8`?" in done.err


def test_the_library_writes_every_file(tmp_path: Path):
    used, main = tmp_path / "used.qspec", tmp_path / "main.qspec"
    used.write_text("hardware board { cpu: x }\n")
    main.write_text('use "used.qspec"\nexecutor e { hardware: board }\n')
    assert len(qspec.rename(main, "board", "box")) == 2
    assert used.read_text() == "hardware box { cpu: x }\n"
    assert "hardware: box" in main.read_text()
