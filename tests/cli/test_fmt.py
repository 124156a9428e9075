"""`qspec fmt`: in place and in one step, or shown and not written."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run

UGLY = 'qspec 1\nmodel  m{file:"m.onnx",version:"1"}   # mine\nclaim c { drop(top1) <= 1 pp }\n'


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    path = tmp_path / "ugly.qspec"
    path.write_text(UGLY)
    return path


@pytest.fixture
def neat(run: Run, ugly: Path) -> Path:
    run("fmt", ugly)
    return ugly


def test_a_file_is_laid_out_in_place_and_then_left_alone(run: Run, ugly: Path):
    assert run("fmt", ugly).out == f"changed: {ugly}\n"
    text = ugly.read_text()
    assert "loss(top1) <= 1 pp" in text
    assert "# mine" in text
    again = run("fmt", ugly)
    assert (again.code, again.out, again.err) == (0, "", "0 of 1 file changed\n")
    assert ugly.read_text() == text
    assert [path.name for path in ugly.parent.iterdir() if path.is_file()] == ["ugly.qspec"]


def test_check_says_what_would_change_and_writes_nothing(run: Run, ugly: Path):
    done = run("fmt", "--check", ugly)
    assert (done.code, done.out) == (1, f"would change: {ugly}\n")
    assert ugly.read_text() == UGLY


def test_check_of_a_neat_file_is_clean(run: Run, neat: Path):
    assert run("fmt", "--check", neat).code == 0


def test_diff_shows_the_change_and_writes_nothing(run: Run, ugly: Path):
    done = run("fmt", "--diff", ugly)
    assert done.code == 1
    assert "-claim c { drop(top1) <= 1 pp }" in done.out
    assert any(line.startswith("+") and "loss(top1) <= 1 pp" in line for line in done.out.splitlines())
    assert ugly.read_text() == UGLY


def test_standard_input_goes_to_standard_output(run: Run, neat: Path):
    done = run("fmt", "-", stdin=UGLY)
    assert (done.code, done.out, done.err) == (0, neat.read_text(), "")


def test_standard_input_is_checked_too(run: Run):
    done = run("fmt", "-", "--check", "--stdin-filename", "mine.qspec", stdin=UGLY)
    assert (done.code, done.out) == (1, "would change: mine.qspec\n")


def test_shorthands_are_spelt_out(run: Run):
    done = run("fmt", "-", "--expand", stdin="qspec 1\nexecutor e { precision: W4A16 g128 }\n")
    assert "granularity: per-group(128)" in done.out


def test_upgrading_this_version_changes_nothing(run: Run, neat: Path):
    assert run("fmt", "--upgrade", neat).err == "0 of 1 file changed\n"


def test_a_broken_file_does_not_keep_the_others_from_being_laid_out(run: Run, ugly: Path):
    broken = ugly.with_name("broken.qspec")
    broken.write_text("qspec 1\nclaim {\n")
    done = run("fmt", ugly.parent)
    assert done.code == 2
    assert f"changed: {ugly}" in done.out
    assert f"{broken}:" in done.err
    assert broken.read_text() == "qspec 1\nclaim {\n"


def test_line_ends_of_another_system_stay(run: Run, tmp_path: Path):
    path = tmp_path / "crlf.qspec"
    path.write_bytes(UGLY.replace("\n", "\r\n").encode())
    assert run("fmt", path).code == 0
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n") > 2


def test_a_twin_has_no_layout(run: Run, tmp_path: Path):
    path = tmp_path / "twin.qspec.json"
    path.write_text('{"qspec": 1}')
    done = run("fmt", path)
    assert done.code == 2
    assert "has no layout" in done.err


def test_a_folder_without_specs_is_misuse(run: Run, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert run("fmt", tmp_path / "empty").code == 2
