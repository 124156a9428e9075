"""Looking at a verdict while examples still arrive: an asymptotic confidence sequence."""

from __future__ import annotations

import math

from qspec.errors import QSpecError
from qspec.stats.interval import InsufficientDataError, Interval, check_confidence
from qspec.stats.paired import PairedCounts

LEAST_LOOK = 100


def sequence_half_width(deviation: float, n: int, planned: int, confidence: float = 0.95) -> float:
    """Half-width after n of a `planned` number of examples, valid at all n at once.

    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024 (Ann. Statist. 52), theorem 2.2, with rho tuned so
    that the sequence is narrowest at the planned number.
    """
    check_confidence(confidence)
    alpha = 1 - confidence
    rho2 = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / planned
    grown = n * rho2 + 1
    return deviation * math.sqrt(2 * grown / (n**2 * rho2) * math.log(math.sqrt(grown) / alpha))


def sequential_flips(counts: PairedCounts, planned: int, confidence: float = 0.95) -> Interval:
    """The interval for the loss after `counts`, which may be looked at after every example.

    The order must have been shuffled beforehand. One flip of either kind is added before the variance is
    estimated, since none seen yet is not none. Raises InsufficientDataError under 100 examples.
    """
    if planned < 1:
        raise QSpecError("A confidence sequence needs the number of examples that is planned.")
    if counts.n < LEAST_LOOK:
        raise InsufficientDataError(
            f"After {counts.n} examples it is too early to look; the sequence holds from {LEAST_LOOK} on."
        )
    n = counts.n + 2
    centre = (counts.harmful - counts.helpful) / n
    deviation = math.sqrt((counts.harmful + counts.helpful + 2) / n - centre**2)
    return sequential_mean(counts.loss, deviation, counts.n, planned, confidence)


def sequential_mean(
    value: float, deviation: float, n: int, planned: int, confidence: float = 0.95
) -> Interval:
    """The same for a mean of n independent differences with this standard deviation."""
    half = sequence_half_width(deviation, n, planned, confidence)
    return Interval(value, value - half, value + half, confidence, "asymptotic-confidence-sequence")
