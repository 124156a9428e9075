"""How calls follow each other: in a row, or as queries that arrive at random at a declared rate and wait their turn."""

from __future__ import annotations

import time
from array import array
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


@dataclass(frozen=True, slots=True)
class Row:
    """Calls in a row: seconds of each, and the wall and CPU seconds of all of them."""

    seconds: array[float]
    wall: float
    cpu: float


def in_a_row(
    call: Callable[[], object], count: int, clock: Clock, device_seconds: Callable[[], float] | None = None
) -> Row:
    """Call `count` times in a row. A call's seconds are those by the wall, or by a device's clock where there is one."""
    seconds = array("d")
    wall, keep = clock.wall, seconds.append
    cpu = clock.cpu()
    started = before = wall()
    if device_seconds is None:
        for _ in range(count):
            call()
            now = wall()
            keep(now - before)
            before = now
    else:
        for _ in range(count):
            call()
            keep(device_seconds())
        before = wall()
    return Row(seconds, before - started, clock.cpu() - cpu)
