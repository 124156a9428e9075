"""A quantity over several draws of a calibration sample: what the examples leave open, and what the draws do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import mean, stdev

from scipy.special import stdtrit

from qspec.stats.decision import Outcome, Relation, Verdict, decide, level_by_search
from qspec.stats.interval import InsufficientDataError, Interval, check_confidence

LEAST_DRAWS = 5
"""Draws from which a verdict holds for samples like them, and not for one sample alone."""


def over_draws(intervals: Sequence[Interval], confidence: float) -> Interval:
    """The interval of the mean over draws, from one interval for each draw on the same examples.

    The two sources vary independently, so the arms of the intervals and Student's on the draws' own spread are added
    in squares about the mean (recovering variances from limits: Zou and Donner 2008, Stat. Med. 27:1693). Values
    without sampling error bring no arms. Raises InsufficientDataError under two draws.
    """
    check_confidence(confidence)
    if len(intervals) < 2:
        raise InsufficientDataError(
            "How a quantity moves with the calibration sample needs two samples at least."
        )
    estimates = [one.estimate for one in intervals]
    centre = mean(estimates)
    quantile = float(stdtrit(len(intervals) - 1, (1 + confidence) / 2))
    drawn = quantile * stdev(estimates) / math.sqrt(len(intervals))
    low, high = (
        mean(arms)
        for arms in zip(*((o.estimate - o.low, o.high - o.estimate) for o in intervals), strict=True)
    )
    method = intervals[0].method
    return Interval(
        centre,
        centre - math.hypot(low, drawn),
        centre + math.hypot(high, drawn),
        confidence,
        f"{method}+draws-t",
    )


def decide_over_draws(
    judged: Callable[[float], Sequence[Verdict]], relation: Relation, bound: float, confidence: float, n: int
) -> Verdict:
    """The verdict on the mean over draws; `judged` gives each draw's verdict on n examples at a confidence."""

    def refuting(level: float) -> Interval:
        return over_draws([one.refuting for one in judged(level)], level)

    found = judged(confidence)
    confirming = over_draws([one.interval for one in found], confidence)
    outcome = decide(confirming, relation, bound, over_draws([one.refuting for one in found], confidence))
    level = level_by_search(refuting, relation, bound) if outcome is Outcome.REFUTED else 1.0
    needed = _needed(confirming, found, bound, n) if outcome is Outcome.INCONCLUSIVE else None
    because = next((one.because for one in found if one.because), None)
    return Verdict(outcome, confirming, refuting(confidence), level, needed, because)


def _needed(whole: Interval, found: Sequence[Verdict], bound: float, n: int) -> int | None:
    """About how many examples would decide; None where the draws alone leave the bound inside."""
    examples = mean(one.interval.half_width for one in found)
    drawn = whole.half_width**2 - examples**2
    rest = (bound - whole.estimate) ** 2 - max(drawn, 0.0)
    return (
        max(n + 1, math.ceil(n * examples**2 / rest)) if 0 < rest < math.inf and examples < math.inf else None
    )
