"""The server scenario: queries that arrive at random times, at a declared rate, and wait their turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qspec.errors import QSpecError
from qspec.execute.timings import Seconds

# `time.sleep` may oversleep by about this much; the rest of a wait is spent looking at the clock.
_SPIN_SECONDS = 500e-6


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from: wall seconds, CPU seconds of this process, and a way to wait."""

    wall: Callable[[], float] = time.perf_counter
    cpu: Callable[[], float] = time.process_time
    sleep: Callable[[float], None] = time.sleep


def poisson_arrivals(rate: float, count: int, generator: np.random.Generator) -> Seconds:
    """Arrival times in seconds, shape (count,), of a Poisson process with `rate` arrivals a second."""
    if not (rate > 0 and np.isfinite(rate)):
        raise QSpecError(f"The server scenario needs a positive rate of arrivals a second, not {rate:g}.")
    return np.cumsum(generator.exponential(1 / rate, count))


def serve(call: Callable[[], object], arrivals: Seconds, clock: Clock) -> tuple[list[float], float, float]:
    """Answer queries one after another, each no sooner than it arrives.

    Returns each query's latency from arrival to answer, and the wall and CPU seconds spent in calls alone:
    waiting for an arrival is nobody's work.
    """
    latencies: list[float] = []
    busy = cpu = 0.0
    wall, process = clock.wall, clock.cpu
    start = wall()
    for arrival in arrivals.tolist():
        due = start + arrival
        ahead = due - wall() - _SPIN_SECONDS
        if ahead > 0:
            clock.sleep(ahead)
        while (before := wall()) < due:
            continue
        cpu_before = process()
        call()
        after = wall()
        cpu += process() - cpu_before
        busy += after - before
        latencies.append(after - due)
    return latencies, busy, cpu
