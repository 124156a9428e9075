"""Verdicts and results about speed, size, memory and energy, from timings, processes of their own and file sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from qspec.errors import QSpecError
from qspec.execute.apart import MEDIAN, RELATIVE, by_rounds
from qspec.execute.judge.amounts import Found, energy_interval, memory_interval, rounds_interval
from qspec.execute.judge.figures import count, figure, span
from qspec.execute.judge.verdict import Judged, not_judged
from qspec.execute.rounds import Apart
from qspec.execute.timings import Timings
from qspec.model.claim import Assertion
from qspec.model.expression import Term
from qspec.model.measurand import Measurand, MeasurandKind
from qspec.model.measured import Result
from qspec.model.unit import Dimension
from qspec.stats.decision import Outcome, Relation, decide, level_by_search
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.timing import LEAST_BATCHES, slowdown, speedup

_UNITS = {
    Dimension.TIME: "s",
    Dimension.RATE: "/s",
    Dimension.SIZE: "B",
    Dimension.ENERGY: "J",
    Dimension.POWER: "W",
}
"""Base units, in which limits are written where the bound is absolute."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One physical quantity of both models, in base units."""

    baseline: float
    quantized: float


@dataclass(frozen=True)
class PerformanceJudge:
    """Judges speed, size, memory and energy. `refusal` says why no clock may be trusted for this claim, where one may not."""

    timings: dict[str, Timings]
    size: Pair | None
    apart: Apart = field(default_factory=Apart)
    refusal: tuple[Outcome, str] | None = None
    confidence: float = 0.95

    def judge(self, assertion: Assertion, subject: Measurand) -> Judged:
        """The verdict on one assertion about a physical quantity."""
        if len(assertion.bounds) != 1 or assertion.bounds[0].relation == "==":
            return not_judged(assertion, Outcome.NOT_EXECUTABLE, "a physical quantity takes one bound")
        if subject.kind is MeasurandKind.SIZE:
            if self.size is None:
                return not_judged(assertion, Outcome.NOT_MEASURED, "the files of the models are not here")
            return self._exact(assertion, self.size)
        if self.refusal is not None:
            return not_judged(assertion, *self.refusal)
        dimension = assertion.bounds[0].quantity.dimension
        relative = dimension in RELATIVE
        if dimension is Dimension.TOKEN_RATE:
            return not_judged(
                assertion, Outcome.NOT_EXECUTABLE, "examples are timed here, and tokens are not counted"
            )
        if subject.kind is MeasurandKind.MEMORY:
            found = memory_interval(self.apart.peaks, relative)
            return self._decided(assertion, found)
        timings = self._load(assertion.on)
        if timings is None:
            return not_judged(assertion, Outcome.NOT_MEASURED, "no load of that name was timed")
        if timings.noise.noisy:
            return not_judged(assertion, Outcome.NOISY_HOST, timings.noise.reason or "")
        if subject.kind in {MeasurandKind.ENERGY, MeasurandKind.POWER}:
            return self._taken_in_turn(
                assertion, timings, lambda part, least: energy_interval(part, subject.kind, relative, least)
            )
        if subject.kind is MeasurandKind.THROUGHPUT and timings.scenario == "server":
            return not_judged(
                assertion,
                Outcome.NOT_EXECUTABLE,
                "a server answers as many queries as it is asked; bound its latency, or the throughput of another load",
            )
        if by_rounds(assertion, subject):
            name = assertion.on if assertion.on is not None else next(iter(self.timings))
            rounds = self.apart.rounds.get(name)
            return self._decided(assertion, rounds_interval(rounds, subject, relative, timings.batch))
        return self._taken_in_turn(assertion, timings, lambda part, least: _interleaved(part, subject, least))

    def _exact(self, assertion: Assertion, pair: Pair) -> Judged:
        """A quantity that is known exactly, such as the bytes of a file."""
        bound = assertion.bounds[0]
        relative = bound.quantity.dimension in RELATIVE
        value = pair.quantized / pair.baseline if relative else pair.quantized
        interval = Interval.exact(value)
        outcome = decide(interval, Relation(bound.relation), float(bound.quantity.base))
        level = 0.0 if outcome is Outcome.REFUTED else 1.0
        return Judged(assertion, outcome, level, interval)

    def _taken_in_turn(
        self, assertion: Assertion, timings: Timings, interval: Callable[[Timings, int], Found]
    ) -> Judged:
        """The verdict from rounds taken in turn, of which `interval` needs so many.

        Where they drifted, what each third of them decides by itself must be the same: then it holds for every state
        that the host was in.
        """
        judged = self._decided(assertion, interval(timings, LEAST_BATCHES))
        relative = assertion.bounds[0].quantity.dimension in RELATIVE
        if judged.interval is None or (timings.steady_ratio if relative else timings.steady):
            return judged
        drifted = "the timings drifted while they were taken"
        if judged.outcome is Outcome.INCONCLUSIVE:
            return replace(judged, because=drifted)
        parts = [self._decided(assertion, interval(part, LEAST_BATCHES // 3)) for part in timings.thirds()]
        if any(part.outcome is not judged.outcome for part in parts):
            return replace(judged, outcome=Outcome.NOISY_HOST, because=drifted)
        level = max(one.level for one in (judged, *parts))
        return replace(judged, level=level, because=f"{drifted}, and each third of them decides alike")

    def _decided(self, assertion: Assertion, found: Found) -> Judged:
        """The bound against the interval, or why there is none."""
        if isinstance(found, tuple):
            return not_judged(assertion, *found)
        bound = assertion.bounds[0]
        relation, limit = Relation(bound.relation), float(bound.quantity.base)
        confidence = float(assertion.at.base) if assertion.at is not None else self.confidence
        try:
            interval = found(confidence)
            outcome = decide(interval, relation, limit)
            level = level_by_search(found, relation, limit)
        except QSpecError as error:  # too few measurements, or a clock or meter too coarse for them
            return not_judged(assertion, Outcome.INCONCLUSIVE, error.message)
        dimension = bound.quantity.dimension
        unit = None if dimension in RELATIVE else _UNITS.get(dimension)
        return Judged(assertion, outcome, level, interval, unit=unit)

    def _load(self, name: str | None) -> Timings | None:
        if name is not None:
            return self.timings.get(name)
        return next(iter(self.timings.values()), None)

    def results(self) -> Iterator[Result]:
        """Throughput and latency of every load, and the sizes."""
        for name, timings in self.timings.items():
            yield from self._timing_results(name, timings)
        if self.size is not None:
            yield _bytes("size", self.size, "exact")
        peaks = self.apart.peaks
        if peaks is not None:
            medians = Pair(float(np.median(peaks.baseline)), float(np.median(peaks.quantized)))
            yield _bytes(
                "memory", medians, "median peak of processes of their own, above what they began with"
            )

    def _timing_results(self, name: str, timings: Timings) -> Iterator[Result]:
        if self.refusal is not None:
            return
        base, quantized = timings.baseline, timings.quantized
        interval = None
        if not timings.noise.noisy:
            try:
                interval = speedup(base.rounds, quantized.rounds, self.confidence)
            except InsufficientDataError:
                interval = None
        # A server's latencies hold time in the queue, so that no throughput follows from them.
        if timings.scenario != "server":
            rates = timings.throughput(base), timings.throughput(quantized)
            yield Result(
                quantity=Term(name="throughput"),
                on=name or None,
                baseline=figure(rates[0], "/s"),
                quantized=figure(rates[1], "/s"),
                ratio=figure(interval.estimate if interval else rates[1] / rates[0]),
                interval=span(interval),
                method=interval.method if interval else None,
                n=count(len(base.rounds), "batches"),
            )
        theirs = quantized.percentiles()
        for percentile, seconds in base.percentiles().items():
            if percentile in theirs and not (timings.disturbed and percentile > MEDIAN):
                yield Result(
                    quantity=Term(name="latency", positional=[f"p{percentile:g}"]),
                    on=name or None,
                    baseline=figure(seconds, "s"),
                    quantized=figure(theirs[percentile], "s"),
                    ratio=figure(theirs[percentile] / seconds),
                    n=count(min(len(base.calls), len(quantized.calls)), "calls"),
                )
        if base.joules is not None and quantized.joules is not None and base.joules > 0:
            yield Result(
                quantity=Term(name="energy"),
                on=name or None,
                baseline=figure(base.joules, "J"),
                quantized=figure(quantized.joules, "J"),
                ratio=figure(quantized.joules / base.joules),
                method=f"a call, of everything on the {timings.meter} meter",
            )


def _bytes(name: str, pair: Pair, method: str) -> Result:
    return Result(
        quantity=Term(name=name),
        baseline=count(int(pair.baseline), "B"),
        quantized=count(int(pair.quantized), "B"),
        ratio=figure(pair.quantized / pair.baseline),
        method=method,
    )


def _interleaved(timings: Timings, subject: Measurand, least: int) -> Found:
    """The ratio of typical speeds, from rounds in which the models took turns."""
    compared = speedup if subject.kind is MeasurandKind.THROUGHPUT else slowdown
    return lambda confidence: compared(timings.baseline.rounds, timings.quantized.rounds, confidence, least)
