"""Decision thresholds: fixed beforehand, or chosen on another split than the one that is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from qspec.execute.refusals import Refusals
from qspec.execute.scoring import Paired
from qspec.metrics.bind import BoundMetric
from qspec.metrics.deciding import Decision
from qspec.metrics.parameters import OperatingPoint
from qspec.metrics.predictions import Predictions

Tuning = Callable[[], tuple[Predictions, Predictions]]
"""Runs both models on the tuning split."""


def paired(
    metrics: Sequence[BoundMetric],
    decisions: Mapping[str, Decision],
    refusals: Refusals,
    tuning: Tuning | None = None,
) -> list[Paired]:
    """Each metric for either model, with its threshold where it is decided at one; of those that can be decided.

    The tuning split is run only when a threshold is chosen; where there is none, no metric may choose one. A metric that
    none can be chosen for is left out, with its reason among `refusals`.
    """
    split: tuple[Predictions, Predictions] | None = None
    found = []
    for metric in metrics:
        decision = decisions.get(str(metric))
        if decision is None:
            found.append(Paired(str(metric), metric, metric))
        elif decision.fixed is not None:
            fixed = metric.with_threshold(decision.fixed)
            found.append(Paired(str(metric), fixed, fixed))
        elif decision.point is not None:
            assert tuning is not None
            split = split or tuning()
            both = (split[0], split[0]) if decision.frozen else split
            cuts = refusals.attempt(str(metric), partial(_cuts, metric, both, decision.point))
            if cuts is not None:
                found.append(Paired(str(metric), *(metric.with_threshold(cut) for cut in cuts)))
    return found


def _cuts(metric: BoundMetric, sides: tuple[Predictions, Predictions], point: OperatingPoint) -> list[float]:
    return [metric.choose_threshold(side, point) for side in sides]


def chosen(metrics: Sequence[Paired], decisions: Mapping[str, Decision]) -> dict[str, Any]:
    """What the record keeps: by metric the thresholds of either model, and what those that were chosen reach."""
    thresholds = {
        one.name: [side.parameters.number("threshold") for side in (one.baseline, one.quantized)]
        for one in metrics
        if one.name in decisions
    }
    points = {
        name: {"reaches": str(decisions[name].point), "frozen": decisions[name].frozen}
        for name in thresholds
        if decisions[name].point is not None
    }
    return {
        **({"thresholds": thresholds} if thresholds else {}),
        **({"operating-points": points} if points else {}),
    }
