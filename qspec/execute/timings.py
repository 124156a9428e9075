"""What timing a pair gives: plain series, the percentiles they support, and how far the host can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.stats.static import calls_for_percentile

Seconds = NDArray[np.float64]

PERCENTILES = (50.0, 90.0, 95.0, 99.0)
DRIFT = 1.1
"""A series is steady when the medians of its first and last third agree within this factor."""
SERVED = 0.99
"""Share of a server's queries that must be answered within its latency bound, as MLPerf counts it."""
DISAGREEMENT = 1.5
"""With one thread, the speed-ups by wall and by CPU time must agree within this factor; times the threads with more,
since one model may use its threads better than the other."""
HELD = 1.25
"""With one thread, calls may take so many times their CPU time by the wall. Beyond it other work holds the processor, and
with it the caches and the memory that the two models need differently, so that even their ratio is another."""


@dataclass(frozen=True, slots=True)
class Series:
    """One model's times, in seconds.

    `calls`: every call in order (in the server scenario from its arrival to its answer). `rounds`: the median
    call of each round. `cpu`: CPU seconds a call in each round, all threads together. `joules` is the energy a
    call, of everything on the meter, and `energy` the same in each round (empty without a meter). `utilization` is
    the share of time the server was busy, above 1 when it cannot keep up. On a device `calls` and `rounds` are by
    events on its own stream, and `wall` is the mean call of each round by the wall clock (empty elsewhere).
    """

    calls: Seconds
    rounds: Seconds
    cpu: Seconds
    warm_up_calls: int
    warm_up_seconds: float
    settled: bool
    joules: float | None = None
    utilization: float | None = None
    energy: Seconds = field(default_factory=lambda: np.empty(0))
    wall: Seconds = field(default_factory=lambda: np.empty(0))

    @property
    def steady(self) -> bool:
        """True when warm-up had settled and no drift shows between the first and the last third of rounds."""
        return self.settled and _steady(self.rounds)

    @property
    def held(self) -> float:
        """Wall over CPU time of all calls."""
        return float(self.calls.mean() / self.cpu.mean())

    def part(self, start: int, stop: int) -> Series:
        """The same of some rounds alone, but for the calls."""
        cut = {name: getattr(self, name)[start:stop] for name in ("rounds", "cpu", "energy", "wall")}
        return replace(self, **cut)

    def percentiles(self) -> dict[float, float]:
        """Latency in seconds at 50, 90, 95 and 99 %, those that the number of calls supports."""
        return {
            p: float(np.quantile(self.calls, p / 100, method="higher"))
            for p in PERCENTILES
            if len(self.calls) >= calls_for_percentile(p)
        }


def _steady(rounds: Seconds) -> bool:
    third = max(1, len(rounds) // 3)
    drift = float(np.median(rounds[-third:]) / np.median(rounds[:third]))
    return 1 / DRIFT <= drift <= DRIFT


@dataclass(frozen=True, slots=True)
class Noise:
    """How the host behaved: speed-ups by wall and by CPU time, and what the system says of itself.

    `stretch` is wall over CPU time of all calls of each model on one thread (None with more, or on a device): what is
    above 1 was spent waiting for a processor. Loads are over one minute, frequencies in hertz.
    """

    wall_ratio: float
    cpu_ratio: float | None
    limit: float
    stretch: tuple[float, float] | None
    load_before: float | None
    load_after: float | None
    frequency_before: float | None
    frequency_after: float | None
    involuntary_switches: int | None
    device_ratio: float | None = None
    """The speed-up by events on the device, where there is one; `wall_ratio` is then by the wall clock."""

    @property
    def reason(self) -> str | None:
        """A sentence that says why the timing cannot be trusted, or None when it can."""
        for ratio, clock in ((self.cpu_ratio, "CPU time"), (self.device_ratio, "the device's own clock")):
            if ratio is None:
                continue
            if max(self.wall_ratio / ratio, ratio / self.wall_ratio) > self.limit:
                return (
                    f"The quantized model is {self.wall_ratio:.2f} times as fast by wall time and {ratio:.2f} times by "
                    f"{clock}, further apart than the factor {self.limit:g} allowed."
                )
        if self.stretch is not None and max(self.stretch) > HELD:
            return (
                f"Calls on one thread took {max(self.stretch):.2f} times their CPU time by the wall, more than the "
                f"factor {HELD:g} allowed: other work held the processor."
            )
        return None

    @property
    def noisy(self) -> bool:
        """True when the timing verdict is `noisy-host`."""
        return self.reason is not None


@dataclass(frozen=True, slots=True)
class Timings:
    """A timed pair. Every round runs the models in `order` (b: baseline, q: quantized), so that drift cancels.

    `complete` is False when the time limit came before the profile's duration and number of calls.
    """

    baseline: Series
    quantized: Series
    order: str
    scenario: str
    batch: int
    threads: int
    profile: str
    complete: bool
    noise: Noise
    rate: float | None = None
    seed: int | None = None
    meter: str | None = None
    latency_bound: float | None = None

    @property
    def steady(self) -> bool:
        """True when both series are."""
        return self.baseline.steady and self.quantized.steady

    @property
    def steady_ratio(self) -> bool:
        """True when what one model takes of the other's time did not drift.

        A host that slows both alike, as a falling clock frequency does, leaves their ratio as it is.
        """
        pairs = min(len(self.baseline.rounds), len(self.quantized.rounds))
        return _steady(self.quantized.rounds[:pairs] / self.baseline.rounds[:pairs])

    def thirds(self) -> list[Timings]:
        """The first, the middle and the last third of the rounds; calls, which belong to no round, stay whole."""
        pairs = min(len(self.baseline.rounds), len(self.quantized.rounds))
        cuts = [pairs * part // 3 for part in range(4)]
        return [
            replace(
                self, baseline=self.baseline.part(start, stop), quantized=self.quantized.part(start, stop)
            )
            for start, stop in pairwise(cuts)
        ]

    @property
    def held(self) -> float | None:
        """Wall over CPU time of all calls of the model that waited more; None on a device and for a server.

        What is above 1 was spent waiting for a processor. Medians stand all the same; latencies above them hold the waits.
        """
        if self.noise.cpu_ratio is None:
            return None
        return max(self.baseline.held, self.quantized.held)

    @property
    def disturbed(self) -> bool:
        """True when latencies above the median say more of other work on the host than of the models."""
        return self.held is not None and self.held > HELD

    def throughput(self, series: Series) -> float:
        """Examples a second, from the median round."""
        return self.batch / float(np.median(series.rounds))

    def remarks(self, name: str) -> Iterator[str]:
        """What a reader must know beside the figures of the load called `name`."""
        where = f" of {name}" if name else ""
        if self.noise.reason is not None:
            yield self.noise.reason
        elif not self.steady:
            alike = ", of both models alike" if self.steady_ratio else ""
            yield f"the timings{where} drifted while they were taken{alike}"
        if self.disturbed:
            yield (
                f"calls{where} took {self.held:.1f} times their CPU time by the wall: other work held the processor, so that "
                "no latency above the median is told"
            )
        if not self.complete:
            yield f"the timings{where} are shorter than the profile {self.profile} asks for: the time limit came first"
        for side, series in (("baseline", self.baseline), ("quantized", self.quantized)):
            if series.utilization is not None and series.utilization > 1:
                yield f"the {side} model cannot keep up with {self.rate:g} queries a second{where}"
            if self.latency_bound is not None:
                share = float(np.mean(series.calls <= self.latency_bound))
                verb = "reaches" if share >= SERVED else "misses"
                yield (
                    f"the {side} model answered {share:.2%} of {len(series.calls):,} queries{where} within "
                    f"{self.latency_bound * 1e3:g} ms, which {verb} the {SERVED:.0%} of a valid server run"
                )

    def arrays(self) -> dict[str, Seconds]:
        """The series as columns for the store."""
        return {
            f"{model}.{name}": getattr(series, name)
            for model, series in (("baseline", self.baseline), ("quantized", self.quantized))
            for name in _COLUMNS
        }

    def facts(self) -> dict[str, Any]:
        """Everything else, as plain data."""
        data = asdict(self)
        for model in ("baseline", "quantized"):
            for name in _COLUMNS:
                del data[model][name]
        return data

    @classmethod
    def of(cls, arrays: dict[str, Seconds], facts: dict[str, Any]) -> Timings:
        """What `arrays` and `facts` were taken from."""
        models = {}
        for model in ("baseline", "quantized"):
            fields: dict[str, Any] = {
                name: arrays[f"{model}.{name}"] for name in _COLUMNS if f"{model}.{name}" in arrays
            }
            models[model] = Series(**fields, **facts[model])
        noise = dict(facts["noise"])
        noise["stretch"] = None if noise["stretch"] is None else tuple(noise["stretch"])
        return cls(**{**facts, **models, "noise": Noise(**noise)})


_COLUMNS = ("calls", "rounds", "cpu", "energy", "wall")


def geometric_mean_ratio(one: Seconds, other: Seconds) -> float:
    """The geometric mean of `one` over `other`, entry by entry; both positive, shape (rounds,)."""
    return float(np.exp(np.mean(np.log(one) - np.log(other))))
