"""The confidence interval every method returns, and the two small tools that all of them share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from qspec.errors import QSpecError

# Beyond any test set: a number of examples over this is given as "none would do".
MOST_EXAMPLES = 10**12


class InsufficientDataError(QSpecError):
    """The sample is too small for the method that was asked for; what it would decide stays inconclusive."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided confidence interval in the unit of its estimate.

    `confidence` is the two-sided level in (0, 1), or exactly 1.0 for a value that has no sampling error
    (a file size, a census of a fixed population); `method` is the name that goes into the record.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    method: str

    @classmethod
    def exact(cls, value: float, method: str = "exact") -> Interval:
        """A value without sampling error, as an interval of zero width at confidence 1."""
        return cls(value, value, value, 1.0, method)

    @property
    def is_exact(self) -> bool:
        """Whether the value is known rather than estimated."""
        return self.confidence == 1.0 and self.low == self.high

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Whether the value lies in the closed interval."""
        return self.low <= value <= self.high

    def negated(self) -> Interval:
        """The interval of minus the quantity: a gain read as a loss."""
        return replace(self, estimate=-self.estimate, low=-self.high, high=-self.low)

    def affine(self, scale: float, shift: float = 0.0) -> Interval:
        """The interval of `scale * quantity + shift`."""
        ends = sorted((scale * self.low + shift, scale * self.high + shift))
        return replace(self, estimate=scale * self.estimate + shift, low=ends[0], high=ends[1])

    def envelope(self, other: Interval, method: str) -> Interval:
        """The smallest interval around this one and another of the same quantity; keeps this estimate."""
        return replace(self, low=min(self.low, other.low), high=max(self.high, other.high), method=method)


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level that is not strictly between zero and one."""
    if not 0.0 < confidence < 1.0:
        raise QSpecError(
            f"The confidence level {confidence!r} is not between 0 and 1.",
            hint="write a level such as 95 % or 0.95",
        )


@lru_cache(maxsize=256)
def upper_normal_quantile(tail: float) -> float:
    """The z with probability `tail` above it: 1.645 at 0.05."""
    from statistics import NormalDist  # Costs start-up time that checking a spec need not pay.

    return -NormalDist().inv_cdf(tail)


def normal_quantile(confidence: float) -> float:
    """The z of a two-sided normal interval: 1.96 at 95 %."""
    check_confidence(confidence)
    return upper_normal_quantile((1 - confidence) / 2)


def two_sided_level(z: float) -> float:
    """The level 1 - confidence at which a normal limit `z` standard errors away just reaches the estimate.

    1.0 where z is not positive: no interval, however short, excludes its own estimate.
    """
    return math.erfc(z / math.sqrt(2)) if z > 0 else 1.0


def boundary(inside: Callable[[float], bool], start: float, end: float) -> float:
    """The point between `start` (inside) and `end` at which `inside` turns false, to 64 binary places.

    Bisection rather than a root finder: a score statistic may be 0/0 at either end, which is never asked for.
    """
    inner, outer = start, end
    for _ in range(64):
        middle = inner + (outer - inner) / 2
        if middle in (inner, outer):
            break
        if inside(middle):
            inner = middle
        else:
            outer = middle
    return inner
