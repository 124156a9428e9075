"""A short, always equal run of every target of the fuzzer, and that it finds what it is there to find."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lang")]

import harness  # noqa: E402


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def test_a_short_run_of_every_target_finds_nothing():
    done = run("--cases", "25", "--seed", "7")
    assert done.returncode == 0, done.stderr + done.stdout
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "arrays",
        "models",
        "programs",
        "records",
        "tables",
        "twins",
    ]
    assert all("25 cases" in line and line.endswith("0 findings") for line in lines)


def test_a_case_is_always_the_same():
    from arrays import arrays
    from models import models
    from tables import tables
    from twins import twins

    for target in (arrays, models, tables, twins):
        for number in range(5):
            first, again = (harness.make(target, "t", 1, number).files for _ in range(2))
            assert first == again


def fault(folder: Path) -> None:
    raise IndexError("no such place")


def crash(folder: Path) -> None:
    os.abort()


def hang(folder: Path) -> None:
    while True:
        pass


def climb(folder: Path) -> None:
    (folder.parent / "outside" / "file").write_text("")


def fine(folder: Path) -> None:
    return None


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (fault, "IndexError: no such place"),
        (crash, "killed by SIGABRT"),
        (hang, "processor time"),
        (climb, "outside the folder"),
        (("check", "absent.qspec"), None),
        (fine, None),
    ],
)
def test_what_ends_as_no_case_may_is_found_and_the_run_goes_on(act, what, monkeypatch):
    monkeypatch.setattr(harness, "SECONDS", 0.2)

    def target(rng: random.Random) -> harness.Case:
        target.made += 1
        return harness.Case({}, [act])

    target.made = 0
    done, findings = harness.run_cases(target, "t", 0, cases=2)
    assert done == 2
    assert [one.number for one in findings] == ([] if what is None else [0, 1])
    assert all(what in one.what for one in findings)
