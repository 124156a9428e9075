"""The long run of timing: `make soak`. A model against itself, and the quickstart's pair on an idle and on a full machine.

Prints how many of the self-ratios covered 1, and for every try under load whether it agreed with the idle machine, said
that the host was noisy, or gave a confident wrong number; exits 1 where there was one, or where fewer than 93 % covered 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from qspec import api
from qspec.execute.measure import PROFILES, Profile, measure
from qspec.execute.options import Options
from qspec.execute.realize import make_side
from qspec.execute.sessions import Session, open_session
from qspec.execute.store import Store
from qspec.execute.timings import Timings
from qspec.stats.interval import Interval
from qspec.stats.timing import speedup

SPECS = Path(__file__).resolve().parents[2] / "specs"
BATCH = 32
LEAST_COVERED = 0.93


def pair(store: Path) -> tuple[Session, Session]:
    """The quickstart's two models, open on one thread."""
    (plan,) = api.plan(SPECS / "quickstart.qspec", options=Options(store=store))
    sides = [make_side(plan, model, Store(store)) for model in (plan.baseline, plan.quantized)]
    baseline, quantized = (open_session(side.path, threads=1) for side in sides)
    return baseline, quantized


@contextmanager
def full_machine() -> Iterator[None]:
    """Two busy processes for every processor."""
    command = [sys.executable, "-c", "while True: pass"]
    burning = [subprocess.Popen(command) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def timed(one: Session, other: Session, images: np.ndarray, profile: Profile) -> tuple[Timings, Interval]:
    """The timings of two sessions and the interval of their ratio."""
    found = measure(one, other, {"image": images}, batch=BATCH, profile=profile)
    return found, speedup(found.baseline.rounds, found.quantized.rounds)


def self_ratios(session: Session, images: np.ndarray, runs: int) -> bool:
    """Whether enough of the ratios of a model with itself cover 1."""
    quick = Profile("self", 0.5, 64)
    covered = unsure = 0
    for _ in range(runs):
        found, interval = timed(session, session, images, quick)
        unsure += found.noise.noisy or not found.steady
        covered += interval.low <= 1 <= interval.high
    print(f"a model with itself: {covered} of {runs} intervals cover 1; {unsure} runs said noisy or unsteady")
    return covered >= LEAST_COVERED * runs


def under_load(baseline: Session, quantized: Session, images: np.ndarray, tries: int) -> bool:
    """Whether no try on a full machine gave a confident wrong number."""
    _, idle = timed(baseline, quantized, images, PROFILES["standard"])
    print(f"idle: {idle.estimate:.3f} ({idle.low:.3f} to {idle.high:.3f})")
    said: Counter[str] = Counter()
    with full_machine():
        for _ in range(tries):
            found, interval = timed(baseline, quantized, images, PROFILES["quick"])
            if found.noise.noisy or not found.steady:
                said["noisy"] += 1
            elif interval.low <= idle.high and idle.low <= interval.high:
                said["agrees"] += 1
            else:
                said["wrong"] += 1
                print(f"wrong: {interval.estimate:.3f} ({interval.low:.3f} to {interval.high:.3f})")
    print(f"full machine: {dict(said)} of {tries}")
    return not said["wrong"]


def main() -> int:
    """Both runs, and 1 where one of them failed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tries", type=int, default=20)
    arguments.add_argument("--runs", type=int, default=100)
    given = arguments.parse_args()
    images = np.load(SPECS / "data" / "digits.npz")["x"]
    with tempfile.TemporaryDirectory() as folder:
        baseline, quantized = pair(Path(folder))
        fine = [
            self_ratios(baseline, images, given.runs),
            under_load(baseline, quantized, images, given.tries),
        ]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
