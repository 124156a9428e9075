"""Two models right or wrong on the same examples: the counts, and intervals for the loss in points."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from qspec.errors import QSpecError
from qspec.stats.interval import Interval, boundary, normal_quantile, two_sided_level
from qspec.stats.proportion import wilson


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """How many examples both models got right, only the baseline, only the quantized one, and neither.

    `harmful` flips are b of the literature (baseline right, quantized wrong), `helpful` flips are c; the loss
    (b - c)/n is positive where the quantized model is worse.
    """

    both: int
    harmful: int
    helpful: int
    neither: int

    def __post_init__(self) -> None:
        if min(self.both, self.harmful, self.helpful, self.neither) < 0:
            raise QSpecError("A table of paired outcomes cannot hold a negative count.")
        if self.n == 0:
            raise QSpecError(
                "A paired comparison needs at least one example; this one has none.",
                hint="check that the stratum or the split is not empty",
            )

    @classmethod
    def from_flags(cls, baseline_right: Iterable[object], quantized_right: Iterable[object]) -> PairedCounts:
        """Count two equally long series of truth values, one entry an example (lists or arrays)."""
        cells = [0, 0, 0, 0]
        try:
            for baseline, quantized in zip(baseline_right, quantized_right, strict=True):
                cells[(0 if baseline else 2) + (0 if quantized else 1)] += 1
        except ValueError as error:
            raise QSpecError(
                "The baseline and the quantized model were not scored on the same number of examples.",
                hint="score both on the same examples in the same order",
            ) from error
        return cls(both=cells[0], harmful=cells[1], helpful=cells[2], neither=cells[3])

    @property
    def n(self) -> int:
        """Number of examples."""
        return self.both + self.harmful + self.helpful + self.neither

    @property
    def loss(self) -> float:
        """(b - c)/n: the share of right answers lost, positive is worse."""
        return (self.harmful - self.helpful) / self.n

    @property
    def discordance(self) -> float:
        """(b + c)/n: the share of examples on which exactly one model is right."""
        return (self.harmful + self.helpful) / self.n

    @property
    def baseline_rate(self) -> float:
        """Share of examples the baseline got right."""
        return (self.both + self.harmful) / self.n

    @property
    def quantized_rate(self) -> float:
        """Share of examples the quantized model got right."""
        return (self.both + self.helpful) / self.n

    def swapped(self) -> PairedCounts:
        """The same table with the two models exchanged."""
        return PairedCounts(self.both, self.helpful, self.harmful, self.neither)


def tango_z(harmful: float, helpful: float, n: float, loss: float) -> float:
    """Tango's score statistic for H0: true loss = `loss`, positive where the observed loss is larger.

    Takes real counts, so that planning can scale a table. Infinite where H0 leaves no variance and the
    data contradict it. Tango 1998, Stat. Med. 17:891, equations 7 to 10.
    """
    if loss < 0:  # Exchange the models: the root below is free of cancellation for loss >= 0 only.
        return -tango_z(helpful, harmful, n, -loss)
    linear = (2 * n - harmful + helpful) * loss - harmful - helpful
    constant = -helpful * loss * (1 - loss)
    root = math.sqrt(linear**2 - 8 * n * constant)
    rate = (root - linear) / (4 * n) if linear <= 0 else -2 * constant / (linear + root)
    variance = n * (2 * rate + loss * (1 - loss))
    excess = harmful - helpful - n * loss
    if variance <= 0:
        return math.copysign(math.inf, excess) if excess else 0.0
    return excess / math.sqrt(variance)


def tango_limits(harmful: float, helpful: float, n: float, z: float) -> tuple[float, float]:
    """Lower and upper limit of Tango's interval for real counts and a normal quantile z > 0."""
    estimate = (harmful - helpful) / n

    def accepted(loss: float) -> bool:
        return abs(tango_z(harmful, helpful, n, loss)) <= z

    return boundary(accepted, estimate, -1.0), boundary(accepted, estimate, 1.0)


def tango(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Tango's score interval for the loss: the interval that confirms (Tango 1998, Stat. Med. 17:891)."""
    low, high = tango_limits(counts.harmful, counts.helpful, counts.n, normal_quantile(confidence))
    return Interval(counts.loss, low, high, confidence, "tango")


def wald_limits(
    harmful: float, helpful: float, n: float, z: float, added: float = 0.0
) -> tuple[float, float]:
    """Wald's limits for real counts, after `added` flips of either kind joined the table and 2 examples with them.

    Bonett and Price add one of either kind; with 0 nothing joins.
    """
    if added:
        n += 2
    centre = (harmful - helpful) / n
    spread = z * math.sqrt(max((harmful + helpful + 2 * added) / n - centre**2, 0.0) / n)
    return max(-1.0, centre - spread), min(1.0, centre + spread)


def _wald_after(counts: PairedCounts, added: float, confidence: float, name: str) -> Interval:
    z = normal_quantile(confidence)
    low, high = wald_limits(counts.harmful, counts.helpful, counts.n, z, added)
    return Interval(counts.loss, low, high, confidence, name)


def wald(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Wald's interval: here to be compared with, never to decide (zero width without flips)."""
    return _wald_after(counts, 0.0, confidence, "wald")


def agresti_min(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Wald's interval after adding 1/2 to each of the four cells (Agresti, Min 2005, Stat. Med. 24:729)."""
    return _wald_after(counts, 0.5, confidence, "agresti-min")


def bonett_price(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Wald's interval after adding 1 to b and c (Bonett and Price 2012, J. Educ. Behav. Stat. 37:479)."""
    return _wald_after(counts, 1.0, confidence, "bonett-price")


def bonett_price_z(harmful: float, helpful: float, n: float, loss: float) -> float:
    """Distance of `loss` below Bonett and Price's centre, in their standard errors; counts may be real."""
    centre = (harmful - helpful) / (n + 2)
    discordance = (harmful + helpful + 2) / (n + 2)
    return (centre - loss) / math.sqrt((discordance - centre**2) / (n + 2))


def newcombe_paired(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Square-and-add interval with corrected phi (Newcombe 1998, Stat. Med. 17:2635, method 10)."""
    a, b, c, d, n = counts.both, counts.harmful, counts.helpful, counts.neither, counts.n
    first, second = wilson(a + b, n, confidence), wilson(a + c, n, confidence)
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    cross = float(a * d - b * c)
    if cross > 0:
        cross = max(cross - n / 2, 0.0)
    phi = cross / math.sqrt(margins) if margins else 0.0

    def combined(x: float, y: float) -> float:
        return math.sqrt(max(x * x - 2 * phi * x * y + y * y, 0.0))

    below = combined(first.estimate - first.low, second.high - second.estimate)
    above = combined(first.high - first.estimate, second.estimate - second.low)
    low, high = max(-1.0, counts.loss - below), min(1.0, counts.loss + above)
    return Interval(counts.loss, low, high, confidence, "newcombe-paired")


def refuting_interval(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """The interval that refutes: the envelope of Tango and Bonett-Price, which err on different sides."""
    return tango(counts, confidence).envelope(bonett_price(counts, confidence), "tango+bonett-price")


def refuting_z(harmful: float, helpful: float, n: float, bound: float) -> float:
    """How many standard errors the loss lies above the bound, by whichever of the two methods says fewer."""
    if not -1 <= bound <= 1:
        return math.copysign(math.inf, -bound)
    score = tango_z(harmful, helpful, n, bound)
    return min(score, bonett_price_z(harmful, helpful, n, bound))


def refuting_level(counts: PairedCounts, bound: float, *, above: bool = True) -> float:
    """Smallest level 1 - confidence at which the refuting limit passes the bound: a p-value for Holm.

    `above` asks whether the loss exceeds the bound (a claim of at most), else whether it falls short.
    """
    if not above:
        return refuting_level(counts.swapped(), -bound)
    return two_sided_level(refuting_z(counts.harmful, counts.helpful, counts.n, bound))
