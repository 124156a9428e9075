"""A check that was kept says byte for byte what a new one says, and is made again whenever anything changed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qspec.checks import batch, cache
from qspec.checks.output import registry

from .conftest import SPECS, Run

CLAIM = """\
qspec 1
use "parts/hardware.qspec"
use "missing.qspec"
claim brochure {
  executor { task: image-clasification, metrics: [top1], baseline: fp32, hardware: board }
  reported { top1 { baseline: 76.1 %, quantized: 75.9 %, loss: 0.5 pp } }
  loss(top1) < 1 %
  drop(top1) <= 2 %  # qspec: allow QS220 because "the vendor was asked" until 2999-01-01 owner quality
}
"""
HARDWARE = "qspec 1\nhardware board { cpu: unstated }\n"


@pytest.fixture
def brochure(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "hardware.qspec").write_text(HARDWARE)
    path = tmp_path / "brochure.qspec"
    path.write_text(CLAIM)
    return path


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were checked anew, in order."""
    real, seen = batch.check_file, []

    def check_file(path, source, settings):
        seen.append(path)
        return real(path, source, settings)

    monkeypatch.setattr(batch, "check_file", check_file)
    return seen


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "checks").glob("*.json"))


@pytest.mark.parametrize("name", registry.names())
def test_every_format_is_the_same_from_the_cache(name: str, run: Run, brochure: Path, checked: list[Path]):
    arguments = ("check", brochure, SPECS / "quickstart.qspec", "--output-format", name)
    fresh = run(*arguments, "--no-cache")
    kept, again = run(*arguments), run(*arguments)
    assert (fresh.code, fresh.out, fresh.err) == (kept.code, kept.out, kept.err)
    assert (fresh.code, fresh.out, fresh.err) == (again.code, again.out, again.err)
    assert len(checked) == 4
    assert "QS301" in fresh.out


def test_counts_and_pages_are_the_same_from_the_cache(run: Run, brochure: Path):
    for form in ("full", "json", "markdown"):
        outs = {run("check", brochure, "--statistics", "--output-format", form).out for _ in range(2)}
        assert len(outs) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "brochure.qspec").write_text(CLAIM.replace("1 %", "1 pp")),
        lambda folder: (folder / "parts" / "hardware.qspec").write_text(HARDWARE + "\n"),
        lambda folder: (folder / "parts" / "hardware.qspec").unlink(),
        lambda folder: (folder / "missing.qspec").write_text("qspec 1\n"),
        lambda folder: (folder / "missing.qspec").mkdir(),
        lambda folder: (folder / "missing.qspec").symlink_to("/"),
        lambda folder: (folder / "qspec.toml").write_text('ignore = ["QS220"]\n'),
    ],
    ids=[
        "content",
        "used content",
        "used file gone",
        "missing file there",
        "folder",
        "link outside",
        "settings",
    ],
)
def test_what_changed_is_checked_again(change, run: Run, brochure: Path, checked: list[Path]):
    run("check", brochure)
    run("check", brochure)
    assert len(checked) == 1
    change(brochure.parent)
    changed = run("check", brochure)
    assert len(checked) == 2
    assert changed.out == run("check", brochure, "--no-cache").out


def test_options_and_the_program_are_part_of_what_is_known(
    run: Run, brochure: Path, checked: list[Path], monkeypatch: pytest.MonkeyPatch
):
    run("check", brochure)
    run("check", brochure, "--profile", "vendor")
    run("check", brochure, "--select", "QS220")
    assert len(checked) == 3
    monkeypatch.setattr(cache, "program_digest", lambda: "another version")
    run("check", brochure)
    assert len(checked) == 4


def test_a_damaged_entry_is_made_again(run: Run, brochure: Path, tmp_path: Path, checked: list[Path]):
    good = run("check", brochure).out
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    for number, damaged in enumerate(
        (b"", b"{}", whole[:-9], whole.replace(b"QS", b"QT", 1), b"\xff" * 99), 2
    ):
        entry.write_bytes(damaged)
        assert run("check", brochure).out == good
        assert len(checked) == number
        assert entry.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_nothing(run: Run, brochure: Path, tmp_path: Path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    done = run("check", brochure, "--output-format", "concise")
    assert (done.code, done.err) == (1, "")
    assert "QS301" in done.out


def test_nothing_is_kept_when_that_is_not_wanted(run: Run, brochure: Path, tmp_path: Path):
    run("check", brochure, "--no-cache")
    assert entries(tmp_path) == []


def test_old_and_superfluous_entries_are_removed_once_a_day(
    run: Run, brochure: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cache, "MAX_ENTRIES", 2)
    for number in range(4):
        brochure.write_text(CLAIM + f"# {number}\n")
        run("check", brochure)
    assert len(entries(tmp_path)) == 4
    marker = tmp_path / "cache" / "checks" / "pruned"
    os.utime(marker, (0, 0))
    oldest = entries(tmp_path)[0]
    os.utime(oldest, (0, 0))
    brochure.write_text(CLAIM + "# last\n")
    run("check", brochure)
    assert len(entries(tmp_path)) == 2
    assert oldest not in entries(tmp_path)


def test_a_kept_check_reads_neither_the_grammar_nor_the_model(brochure: Path, tmp_path: Path):
    code = (
        "import sys\nfrom qspec.cli import main\n"
        "try:\n    main(['check', sys.argv[1]])\n"
        "finally:\n    print(sorted({'lark', 'pydantic', 'numpy'} & set(sys.modules)))"
    )
    outs = [
        subprocess.run(
            [sys.executable, "-c", code, brochure],
            env={**os.environ, "QSPEC_CACHE": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert (outs[0][-1], outs[1][-1]) == ("['lark', 'pydantic']", "[]")
    assert outs[0][:-1] == outs[1][:-1]


def many(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        shutil.copy(SPECS / "quickstart.qspec", folder / f"{number}.qspec")
    (folder / "latin.qspec").write_bytes(b"qspec 1 # caf\xe9\n")
    (folder / "broken.qspec").write_text("qspec 1\nclaim {\n")


def test_processes_change_nothing_but_the_time(run: Run, tmp_path: Path):
    folder = tmp_path / "many"
    many(folder, batch.PARALLEL_FROM)
    alone = run("check", folder, "--jobs", 1, "--no-cache")
    together = run("check", folder, "--jobs", 2)
    assert (alone.code, alone.out, alone.err) == (together.code, together.out, together.err)
    assert alone.code == 2
    assert len(entries(tmp_path)) == batch.PARALLEL_FROM + 1
    assert run("check", folder).out == alone.out


def test_an_interruption_ends_every_process(tmp_path: Path):
    folder = tmp_path / "many"
    many(folder, 600)
    process = subprocess.Popen(
        [sys.executable, "-m", "qspec", "check", str(folder), "--jobs", "2"],
        env={**os.environ, "QSPEC_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started = time.monotonic()
    while len(entries(tmp_path)) < 40 and time.monotonic() - started < 60:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert len(entries(tmp_path)) < 600
