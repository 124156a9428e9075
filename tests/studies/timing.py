"""Whether timings can be trusted on this machine: `python tests/studies/timing.py [overhead] [itself] [load]`.

The quickstart's pair is realized once; then every measurement runs in a process of its own, as a user's would.

- `overhead`: seconds a call as timed here over those of a bare loop, which reads the clock once in many calls. Under 1 %
  by CPU time, which other work on the machine leaves as it is.
- `itself`: 100 measurements of one model against itself. Its interval covers 1 in at least 93.
- `load`: 20 pairs of measurements, one as the machine is (taken again where the program itself calls it noisy) and one
  beside processes that keep every processor busy. The two intervals meet, or the loaded one is `noisy-host`; a wrong ratio
  told with confidence is a failure.

Exit 1 where one of them fails. Takes some twenty minutes.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import qspec
from qspec.execute.arrays import load_arrays, save_arrays
from qspec.execute.measure import PROFILES, measure
from qspec.execute.options import Options
from qspec.execute.realize import make_side
from qspec.execute.sessions import Arrays, Session, open_session
from qspec.execute.stages import Stages
from qspec.execute.store import Store
from qspec.execute.timings import Timings, geometric_mean_ratio
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.timing import speedup

QUICKSTART = Path(__file__).parents[2] / "specs" / "quickstart.qspec"
MOST_OVERHEAD = 1.01
RUNS, LEAST_COVERED = 100, 93
TRIES = 20


class Bare:
    """A session whose call is a bare loop of `times` calls, so that one reading of the clock covers them all."""

    def __init__(self, session: Session, times: int) -> None:
        self.session, self.times = session, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def prepare(self, feeds: Arrays) -> Callable[[], object]:
        """The loop over one prepared call."""
        call, times = self.session.prepare(feeds), range(self.times)

        def loop() -> None:
            for _ in times:
                call()

        return loop


def prepare(folder: Path) -> None:
    """Realize the quickstart's pair and leave both models' paths and the inputs in `folder`."""
    (plan,) = qspec.plan(QUICKSTART, options=Options(store=folder / "store"))
    store = Store(folder / "store")
    sides = [make_side(plan, side, store) for side in (plan.baseline, plan.quantized)]
    opened = Stages(plan, store, *sides, lambda *told: None).open(plan.evaluations[0])
    save_arrays(folder / "inputs.npz", opened.inputs)
    (folder / "pair.json").write_text(json.dumps([str(side.path.resolve()) for side in sides]))


def one(folder: Path, models: str, batch: int, bare: int) -> dict[str, Any]:
    """One measurement, in this process: `models` are two of b (baseline) and q (quantized)."""
    paths = dict(zip("bq", json.loads((folder / "pair.json").read_text()), strict=True))
    first, second = (open_session(Path(paths[name]), threads=1) for name in models)
    inputs = load_arrays(folder / "inputs.npz")
    baseline: Any = Bare(first, bare) if bare else first
    timings = measure(baseline, second, inputs, batch=batch, profile=PROFILES["quick"])
    return said(timings, bare or 1)


def said(timings: Timings, times: int) -> dict[str, Any]:
    """The ratio with its interval, by wall and by CPU time, and what the program says of the host."""
    base, other = timings.baseline, timings.quantized
    try:
        interval = speedup(base.rounds / times, other.rounds)
    except InsufficientDataError:  # the time limit came first, and no verdict would be given
        interval = Interval(math.nan, -math.inf, math.inf, 0.95, "none")
    return {
        "ratio": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "by_cpu": geometric_mean_ratio(base.cpu / times, other.cpu),
        "call": float(np.median(other.rounds)),
        "noisy": timings.noise.noisy or not math.isfinite(interval.high),
        "steady": timings.steady,
        "held": timings.held or 1.0,
    }


def run(folder: Path, models: str, batch: int = 32, bare: int = 0) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, "--one", str(folder), models, str(batch), str(bare)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def trusted(found: dict[str, Any]) -> bool:
    """Whether the program would decide anything on this measurement."""
    return bool(found["steady"]) and not found["noisy"]


def tell(text: str) -> None:
    """One line, at once: these studies are long."""
    print(text, flush=True)


def overhead(folder: Path) -> bool:
    """Timed calls against a bare loop, at two batch sizes."""
    good = True
    for batch in (1, 32):
        found = [run(folder, "bb", batch, bare=50) for _ in range(5)]
        # Timed over bare is the inverse of the speed-up over the bare loop.
        wall, cpu = (float(np.exp(-np.mean(np.log([f[key] for f in found])))) for key in ("ratio", "by_cpu"))
        call = float(np.median([f["call"] for f in found]))
        tell(
            f"overhead  batch {batch}: {call * 1e6:.0f} us a call; timed over bare {wall:.4f} by wall, {cpu:.4f} by CPU"
        )
        good &= cpu < MOST_OVERHEAD
    return good


def itself(folder: Path) -> bool:
    """How often the ratio of a model with itself covers 1."""
    covered = noisy = 0
    widths = []
    for number in range(RUNS):
        found = run(folder, "bb" if number % 2 else "qq")
        covered += found["low"] <= 1 <= found["high"]
        noisy += not trusted(found)
        widths.append(found["high"] / found["low"] - 1)
        if number % 10 == 9:
            tell(f"itself    {covered} of {number + 1} cover 1; {noisy} were noisy or drifted")
    tell(f"itself    median width {100 * np.median(widths):.2f} %")
    return covered >= LEAST_COVERED


def load(folder: Path) -> bool:
    """The quickstart's ratio as the machine is, and with every processor busy."""
    wrong = told = 0
    for number in range(TRIES):
        quiet = calm(folder)
        with busy((os.cpu_count() or 1) * (1 + number % 2)):
            full = run(folder, "bq")
        meet = full["low"] <= quiet["high"] and quiet["low"] <= full["high"]
        state = "noisy-host" if not trusted(full) else "agrees" if meet else "WRONG"
        told += state == "noisy-host"
        wrong += state == "WRONG"
        tell(
            f"load      {number + 1:2}: {_span(quiet)} as it is, {_span(full)} loaded "
            f"(calls took {full['held']:.1f} times their CPU time): {state}"
        )
    tell(f"load      {wrong} confident and wrong, {told} noisy-host, of {TRIES}")
    return wrong == 0


def calm(folder: Path) -> dict[str, Any]:
    """The ratio as the machine is: the first of three measurements that the program trusts, else the last."""
    for _ in range(3):
        found = run(folder, "bq")
        if trusted(found):
            break
    return found


def _span(found: dict[str, Any]) -> str:
    return f"{found['ratio']:.3f} [{found['low']:.3f}, {found['high']:.3f}]{'' if trusted(found) else ' (noisy)'}"


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Within it, so many processes compute and walk through memory."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_spin, daemon=True) for _ in range(count)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _spin() -> None:
    block = np.ones(4 << 20)
    while True:
        block *= 1.0000001


STUDIES = {"overhead": overhead, "itself": itself, "load": load}


def main() -> int:
    """Run the studies named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", choices=[*STUDIES, []])
    parser.add_argument("--one", nargs=4, metavar=("FOLDER", "MODELS", "BATCH", "BARE"))
    given = parser.parse_args()
    if given.one:
        folder, models, batch, bare = given.one
        print(json.dumps(one(Path(folder), models, int(batch), int(bare))))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        good = [STUDIES[study](folder) for study in given.studies or STUDIES]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
