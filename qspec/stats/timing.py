"""Intervals for throughput ratios and latency percentiles, from interleaved batches and separate rounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from qspec.errors import QSpecError
from qspec.stats.interval import InsufficientDataError, Interval, check_confidence
from qspec.stats.static import calls_for_percentile

LEAST_BATCHES = 20
LEAST_ROUNDS = 10


def _seconds(values: ArrayLike, what: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not np.all(np.isfinite(array)) or np.any(array <= 0):
        raise QSpecError(
            f"The {what} must be a flat series of positive, finite seconds.",
            hint="a clock that reads zero is too coarse for the batch: time more calls at once",
        )
    return array


def independent_batches(logs: NDArray[np.float64]) -> float:
    """How many independent batches a series, shape (batches,), is worth; at least two, and never more than it has.

    Batches that follow each other share what the machine is doing, so that their mean varies more than their spread tells:
    n (1 - r) / (1 + r) for the correlation r of neighbours, where it is positive (Zwiers and von Storch 1995, section 2).
    """
    apart = logs - logs.mean()
    total = float((apart**2).sum())
    if total <= 0:
        return float(logs.size)
    correlation = max(0.0, float((apart[1:] * apart[:-1]).sum()) / total)
    return max(2.0, logs.size * (1 - correlation) / (1 + correlation))


def _t_on_logs(
    logs: NDArray[np.float64], confidence: float, method: str, *, in_a_row: bool = False
) -> Interval:
    """Student's interval on the mean logarithm, carried back: for a geometric mean; of measurements `in_a_row` or apart."""
    check_confidence(confidence)
    centre, n = float(np.mean(logs)), independent_batches(logs) if in_a_row else float(logs.size)
    spread = float(stdtrit(n - 1, (1 + confidence) / 2)) * float(np.std(logs, ddof=1)) / math.sqrt(n)
    return Interval(
        math.exp(centre), math.exp(centre - spread), math.exp(centre + spread), confidence, method
    )


def speedup(
    baseline_seconds: ArrayLike,
    quantized_seconds: ArrayLike,
    confidence: float = 0.95,
    least_batches: int = LEAST_BATCHES,
) -> Interval:
    """Throughput of the quantized model over the baseline's, from interleaved batch medians.

    Entry i of either series is the median time of a call in the i-th batch, shape (batches,), seconds; the
    batches are measured in turn, so that a drift of the machine falls on both. Student's t on the log ratio, of as many
    batches as are independent.
    Raises InsufficientDataError under `least_batches`.
    """
    baseline = _seconds(baseline_seconds, "baseline's batch medians")
    quantized = _seconds(quantized_seconds, "quantized model's batch medians")
    if baseline.size != quantized.size:
        raise QSpecError(
            "The two models were timed on different numbers of batches; interleave them in pairs."
        )
    if baseline.size < max(2, least_batches):
        raise InsufficientDataError(
            f"{baseline.size} timed batches cannot carry an interval; at least {least_batches} are needed.",
            hint="measure for longer, or in shorter batches",
        )
    return _t_on_logs(np.log(baseline) - np.log(quantized), confidence, "paired-log-ratio-t", in_a_row=True)


def slowdown(
    baseline_seconds: ArrayLike,
    quantized_seconds: ArrayLike,
    confidence: float = 0.95,
    least_batches: int = LEAST_BATCHES,
) -> Interval:
    """Time per call of the quantized model over the baseline's: the reciprocal of `speedup`."""
    return speedup(quantized_seconds, baseline_seconds, confidence, least_batches)


def typical_seconds(
    batch_seconds: ArrayLike, confidence: float = 0.95, least_batches: int = LEAST_BATCHES
) -> Interval:
    """Typical time of one call, absolute: Student's t on the logs of one model's batch medians (seconds)."""
    seconds = _seconds(batch_seconds, "batch medians")
    if seconds.size < max(2, least_batches):
        raise InsufficientDataError(
            f"{seconds.size} timed batches cannot carry an interval; at least {least_batches} are needed.",
            hint="measure for longer, or in shorter batches",
        )
    return _t_on_logs(np.log(seconds), confidence, "log-batch-median-t", in_a_row=True)


def typical_amount(values: ArrayLike, confidence: float = 0.95, *, what: str, least: int) -> Interval:
    """A typical amount, absolute: Student's t on the logs of repeated measurements, such as peaks in bytes.

    Raises InsufficientDataError under `least` measurements; `what` names them in it.
    """
    amounts = _seconds(values, what)
    _check_count(amounts.size, least, what)
    return _t_on_logs(np.log(amounts), confidence, "log-t")


def amount_ratio(
    baseline: ArrayLike, quantized: ArrayLike, confidence: float = 0.95, *, what: str, least: int
) -> Interval:
    """The quantized model's amount over the baseline's, from measurements in pairs: Student's t on the log ratio."""
    one, other = _seconds(baseline, what), _seconds(quantized, what)
    if one.size != other.size:
        raise QSpecError(f"The two models have different numbers of {what}; measure them in pairs.")
    _check_count(one.size, least, what)
    return _t_on_logs(np.log(other) - np.log(one), confidence, "paired-log-ratio-t")


def _check_count(count: int, least: int, what: str) -> None:
    if count < max(2, least):
        raise InsufficientDataError(
            f"{count} {what} cannot carry an interval; at least {least} are needed.",
            hint="measure more often",
        )


def latency_percentile(
    rounds: Sequence[ArrayLike], percentile: float, confidence: float = 0.95, least_rounds: int = LEAST_ROUNDS
) -> Interval:
    """An absolute latency percentile, from rounds measured in separate processes, in seconds.

    Each round is a flat series of call times with as many calls as the percentile needs; Student's t on the
    logs of the rounds' quantiles. Raises InsufficientDataError for too few rounds, or calls in a round.
    """
    needed = calls_for_percentile(percentile)
    if len(rounds) < max(2, least_rounds):
        raise InsufficientDataError(
            f"{len(rounds)} rounds cannot carry an interval for p{percentile:g}; {least_rounds} are needed.",
            hint="a bound on an absolute latency is never decided on one run: measure more rounds",
        )
    quantiles = []
    for round_seconds in rounds:
        seconds = _seconds(round_seconds, "call times of a round")
        if seconds.size < needed:
            raise InsufficientDataError(
                f"A round of {seconds.size} calls does not support p{percentile:g}; it needs {needed}.",
                hint="measure for longer, or state a lower percentile",
            )
        quantiles.append(float(np.quantile(seconds, percentile / 100, method="higher")))
    return _t_on_logs(np.log(quantiles), confidence, f"rounds-log-p{percentile:g}-t")
