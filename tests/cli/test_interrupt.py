"""A run that is interrupted, at whatever moment, exits 130 and leaves the spec as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import contents

SPEC = "quickstart.qspec"
MOMENTS = {
    "while it starts": "qspec.api",  # what `-X importtime` says once the command is on its way
    "while it quantizes": "quickstart.qspec: realize",
    "while it scores": "quickstart.qspec: scores",
    "while it times": "quickstart.qspec: timing",
}
PATIENCE = 60.0


def start(folder: Path, cache: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """`qspec` in a process of its own, which a signal to this one does not reach."""
    return subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "qspec", *arguments],
        cwd=folder,
        env={**os.environ, "QSPEC_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def interrupt_at(process: subprocess.Popen[bytes], moment: str) -> tuple[int, bytes, bytes]:
    """Send SIGINT once the program has said `moment` on standard error; returns status and both streams."""
    assert process.stderr is not None
    said = b""
    started = time.monotonic()
    while moment.encode() not in said and time.monotonic() - started < PATIENCE:
        line = process.stderr.readline()
        if not line:
            break
        said += line
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=PATIENCE)
    return process.returncode, out, said + rest


@pytest.mark.parametrize("name", MOMENTS)
def test_an_interrupted_run_changes_nothing(name: str, specs: Path, tmp_path: Path):
    before = contents(specs)
    code, _, err = interrupt_at(start(specs, tmp_path / "cache", "execute", SPEC), MOMENTS[name])
    # CPython ends by the signal itself where it came inside `exec`; a shell calls both 130.
    assert code in {130, -signal.SIGINT}, err
    assert b"Traceback" not in err
    assert contents(specs) == before
