"""Times a pair of models in turn, from the sessions, batches and threads that their accuracy was measured with."""

from __future__ import annotations

import gc
import math
import statistics
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from qspec.errors import QSpecError
from qspec.execute.arrivals import Clock, in_a_row, poisson_arrivals, serve
from qspec.execute.energy import Meter
from qspec.execute.evaluate import Column, feeders
from qspec.execute.machine import Activity, activity
from qspec.execute.sessions import Session
from qspec.execute.timings import DISAGREEMENT, Noise, Series, Timings, geometric_mean_ratio
from qspec.stats.timing import LEAST_BATCHES

SCENARIOS = ("offline", "single-stream", "server")
ORDER = ("bqqb", "qbbq")
"""Baseline, quantized, quantized, baseline, and the reverse in the next round: a drift that is linear in time falls
on both alike, and neither model is always the one that runs first."""

# Timed on several batches in turn, so that one batch's lengths or values decide nothing.
_BATCHES = 8
_LONGEST_SLOT = 0.5
_WARM_UP_SHARE = 0.1
_WARM_UP_GROUP = 5
_SETTLED = 1.05
_MOST_CALLS = 4_000_000
_PATIENCE = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """How long to measure: at least so many seconds and calls of each model, and examples when offline."""

    name: str
    seconds: float
    calls: int
    offline_examples: int = 0


PROFILES = {
    "quick": Profile("quick", 2, 64),
    "standard": Profile("standard", 10, 662),
    "mlperf": Profile("mlperf", 600, 662, offline_examples=24_576),
}


@dataclass(slots=True)
class _Side:
    """One model while it is being timed."""

    calls: list[Callable[[], object]]
    device_seconds: Callable[[], float] | None = None
    """Seconds of the last call by the device's own clock, where the model runs on one."""
    per_slot: int = 1
    seconds: array[float] = field(default_factory=lambda: array("d"))
    rounds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    this_round: list[tuple[int, float]] = field(default_factory=list)
    warm_up_calls: int = 0
    warm_up_seconds: float = 0.0
    settled: bool = False
    wall: float = 0.0
    walls: float = 0.0
    by_wall: array[float] = field(default_factory=lambda: array("d"))
    busy: float = 0.0
    joules: float = 0.0
    energy: array[float] = field(default_factory=lambda: array("d"))

    def close_round(self) -> None:
        """Turn what the round's slots gave into one median and one CPU time a call."""
        count = sum(calls for calls, _ in self.this_round)
        self.rounds.append(statistics.median(self.seconds[-count:]))
        self.cpu.append(sum(cpu for _, cpu in self.this_round) / count)
        self.by_wall.append(self.walls / count)
        self.walls = 0.0
        self.this_round.clear()
        self.energy.append(self.joules / count)
        self.joules = 0.0

    def series(self, metered: bool, server: bool) -> Series:
        """The finished series."""
        return Series(
            calls=np.array(self.seconds),
            rounds=np.array(self.rounds),
            cpu=np.array(self.cpu),
            warm_up_calls=self.warm_up_calls,
            warm_up_seconds=self.warm_up_seconds,
            settled=self.settled,
            joules=float(np.mean(self.energy)) if metered else None,
            utilization=self.busy / self.wall if server else None,
            energy=np.array(self.energy) if metered else np.empty(0),
            wall=np.array(self.by_wall) if self.device_seconds is not None and not server else np.empty(0),
        )


def measure(
    baseline: Session,
    quantized: Session,
    inputs: Mapping[str, Column],
    *,
    batch: int,
    scenario: str = "offline",
    profile: Profile = PROFILES["standard"],
    rate: float | None = None,
    latency_bound: float | None = None,
    seed: int = 0,
    warm_up_calls: int = 0,
    warm_up_seconds: float | None = None,
    most_seconds: float | None = None,
    meter: Meter | None = None,
    clock: Clock | None = None,
) -> Timings:
    """Time both models on the same batches, in rounds of baseline, quantized, quantized, baseline and the reverse.

    Slots of a round are of about equal length, however fast the model; a round's median call is one batch for
    the interval of the ratio, of which there are at least 20. `rate` is the arrivals a second of the server
    scenario, whose queries (`seed`) are the same for both models, and `latency_bound` the seconds in which they should
    be answered. Warm-up is at least the calls and seconds
    given (a tenth of the profile's), goes on until two groups of calls agree, and is recorded. Measuring stops
    at `most_seconds` (twenty times the profile's), complete or not.
    """
    _check(scenario, batch, rate, latency_bound)
    clock = clock or Clock()
    started = clock.wall()
    calls = _calls((baseline, quantized), inputs, batch)
    clocks = [
        session.timer.seconds if session.timer is not None else None for session in (baseline, quantized)
    ]
    sides = {"b": _Side(calls[0], clocks[0]), "q": _Side(calls[1], clocks[1])}
    generator = np.random.default_rng(seed)
    needed = profile.calls
    if scenario == "offline":
        needed = max(needed, math.ceil(profile.offline_examples / batch))
    slot_seconds = min(_LONGEST_SLOT, profile.seconds / (4 * LEAST_BATCHES))
    limit = most_seconds if most_seconds is not None else _PATIENCE * profile.seconds
    before, switches = activity(), _switches()
    with _no_garbage_collection():
        for side in sides.values():
            least = warm_up_seconds if warm_up_seconds is not None else _WARM_UP_SHARE * profile.seconds
            typical = _warm_up(side, warm_up_calls, least, profile.seconds, clock)
            side.per_slot = max(1, round(slot_seconds / max(typical, 1e-9)))
        queries = max(math.ceil(needed / (2 * LEAST_BATCHES)), round((rate or 0) * slot_seconds), 1)
        while not (done := _enough(sides, profile.seconds, needed)):
            if clock.wall() - started > limit or max(len(s.seconds) for s in sides.values()) > _MOST_CALLS:
                break
            arrivals = poisson_arrivals(rate, queries, generator) if rate is not None else None
            for model in ORDER[len(sides["b"].rounds) % len(ORDER)]:
                _slot(sides[model], arrivals, meter, clock)
            for side in sides.values():
                side.close_round()
    if not sides["b"].rounds:
        raise QSpecError(
            f"The time limit of {limit:g} s was spent on loading and warming up; nothing was measured.",
            hint="allow more time, or take a smaller batch",
        )
    server = scenario == "server"
    series = {model: side.series(meter is not None, server) for model, side in sides.items()}
    threads = int(quantized.settings["threads"])
    on_host = baseline.device == quantized.device == "cpu"
    return Timings(
        baseline=series["b"],
        quantized=series["q"],
        order=" ".join(ORDER),
        scenario=scenario,
        batch=batch,
        threads=threads,
        profile=profile.name,
        complete=done,
        noise=_noise(series["b"], series["q"], threads, on_host, server, before, switches),
        rate=rate,
        latency_bound=latency_bound,
        seed=seed if server else None,
        meter=meter.name if meter is not None else None,
    )


def _slot(side: _Side, arrivals: np.ndarray | None, meter: Meter | None, clock: Clock) -> None:
    """Run one model's turn: a number of calls in a row, or a trace of arrivals."""
    call = side.calls[len(side.rounds) % len(side.calls)]
    joules = meter.joules() if meter is not None else 0.0
    if arrivals is not None:
        latencies, busy, cpu = serve(call, arrivals, clock)
        side.seconds.extend(latencies)
        side.busy += busy
        # The server is measured against the span in which queries arrived, so that a queue shows as above 1.
        side.wall += float(arrivals[-1])
        count = len(latencies)
    else:
        row = in_a_row(call, side.per_slot, clock, side.device_seconds)
        side.seconds.extend(row.seconds)
        count, cpu = side.per_slot, row.cpu
        side.wall += row.wall
        side.walls += row.wall
    side.this_round.append((count, cpu))
    if meter is not None:
        side.joules += meter.joules() - joules


def _warm_up(side: _Side, least_calls: int, least_seconds: float, most_seconds: float, clock: Clock) -> float:
    """Call until two groups of calls in a row agree; returns the last group's median seconds a call."""
    start = clock.wall()
    last = math.inf
    while True:
        times = []
        for i in range(_WARM_UP_GROUP):
            call = side.calls[(side.warm_up_calls + i) % len(side.calls)]
            before = clock.wall()
            call()
            times.append(clock.wall() - before)
        side.warm_up_calls += _WARM_UP_GROUP
        side.warm_up_seconds = clock.wall() - start
        median = statistics.median(times)
        side.settled = 1 / _SETTLED <= median / max(last, 1e-12) <= _SETTLED
        enough = side.warm_up_calls >= least_calls and side.warm_up_seconds >= least_seconds
        if enough and (side.settled or side.warm_up_seconds >= most_seconds):
            return median
        last = median


def _calls(
    sessions: Sequence[Session], inputs: Mapping[str, Column], batch: int
) -> list[list[Callable[[], object]]]:
    """For each model, prepared calls over the first batches of the data.

    Models with the same inputs get the very same arrays, since where an array lies can change a time by a part in
    a thousand. Fewer examples than a batch are repeated to fill it.
    """
    count = len(next(iter(inputs.values())))
    batches = max(1, min(_BATCHES, count // batch))
    rows = np.resize(np.arange(count), batches * batch).reshape(batches, batch)
    feeds = [[feed(chosen) for chosen in rows] for feed in feeders(sessions, inputs)]
    return [
        [session.prepare(arrays) for arrays in feeds[min(i, len(feeds) - 1)]]
        for i, session in enumerate(sessions)
    ]


def _enough(sides: Mapping[str, _Side], seconds: float, calls: int) -> bool:
    return all(
        len(side.rounds) >= LEAST_BATCHES and len(side.seconds) >= calls and side.wall >= seconds
        for side in sides.values()
    )


def _noise(
    baseline: Series,
    quantized: Series,
    threads: int,
    on_host: bool,
    server: bool,
    before: Activity,
    switches: int | None,
) -> Noise:
    after, switches_after = activity(), _switches()
    # On a device the CPU only waits, and the device's own clock is the second one; in the server scenario latencies
    # hold time in the queue.
    comparable = on_host and not server and min(baseline.cpu.min(), quantized.cpu.min()) > 0
    on_device = bool(len(baseline.wall) and len(quantized.wall))
    stretch = None
    if comparable and threads == 1:
        stretch = (baseline.held, quantized.held)
    return Noise(
        wall_ratio=geometric_mean_ratio(baseline.wall, quantized.wall)
        if on_device
        else geometric_mean_ratio(baseline.rounds, quantized.rounds),
        cpu_ratio=geometric_mean_ratio(baseline.cpu, quantized.cpu) if comparable else None,
        limit=DISAGREEMENT * (threads if comparable else 1),
        device_ratio=geometric_mean_ratio(baseline.rounds, quantized.rounds) if on_device else None,
        stretch=stretch,
        load_before=before.load[0] if before.load else None,
        load_after=after.load[0] if after.load else None,
        frequency_before=before.frequency,
        frequency_after=after.frequency,
        involuntary_switches=None
        if switches is None or switches_after is None
        else switches_after - switches,
    )


def _check(scenario: str, batch: int, rate: float | None, latency_bound: float | None) -> None:
    if scenario not in SCENARIOS:
        raise QSpecError(f"There is no scenario {scenario!r}.", hint=f"scenarios are {', '.join(SCENARIOS)}")
    if batch < 1 or (scenario == "single-stream" and batch != 1):
        raise QSpecError(
            f"The scenario {scenario} cannot run batches of {batch}.", hint="set the load's batch to 1"
        )
    if (scenario == "server") != (rate is not None):
        needs = "needs a rate of arrivals" if scenario == "server" else "has no arrivals, and takes no rate"
        raise QSpecError(f"The scenario {scenario} {needs}.", hint="a rate belongs to the server scenario")
    if latency_bound is not None and (scenario != "server" or not latency_bound > 0):
        raise QSpecError(
            f"A latency bound of {latency_bound:g} s is declared for the scenario {scenario}.",
            hint="a positive latency bound belongs to the server scenario; elsewhere assert `latency(p99) <= …`",
        )


def _switches() -> int | None:
    """How often this process lost its processor to another, so far; None where the system does not count."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
