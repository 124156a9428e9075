"""How many examples a claim needs, and what a given number of examples can show."""

from __future__ import annotations

import math
from statistics import NormalDist

from qspec.errors import QSpecError
from qspec.stats.interval import check_confidence, normal_quantile, upper_normal_quantile
from qspec.stats.proportion import wilson

PILOT_SIZE = 500


def _quantiles(confidence: float, power: float) -> tuple[float, float]:
    check_confidence(power)
    return normal_quantile(confidence), upper_normal_quantile(1 - power)


def _distance(bound: float, loss: float) -> float:
    """Distance of the bound from the loss supposed, if examples could ever tell the two apart."""
    if not 1e-12 < abs(bound - loss) < math.inf:
        raise QSpecError(
            "No number of examples separates a loss from a bound that equals it.",
            hint="plan for a true loss below the bound",
        )
    return abs(bound - loss)


def needed_pairs(
    discordance: float, bound: float, loss: float = 0.0, confidence: float = 0.95, power: float = 0.8
) -> int:
    """Examples at which `loss <= bound` is confirmed with this power: (z_a + z_b)^2 (D - d^2)/(X - d)^2.

    All are fractions; `loss` is the true loss supposed. Without any discordance it is the number at which
    the interval of zero flips lies below the bound.
    """
    if not abs(loss) <= discordance <= 1:
        raise QSpecError(
            f"A loss of {loss:g} cannot come with a discordance of {discordance:g}.",
            hint="the discordance is at least the absolute loss, and at most 1",
        )
    distance = _distance(bound, loss)
    z_a, z_b = _quantiles(confidence, power)
    n = (z_a + z_b) ** 2 * (discordance - loss**2) / (distance * distance)
    if loss == 0 and 0 < bound < 1:
        n = max(n, z_a**2 * (1 - bound) / bound)
    return max(1, math.ceil(n))


def detectable_bound(
    n: int, discordance: float, loss: float = 0.0, confidence: float = 0.95, power: float = 0.8
) -> float:
    """The tightest bound that n examples would confirm with this power: `needed_pairs` solved for it."""
    z_a, z_b = _quantiles(confidence, power)
    return loss + (z_a + z_b) * math.sqrt(max(discordance - loss**2, 0.0) / n)


def power_to_confirm(
    n: int, discordance: float, bound: float, loss: float = 0.0, confidence: float = 0.95
) -> float:
    """The chance that n examples confirm `loss <= bound`, by the same normal approximation."""
    spread = math.sqrt(max(discordance - loss**2, 0.0) / n)
    if spread == 0:
        return 1.0 if loss < bound else 0.0
    return NormalDist().cdf((bound - loss) / spread - normal_quantile(confidence))


def planning_discordance(flips: int, pilot: int = PILOT_SIZE, confidence: float = 0.95) -> float:
    """The discordance to plan with after a pilot: the upper Wilson limit of what was seen."""
    return wilson(flips, pilot, confidence).high


def connor_pairs(
    harmful: float, helpful: float, alpha: float = 0.05, power: float = 0.8, sides: int = 2
) -> int:
    """Pairs for McNemar's test to find a difference of two flip rates (Connor 1987, Biometrics 43:207)."""
    discordance, difference = harmful + helpful, harmful - helpful
    if difference == 0:
        raise QSpecError("Equal flip rates have no difference that a test could find.")
    z_a, z_b = upper_normal_quantile(alpha / sides), upper_normal_quantile(1 - power)
    root = z_a * math.sqrt(discordance) + z_b * math.sqrt(discordance - difference**2)
    return math.ceil(root**2 / difference**2)


def needed_units(
    deviation: float, bound: float, loss: float = 0.0, confidence: float = 0.95, power: float = 0.8
) -> int:
    """Units at which a mean loss is confirmed under its bound, for this deviation of the differences."""
    z_a, z_b = _quantiles(confidence, power)
    ratio = (z_a + z_b) * deviation / _distance(bound, loss)
    return max(2, math.ceil(ratio * ratio))
