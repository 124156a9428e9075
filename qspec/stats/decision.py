"""The rule that turns an interval and a bound into a verdict, for one assertion and for a whole claim."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qspec.stats.interval import MOST_EXAMPLES, Interval, boundary, normal_quantile
from qspec.stats.multiplicity import holm
from qspec.stats.paired import PairedCounts, refuting_interval, refuting_level, tango, tango_z


class Outcome(StrEnum):
    """What execution says of an assertion or a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    AMBIGUOUS = "ambiguous"
    NOT_REALIZED = "not-realized"
    NOISY_HOST = "noisy-host"
    NOT_EXECUTABLE = "not-executable"
    NOT_MEASURED = "not-measured"


class Relation(StrEnum):
    """How a quantity is related to its bound."""

    AT_MOST = "<="
    BELOW = "<"
    AT_LEAST = ">="
    ABOVE = ">"

    @property
    def is_upper(self) -> bool:
        """Whether the bound lies above what is claimed."""
        return self in (Relation.AT_MOST, Relation.BELOW)

    def holds(self, value: float, bound: float) -> bool:
        """Whether a value known exactly satisfies the relation."""
        match self:
            case Relation.AT_MOST:
                return value <= bound
            case Relation.BELOW:
                return value < bound
            case Relation.AT_LEAST:
                return value >= bound
            case _:
                return value > bound


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one assertion, with what it was decided on.

    `level` is the smallest 1 - confidence at which the assertion would be refuted (1 where it never would);
    `needed_n` the number of examples, at the rates observed, that would decide an inconclusive one (None
    where no number would, or none is known); `because` why a limit is infinite, where one is.
    """

    outcome: Outcome
    interval: Interval
    refuting: Interval
    level: float
    needed_n: int | None = None
    because: str | None = None


def decide(
    confirming: Interval, relation: Relation, bound: float, refuting: Interval | None = None
) -> Outcome:
    """Confirmed where the confirming interval lies beyond the bound, refuted where the refuting one does.

    Strict and non-strict relations are one, except for an exact value, which satisfies its relation or not.
    """
    refuting = refuting or confirming
    if confirming.is_exact:
        return Outcome.CONFIRMED if relation.holds(confirming.estimate, bound) else Outcome.REFUTED
    if relation.is_upper:
        confirmed, refuted = confirming.high < bound, refuting.low > bound
    else:
        confirmed, refuted = confirming.low > bound, refuting.high < bound
    if confirmed:
        return Outcome.CONFIRMED
    return Outcome.REFUTED if refuted else Outcome.INCONCLUSIVE


def decide_equivalence(confirming: Interval, bound: float, refuting: Interval | None = None) -> Outcome:
    """The verdict on |quantity| <= bound: both sides confirm, either side refutes."""
    below = decide(confirming, Relation.AT_MOST, bound, refuting)
    return combine_sides([below, decide(confirming, Relation.AT_LEAST, -bound, refuting)])


def level_by_search(interval_at: Callable[[float], Interval], relation: Relation, bound: float) -> float:
    """Smallest 1 - confidence at which the interval refutes, for limits that widen with confidence.

    Exact values give 0 or 1. The search runs over log10 of the level down to 1e-15.
    """
    sample = interval_at(0.5)
    if sample.is_exact:
        return 1.0 if relation.holds(sample.estimate, bound) else 0.0

    def refuted(exponent: float) -> bool:
        return decide(interval_at(1 - 10**exponent), relation, bound) is Outcome.REFUTED

    least, most = -15.0, math.log10(1 - 1e-9)
    if not refuted(most):
        return 1.0
    return 10 ** (least if refuted(least) else boundary(refuted, most, least))


def decide_flips(counts: PairedCounts, relation: Relation, bound: float, confidence: float = 0.95) -> Verdict:
    """The verdict on the loss in points of a 0/1 metric; `bound` is a fraction (0.01 for 1 pp).

    Tango's interval confirms; the outer limits of Tango and Bonett-Price refute.
    """
    confirming, refuting = tango(counts, confidence), refuting_interval(counts, confidence)
    outcome = decide(confirming, relation, bound, refuting)
    level = refuting_level(counts, bound, above=relation.is_upper)
    needed = None
    if outcome is Outcome.INCONCLUSIVE:
        needed = deciding_n(counts.loss, counts.discordance, bound, confidence)
    return Verdict(outcome, confirming, refuting, level, needed)


def deciding_n(loss: float, discordance: float, bound: float, confidence: float = 0.95) -> int | None:
    """Smallest n at which Tango's interval, at this loss and discordance, leaves the bound outside.

    None where the loss equals the bound, or where more than 1e12 examples would be needed.
    """
    z = normal_quantile(confidence)
    harmful, helpful = (discordance + loss) / 2, (discordance - loss) / 2

    def undecided(n: int) -> bool:
        return abs(tango_z(harmful * n, helpful * n, n, bound)) <= z

    if abs(bound) > 1 or undecided(MOST_EXAMPLES):
        return None
    low, high = 0, MOST_EXAMPLES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if undecided(middle) else (low, middle)
    return high


def deciding_n_by_width(interval: Interval, bound: float, n: int) -> int | None:
    """About how many examples would decide, taking the half-width to shrink with the square root of n."""
    distance, half = abs(bound - interval.estimate), interval.half_width
    if not half * math.sqrt(n / MOST_EXAMPLES) < distance < math.inf:
        return None
    return max(n + 1, math.ceil(n * (half / distance) ** 2))


def combine_readings(first: Outcome, second: Outcome) -> Outcome:
    """The outcome under an unspecified percent: that of both readings where they agree, else ambiguous."""
    return first if first is second else Outcome.AMBIGUOUS


def combine_sides(sides: Sequence[Outcome]) -> Outcome:
    """The outcome under two bounds on one quantity: both must hold, and either may refute."""
    if Outcome.REFUTED in sides:
        return Outcome.REFUTED
    return Outcome.CONFIRMED if all(one is Outcome.CONFIRMED for one in sides) else Outcome.INCONCLUSIVE


def combine_strata(verdicts: Sequence[Verdict], confidence: float = 0.95) -> tuple[Outcome, float]:
    """The verdict on "every stratum", and its level: intersection-union to confirm, Holm across the strata to refute."""
    parts = [(verdict.outcome, verdict.level) for verdict in verdicts]
    return combine_claim(parts, confidence), conjunction_level(parts)


def combine_claim(assertions: Sequence[tuple[Outcome, float]], confidence: float = 0.95) -> Outcome:
    """The verdict on a conjunction from each part's outcome and the level at which it is refuted.

    Confirmed iff every part is; refuted iff any part is after Holm over all parts declared (one that was not
    judged counts with level 1, so that the family does not depend on what could be run); else inconclusive.
    """
    if assertions and all(outcome is Outcome.CONFIRMED for outcome, _ in assertions):
        return Outcome.CONFIRMED
    refuted = conjunction_level(assertions) < 1 - confidence
    return Outcome.REFUTED if refuted else Outcome.INCONCLUSIVE


def conjunction_level(parts: Sequence[tuple[Outcome, float]]) -> float:
    """Smallest level at which a conjunction is refuted: the least of its parts' levels after Holm over all of them.

    It is what the conjunction as one assertion brings to a family of others: its least part alone would not do,
    since the more parts there are the lower that one falls by chance.
    """
    levels = [level if outcome is Outcome.REFUTED else 1.0 for outcome, level in parts]
    return min(holm(levels), default=1.0)
