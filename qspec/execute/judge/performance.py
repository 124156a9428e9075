"""Verdicts and results about speed and size, from interleaved timings and file sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qspec.execute.judge.figures import count, figure, span
from qspec.execute.judge.verdict import Judged, not_judged
from qspec.execute.timings import Timings
from qspec.model.claim import Assertion
from qspec.model.expression import Term
from qspec.model.measurand import Measurand, MeasurandKind
from qspec.model.measured import Result
from qspec.model.unit import Dimension
from qspec.stats.decision import Outcome, Relation, decide, level_by_search
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.timing import slowdown, speedup, typical_seconds

_RELATIVE = {Dimension.TIMES_BASELINE, Dimension.OF_BASELINE}
_TYPICAL = {None, "p50", "median"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One physical quantity of both models, in base units."""

    baseline: float
    quantized: float


@dataclass(frozen=True)
class PerformanceJudge:
    """Judges speed, size and memory. `refusal` says why no clock may be trusted for this claim, where one may not."""

    timings: dict[str, Timings]
    size: Pair | None
    memory: Pair | None = None
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
        if subject.kind is MeasurandKind.MEMORY:
            if self.memory is None:
                return not_judged(assertion, Outcome.NOT_MEASURED, "peak memory was not measured")
            return self._exact(assertion, self.memory)
        if subject.kind in {MeasurandKind.ENERGY, MeasurandKind.POWER}:
            return not_judged(assertion, Outcome.NOT_MEASURED, "this machine lets no meter of energy be read")
        return self._timed(assertion, subject)

    def _exact(self, assertion: Assertion, pair: Pair) -> Judged:
        """A quantity that is known exactly, such as the bytes of a file."""
        bound = assertion.bounds[0]
        relative = bound.quantity.dimension in _RELATIVE
        value = pair.quantized / pair.baseline if relative else pair.quantized
        interval = Interval.exact(value)
        outcome = decide(interval, Relation(bound.relation), float(bound.quantity.base))
        level = 0.0 if outcome is Outcome.REFUTED else 1.0
        return Judged(assertion, outcome, level, interval)

    def _timed(self, assertion: Assertion, subject: Measurand) -> Judged:
        timings = self._load(assertion.on)
        if timings is None:
            return not_judged(assertion, Outcome.NOT_MEASURED, "no load of that name was timed")
        if timings.noise.noisy:
            return not_judged(assertion, Outcome.NOISY_HOST, timings.noise.reason or "")
        bound = assertion.bounds[0]
        relation, limit = Relation(bound.relation), float(bound.quantity.base)
        interval_at = self._interval(timings, subject, bound.quantity.dimension in _RELATIVE)
        if isinstance(interval_at, str):
            return not_judged(assertion, Outcome.INCONCLUSIVE, interval_at)
        confidence = float(assertion.at.base) if assertion.at is not None else self.confidence
        try:
            interval = interval_at(confidence)
            outcome = decide(interval, relation, limit)
            level = level_by_search(interval_at, relation, limit)
        except InsufficientDataError as error:
            return not_judged(assertion, Outcome.INCONCLUSIVE, error.message)
        because = None if timings.steady else "the timings drifted while they were taken"
        if because is not None and outcome is not Outcome.INCONCLUSIVE:
            outcome = Outcome.NOISY_HOST
        return Judged(assertion, outcome, level, interval, because=because)

    def _interval(
        self, timings: Timings, subject: Measurand, relative: bool
    ) -> Callable[[float], Interval] | str:
        """The interval at a confidence of what is bounded, or why there is none."""
        base, quantized = timings.baseline.rounds, timings.quantized.rounds
        if subject.kind is MeasurandKind.THROUGHPUT:
            if relative:
                return lambda confidence: speedup(base, quantized, confidence)
            return lambda confidence: _rate(typical_seconds(quantized, confidence), timings.batch)
        if subject.statistic not in _TYPICAL or not relative:
            return (
                "an absolute latency, or a percentile of one, is decided on ten rounds in separate processes; "
                "this run timed one"
            )
        return lambda confidence: slowdown(base, quantized, confidence)

    def _load(self, name: str | None) -> Timings | None:
        if name is not None:
            return self.timings.get(name)
        return next(iter(self.timings.values()), None)

    def results(self) -> Iterator[Result]:
        """Throughput and latency of every load, and the sizes."""
        for name, timings in self.timings.items():
            yield from self._timing_results(name, timings)
        for name, pair, method in (
            ("size", self.size, "exact"),
            ("memory", self.memory, "peak of a process of its own"),
        ):
            if pair is not None:
                yield Result(
                    quantity=Term(name=name),
                    baseline=count(int(pair.baseline), "B"),
                    quantized=count(int(pair.quantized), "B"),
                    ratio=figure(pair.quantized / pair.baseline),
                    method=method,
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
            if percentile in theirs:
                yield Result(
                    quantity=Term(name="latency", positional=[f"p{percentile:g}"]),
                    on=name or None,
                    baseline=figure(seconds, "s"),
                    quantized=figure(theirs[percentile], "s"),
                    ratio=figure(theirs[percentile] / seconds),
                    n=count(min(len(base.calls), len(quantized.calls)), "calls"),
                )


def _rate(seconds: Interval, batch: int) -> Interval:
    """Examples a second from seconds a call."""
    return Interval(
        batch / seconds.estimate,
        batch / seconds.high,
        batch / seconds.low,
        seconds.confidence,
        seconds.method,
    )
