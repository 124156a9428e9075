"""The relative reading of a 0/1 metric: the score interval for a ratio of paired proportions."""

from __future__ import annotations

import math

from qspec.stats.interval import Interval, boundary, normal_quantile, two_sided_level
from qspec.stats.paired import PairedCounts


def tang_z(both: float, first_only: float, second_only: float, n: float, ratio: float) -> float:
    """Tang's score statistic for H0: p_first = ratio * p_second, positive where first is larger than that.

    Tang, Tang and Chan 2003, Stat. Med. 22:1217. `ratio` lies in (0, infinity); counts may be real.
    """
    if ratio < 1:  # Exchange the models: the root below is free of cancellation for ratio >= 1 only.
        return -tang_z(both, second_only, first_only, n, 1 / ratio)
    either = both + first_only + second_only
    linear = (both + second_only) * ratio**2 - (both + first_only + 2 * second_only)
    constant = second_only * (1 - ratio) * either
    root = math.sqrt(linear**2 - 4 * (1 + ratio) * constant)
    twice = 2 * (1 + ratio)
    rate = (root - linear) / twice if linear <= 0 else -2 * constant / (linear + root)
    variance = (1 + ratio) * rate + either * (ratio - 1)
    excess = (both + first_only) - ratio * (both + second_only)
    if variance <= 0:
        return math.copysign(math.inf, excess) if excess else 0.0
    return excess / math.sqrt(variance)


def recovery(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Tang's interval for the quantized rate over the baseline's ("99 % of baseline" is 0.99).

    The upper limit is infinite where the baseline got nothing right, and the estimate is not a number where
    neither model did.
    """
    z = normal_quantile(confidence)
    quantized, baseline = counts.both + counts.helpful, counts.both + counts.harmful
    if quantized == 0 and baseline == 0:
        return Interval(math.nan, 0.0, math.inf, confidence, "tang")

    def accepted(share: float) -> bool:
        # The ratio runs over share/(1 - share), so that both of its ends are finite.
        ratio = share / (1 - share)
        return abs(tang_z(counts.both, counts.helpful, counts.harmful, counts.n, ratio)) <= z

    start = quantized / (quantized + baseline)
    low = boundary(accepted, start, 0.0) if quantized else 0.0
    high = boundary(accepted, start, 1.0) if baseline else 1.0
    return Interval(
        quantized / baseline if baseline else math.inf,
        low / (1 - low),
        high / (1 - high) if high < 1 else math.inf,
        confidence,
        "tang",
    )


def relative_loss(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Tang's interval for the loss as a share of the baseline's rate: one minus the recovery."""
    return recovery(counts, confidence).affine(-1.0, 1.0)


def error_growth(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Growth of the error rate as a share of the baseline's ("% of error"): Tang on the wrong answers.

    99.5 % to 98.5 % right is a growth of 2.0, that is 200 % of error.
    """
    wrong = PairedCounts(counts.neither, counts.helpful, counts.harmful, counts.both)
    return recovery(wrong, confidence).affine(1.0, -1.0)


def recovery_level(counts: PairedCounts, ratio: float, *, above: bool) -> float:
    """Smallest level 1 - confidence at which Tang's interval lies above (or else below) the ratio."""
    if ratio <= 0:
        return 0.0 if above and counts.both + counts.helpful and ratio < 0 else 1.0
    ratio = min(max(ratio, 1e-30), 1e30)  # Far beyond any rate there is, and its powers are still numbers.
    z = tang_z(counts.both, counts.helpful, counts.harmful, counts.n, ratio)
    return two_sided_level(z if above else -z)
