"""The verdict on a 0/1 metric stated relative to the baseline: recovery, relative loss, growth of the error."""

from __future__ import annotations

from enum import StrEnum

from qspec.stats.decision import Outcome, Relation, Verdict, decide, deciding_n_by_width
from qspec.stats.interval import Interval
from qspec.stats.paired import PairedCounts
from qspec.stats.ratio import recovery, recovery_level, refuting_recovery


class Reading(StrEnum):
    """What is stated relative to the baseline, all as fractions.

    RECOVERY: the quantized rate over the baseline's ("99 % of baseline" is 0.99).
    RELATIVE_LOSS: the loss over the baseline's rate.
    ERROR_GROWTH: growth of the error rate over the baseline's: 99.5 % to 98.5 % right is 2.0, 200 % of error.
    """

    RECOVERY = "recovery"
    RELATIVE_LOSS = "relative-loss"
    ERROR_GROWTH = "error-growth"


def _table(counts: PairedCounts, reading: Reading) -> tuple[PairedCounts, float, float]:
    """The table whose ratio is taken, and how the reading follows from it: scale * ratio + shift."""
    match reading:
        case Reading.RECOVERY:
            return counts, 1.0, 0.0
        case Reading.RELATIVE_LOSS:
            return counts, -1.0, 1.0
        case _:  # The ratio of the wrong answers: right and wrong trade places in every cell.
            return PairedCounts(counts.neither, counts.helpful, counts.harmful, counts.both), 1.0, -1.0


def relative_interval(counts: PairedCounts, reading: Reading, confidence: float = 0.95) -> Interval:
    """Tang's interval for the reading: the one that confirms and is reported."""
    table, scale, shift = _table(counts, reading)
    return recovery(table, confidence).affine(scale, shift)


def decide_relative(
    counts: PairedCounts, reading: Reading, relation: Relation, bound: float, confidence: float = 0.95
) -> Verdict:
    """The verdict on a bound (a fraction) under this reading, with the level at which it would be refuted."""
    table, scale, shift = _table(counts, reading)
    confirming = relative_interval(counts, reading, confidence)
    refuting = refuting_recovery(table, confidence).affine(scale, shift)
    outcome = decide(confirming, relation, bound, refuting)
    level = recovery_level(table, (bound - shift) / scale, above=relation.is_upper == (scale > 0))
    undecided = outcome is Outcome.INCONCLUSIVE
    needed = deciding_n_by_width(confirming, bound, counts.n) if undecided else None
    return Verdict(outcome, confirming, refuting, level, needed)
