"""The relative reading of a 0/1 metric: the score interval for a ratio of paired proportions."""

from __future__ import annotations

import math
from collections.abc import Callable

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


def contrast_z(both: float, first_only: float, second_only: float, n: float, ratio: float) -> float:
    """Wald's z for p_first - ratio * p_second after one flip of either kind is added, as Bonett and Price do."""
    first, second, n = first_only + 1, second_only + 1, n + 2
    centre = (both + first - ratio * (both + second)) / n
    square = (both * (1 - ratio) ** 2 + first + ratio**2 * second) / n
    return centre / math.sqrt((square - centre**2) / n)


def _limits(counts: PairedCounts, within: Callable[[float], bool]) -> tuple[float, float]:
    """Where a test of the ratio quantized/baseline stops accepting, either side of the observed one."""
    quantized, baseline = counts.both + counts.helpful, counts.both + counts.harmful
    if quantized == 0 and baseline == 0:
        return 0.0, math.inf

    def accepted(share: float) -> bool:
        # The ratio runs over share/(1 - share), so that both of its ends are finite.
        return within(share / (1 - share))

    start = quantized / (quantized + baseline)
    low = boundary(accepted, start, 0.0) if quantized else 0.0
    high = boundary(accepted, start, 1.0) if baseline else 1.0
    return low / (1 - low), high / (1 - high) if high < 1 else math.inf


def _observed(counts: PairedCounts) -> float:
    quantized, baseline = counts.both + counts.helpful, counts.both + counts.harmful
    if baseline:
        return quantized / baseline
    return math.inf if quantized else math.nan


def recovery(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Tang's interval for the quantized rate over the baseline's ("99 % of baseline" is 0.99).

    The upper limit is infinite where the baseline got nothing right, and the estimate is not a number where
    neither model did. This is the interval that confirms.
    """
    z = normal_quantile(confidence)

    def within(ratio: float) -> bool:
        return abs(tang_z(counts.both, counts.helpful, counts.harmful, counts.n, ratio)) <= z

    return Interval(_observed(counts), *_limits(counts, within), confidence, "tang")


def refuting_recovery(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """The interval of the same ratio that refutes: as far out as Tang's or the adjusted contrast's.

    Tang's alone refutes falsely up to 4.2 % of the time at a nominal 2.5 %, by exact enumeration.
    """
    z = normal_quantile(confidence)

    def within(ratio: float) -> bool:
        return abs(_refuting_z(counts, ratio)) <= z

    return Interval(_observed(counts), *_limits(counts, within), confidence, "tang+adjusted-contrast")


def _refuting_z(counts: PairedCounts, ratio: float) -> float:
    """The nearer to zero of the two statistics; zero where they do not even agree on the side."""
    table = (counts.both, counts.helpful, counts.harmful, counts.n, ratio)
    score, contrast = tang_z(*table), contrast_z(*table)
    return min(score, contrast, key=abs) if score * contrast > 0 else 0.0


def recovery_level(counts: PairedCounts, ratio: float, *, above: bool) -> float:
    """Smallest level 1 - confidence at which the refuting interval lies above (or else below) the ratio."""
    if ratio <= 0:
        exceeded = ratio < 0 or counts.both + counts.helpful > 0
        return 0.0 if above and exceeded else 1.0
    ratio = min(max(ratio, 1e-30), 1e30)  # Far beyond any rate there is, and its powers are still numbers.
    z = _refuting_z(counts, ratio)
    return two_sided_level(z if above else -z)
