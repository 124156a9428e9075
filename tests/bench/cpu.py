"""CPU time of whole commands, interleaved so that a drift of the machine falls on all of them alike."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent


def seconds(command: list[str], env: dict[str, str] | None = None) -> float:
    """User and system time of one run of a command and its children, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(
    commands: dict[str, list[str]], rounds: int = 9, env: dict[str, str] | None = None
) -> dict[str, float]:
    """Median CPU seconds of each command over interleaved rounds; the first round is warm-up."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    # An installed program is compiled once, and so is everything that is measured here.
    environment = {**os.environ, **(env or {}), "PYTHONDONTWRITEBYTECODE": ""}
    for number in range(rounds + 1):
        for name, command in commands.items():
            spent = seconds(command, environment)
            if number:
                taken[name].append(spent)
    return {name: statistics.median(values) for name, values in taken.items()}


def tool(name: str) -> str | None:
    """The path of a tool of this environment, or of another on the path; None, and a sentence, where there is none."""
    path = shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if path is None:
        print(f"{name} is not installed, and is left out; `pip install {name}` brings it into the comparison")
    return path
