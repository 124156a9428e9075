"""Hidden loss: strata that lose more than the aggregate's bound while the aggregate holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qspec.stats.decision import Outcome
from qspec.stats.multiplicity import holm
from qspec.stats.paired import PairedCounts, refuting_level


@dataclass(frozen=True, slots=True)
class HiddenLoss:
    """A stratum whose loss lies above the aggregate's bound; `level` is adjusted over all declared strata."""

    stratum: str
    level: float


def hidden_losses(
    levels: Mapping[str, float], aggregate: Outcome, confidence: float = 0.95
) -> list[HiddenLoss]:
    """The strata refuted at the aggregate's bound after Holm over all of them, worst first.

    `levels` gives for every declared stratum the smallest 1 - confidence at which its loss lies above the
    aggregate's bound (1 for a stratum too small to be judged). Empty unless the aggregate was confirmed:
    a loss that the aggregate shows is not hidden.
    """
    if aggregate is not Outcome.CONFIRMED:
        return []
    found = [
        HiddenLoss(stratum, level)
        for stratum, level in zip(levels, holm(list(levels.values())), strict=True)
        if level < 1 - confidence
    ]
    return sorted(found, key=lambda hidden: hidden.level)


def hidden_flips(
    strata: Mapping[str, PairedCounts], bound: float, aggregate: Outcome, confidence: float = 0.95
) -> list[HiddenLoss]:
    """`hidden_losses` for a 0/1 metric, from the counts of every declared stratum (bound a fraction)."""
    levels = {name: refuting_level(counts, bound) for name, counts in strata.items()}
    return hidden_losses(levels, aggregate, confidence)
