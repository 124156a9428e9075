"""What published numbers alone can say of a claim: no examples, no flips, and the standard library only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Literal

from qspec.errors import QSpecError
from qspec.stats.interval import MOST_EXAMPLES, normal_quantile
from qspec.stats.paired import tango_z

Kind = Literal["resolved", "needs-pairing", "unresolvable"]

_LONGEST_NUMBER = 64
_LARGEST_EXPONENT = 300


def _decimal(text: str) -> Decimal:
    """The number a text starts with (a unit may follow), within sizes that a float can hold."""
    words = text.strip().removesuffix("%").split()
    word = words[0].replace("_", "") if words else ""
    try:
        value = Decimal(word) if len(word) <= _LONGEST_NUMBER else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or max(-int(value.as_tuple().exponent), value.adjusted()) > _LARGEST_EXPONENT:
        raise QSpecError(
            f"{text[:_LONGEST_NUMBER]!r} is not a decimal number that can be checked for rounding.",
            hint="write it with digits and a decimal point, as it was printed",
        )
    return value


def _rounding(text: str) -> tuple[Decimal, Decimal]:
    value = _decimal(text)
    with localcontext(prec=2 * _LONGEST_NUMBER):
        half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
        return value - half, value + half


def rounding_interval(text: str) -> tuple[float, float]:
    """The numbers that print as `text`, in its own unit: "76.1" and "76.1 %" give (76.05, 76.15)."""
    low, high = _rounding(text)
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Rounded:
    """A published proportion: its value as printed and the values that print so, all fractions."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, text: str, scale: float = 0.01) -> Rounded:
        """Read a printed number; `scale` is 0.01 for percentages and 1 for fractions."""
        low, high = rounding_interval(text)
        return cls(float(_decimal(text)) * scale, low * scale, high * scale)

    @classmethod
    def exactly(cls, value: float) -> Rounded:
        """A proportion known without rounding, such as 119 of 164."""
        return cls(value, value, value)


@dataclass(frozen=True, slots=True)
class DiscordanceRange:
    """What two proportions right on the same examples leave open about the share on which they differ."""

    least: float
    independent: float
    most: float


def discordance_range(baseline: float, quantized: float) -> DiscordanceRange:
    """The least and the most discordance two fractions allow, and what independent models would show."""
    return DiscordanceRange(
        least=abs(baseline - quantized),
        independent=baseline * (1 - quantized) + quantized * (1 - baseline),
        most=min(baseline + quantized, 2 - baseline - quantized),
    )


def deciding_discordance(loss: float, n: int, bound: float = 0.0, confidence: float = 0.95) -> float:
    """D* = (X - d)^2 n/z^2 + d^2: under this discordance a normal interval leaves the bound outside."""
    distance, z = bound - loss, normal_quantile(confidence)
    return distance * distance * n / z**2 + loss * loss


def zero_flip_limit(n: int, confidence: float = 0.95) -> float:
    """Upper limit z^2/(n + z^2) of the loss when none of n examples flipped (Tango's, in closed form)."""
    z2 = normal_quantile(confidence) ** 2
    return z2 / (n + z2)


@dataclass(frozen=True, slots=True)
class Resolvability:
    """Whether two published proportions decide a bound on their difference.

    kind: resolved, whatever the flips were; needs-pairing, decided iff the true discordance is under
        `deciding_discordance`; unresolvable, however few flips there were.
    holds: for a resolved one, whether the loss lies below the bound.
    loss: baseline minus quantized as printed; `loss_range` the same widened by rounding.
    deciding_discordance: D* at the printed loss; `safe_discordance` the least D* over the rounding.
    needed_n: examples at which flips in one direction only would decide (None where no number would).
    sufficient_n: examples at which even independent models would be told apart (None likewise).
    """

    kind: Kind
    holds: bool | None
    loss: float
    loss_range: tuple[float, float]
    discordance: DiscordanceRange
    deciding_discordance: float
    safe_discordance: float
    needed_n: int | None
    sufficient_n: int | None


def _decidable(loss: float, n: int, bound: float, confidence: float) -> bool:
    """Whether the bound is left outside when every flip went in the direction of the loss."""
    if deciding_discordance(loss, n, bound, confidence) <= abs(loss):
        return False
    harmful, helpful = max(loss, 0.0) * n, max(-loss, 0.0) * n
    return abs(bound) > 1 or abs(tango_z(harmful, helpful, n, bound)) > normal_quantile(confidence)


def _examples(loss: float, discordance: float, bound: float, confidence: float) -> int | None:
    """Examples at which a bound lies outside at this discordance; None where a million million are too few."""
    distance = abs(bound - loss)
    if distance < 1e-12:
        return None
    z2 = normal_quantile(confidence) ** 2
    variance = max(discordance - loss**2, 0.0)
    zero_flips = z2 * (1 - distance) / distance if loss == 0 else 0.0
    n = max(1.0, z2 * variance / (distance * distance), zero_flips)
    return math.ceil(n) if n <= MOST_EXAMPLES else None


def resolvable(
    baseline: Rounded | float,
    quantized: Rounded | float,
    n: int,
    bound: float = 0.0,
    confidence: float = 0.95,
) -> Resolvability:
    """Classify two proportions right on the same `n` examples against a bound on their difference.

    Everything is a fraction; `bound` 0 asks whether there is any loss at all. With `Rounded` proportions the
    loss ranges over all values that print the same: *resolved* must hold for each, *unresolvable* too.
    """
    if n < 1:
        raise QSpecError(f"A test set of {n} examples cannot resolve anything; give the number of examples.")
    first = baseline if isinstance(baseline, Rounded) else Rounded.exactly(baseline)
    second = quantized if isinstance(quantized, Rounded) else Rounded.exactly(quantized)
    loss = first.value - second.value
    low, high = first.low - second.high, first.high - second.low
    nearest = min(max(bound, low), high)
    independent = max(
        discordance_range(p, q).independent
        for p in (first.low, first.high)
        for q in (second.low, second.high)
    )
    safe = deciding_discordance(nearest, n, bound, confidence)
    kind: Kind = "needs-pairing"
    if nearest != bound and safe > independent and _decidable(nearest, n, bound, confidence):
        kind = "resolved"
    elif not any(_decidable(d, n, bound, confidence) for d in (low, loss, high)):
        kind = "unresolvable"
    return Resolvability(
        kind=kind,
        holds=loss < bound if kind == "resolved" else None,
        loss=loss,
        loss_range=(low, high),
        discordance=discordance_range(first.value, second.value),
        deciding_discordance=deciding_discordance(loss, n, bound, confidence),
        safe_discordance=safe,
        needed_n=_examples(loss, abs(loss), bound, confidence),
        sufficient_n=_examples(loss, independent, bound, confidence),
    )


def grim(text: str, n: int, scale: int = 100) -> bool:
    """Whether some whole number of right answers of n prints as `text` (Brown, Heathers 2017, SPPS 8:363).

    `scale` is 100 for percentages and 1 for fractions; either way of rounding a half is allowed.
    """
    if n < 1:
        raise QSpecError(f"A test set of {n} examples has no proportions; give the number of examples.")
    low, high = _rounding(text)
    with localcontext(prec=3 * _LONGEST_NUMBER):
        nearest = int((low + high) / 2 * n / scale)
        return any(0 <= k <= n and low * n <= k * scale <= high * n for k in range(nearest - 1, nearest + 3))


def hidden_loss_bound(weight: float, aggregate_loss: float, others_gain: float = 0.0) -> float:
    """The largest loss a stratum of this share can have behind an aggregate loss, at most 1.

    aggregate = weight * stratum + (1 - weight) * others, where the others gained at most `others_gain`.
    """
    if not 0 < weight <= 1:
        raise QSpecError(f"A stratum's share must lie above 0 and not above 1; {weight} does not.")
    return min(1.0, (aggregate_loss + (1 - weight) * others_gain) / weight)


def ece_bias_floor(n: int, bins: int, accuracy: float) -> float:
    """About the ECE that a perfectly calibrated model shows by chance: sqrt(2 bins p (1 - p) / (pi n)).

    The mean absolute deviation of each bin's accuracy, for examples spread evenly over the bins and the
    largest variance this accuracy allows: the floor of a model that is sure of most answers lies lower.
    """
    if n < 1 or bins < 1:
        raise QSpecError("The bias of a calibration error needs at least one example and one bin.")
    return math.sqrt(2 * bins * accuracy * (1 - accuracy) / (math.pi * n))


def calls_for_percentile(percentile: float) -> int:
    """Calls a latency percentile needs: the second slowest is then an upper limit for it at 99 %.

    Smallest n with P(binomial(n, 1 - p) <= 1) <= 0.01, which is the table of MLPerf's early stopping:
    64 for p90, 130 for p95, 662 for p99. `percentile` is in (0, 100).
    """
    if not 0 < percentile < 100:
        raise QSpecError(f"A latency percentile lies between 0 and 100; p{percentile:g} does not.")
    p = percentile / 100

    def too_few(n: int) -> bool:
        return p ** (n - 1) * (p + n * (1 - p)) > 0.01

    low, high = 1, 2
    while too_few(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if too_few(middle) else (low, middle)
    return high


def percentile_support(
    calls: int, percentiles: tuple[float, ...] = (50, 90, 95, 99, 99.9)
) -> tuple[float, ...]:
    """The latency percentiles that this number of calls supports, of those asked about."""
    return tuple(p for p in percentiles if calls_for_percentile(p) <= calls)
