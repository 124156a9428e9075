"""Intervals for what is not read off interleaved timings: memory, energy, and speeds by processes of their own."""

from __future__ import annotations

from collections.abc import Callable

from qspec.execute.apart import percentile_of
from qspec.execute.rounds import PEAKS, Peaks, Rounds
from qspec.execute.timings import Timings
from qspec.model.measurand import Measurand, MeasurandKind
from qspec.stats.decision import Outcome
from qspec.stats.interval import Interval
from qspec.stats.timing import LEAST_BATCHES, LEAST_ROUNDS, amount_ratio, latency_percentile, typical_amount

Found = Callable[[float], Interval] | tuple[Outcome, str]
"""The interval at a confidence, or the outcome there is without one and why."""

NO_METER = "this machine lets no meter of energy be read"


def memory_interval(peaks: Peaks | None, relative: bool) -> Found:
    """Of the peak memory, absolute or over the baseline's."""
    if peaks is None:
        return Outcome.NOT_MEASURED, "peak memory was not measured"
    what = "peaks of memory"
    if relative:
        return lambda confidence: amount_ratio(
            peaks.baseline, peaks.quantized, confidence, what=what, least=PEAKS
        )
    return lambda confidence: typical_amount(peaks.quantized, confidence, what=what, least=PEAKS)


def energy_interval(
    timings: Timings, kind: MeasurandKind, relative: bool, least: int = LEAST_BATCHES
) -> Found:
    """Of the energy of a call in joules, or of the power in watts; rounds of the two models are pairs."""
    one, other = timings.baseline.energy, timings.quantized.energy
    if not len(one) or not len(other):
        return Outcome.NOT_MEASURED, NO_METER
    if kind is MeasurandKind.POWER:
        if timings.scenario == "server":
            return (
                Outcome.NOT_MEASURED,
                "the power of a server that waits between queries is not told apart here",
            )
        one, other = one / timings.baseline.rounds, other / timings.quantized.rounds
    what = "rounds with a meter"
    if relative:
        return lambda confidence: amount_ratio(one, other, confidence, what=what, least=least)
    return lambda confidence: typical_amount(other, confidence, what=what, least=least)


def rounds_interval(rounds: Rounds | None, subject: Measurand, relative: bool, batch: int) -> Found:
    """Of an absolute speed, or of a percentile of the latency over the baseline's."""
    percentile = percentile_of(subject)
    if percentile is None:
        return (
            Outcome.NOT_EXECUTABLE,
            f"latencies are judged at their median or a percentile such as p99, not at {subject.statistic}",
        )
    if rounds is None:
        return (
            Outcome.NOT_MEASURED,
            "an absolute speed, or a percentile of a latency, is decided on ten rounds in separate processes; this run "
            "timed none",
        )
    if rounds.reason is not None:
        return Outcome.NOISY_HOST, rounds.reason
    if relative:
        one, other = rounds.quantiles(percentile)
        return lambda confidence: amount_ratio(one, other, confidence, what="rounds", least=LEAST_ROUNDS)
    if subject.kind is MeasurandKind.THROUGHPUT:
        return lambda confidence: _rate(
            latency_percentile(list(rounds.quantized), percentile, confidence), batch
        )
    return lambda confidence: latency_percentile(list(rounds.quantized), percentile, confidence)


def _rate(seconds: Interval, batch: int) -> Interval:
    """Examples a second from seconds a call."""
    return Interval(
        batch / seconds.estimate,
        batch / seconds.high,
        batch / seconds.low,
        seconds.confidence,
        seconds.method,
    )
