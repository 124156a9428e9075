"""Decision thresholds: fixed beforehand, or chosen on another split than the one that is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qspec.errors import QSpecError
from qspec.execute.refusals import Refusals
from qspec.execute.scoring import Paired
from qspec.metrics.bind import BoundMetric
from qspec.metrics.predictions import Predictions
from qspec.model.evaluation import Threshold

Tuning = Callable[[], tuple[Predictions, Predictions]]
"""Runs both models on the tuning split."""


def paired(
    metrics: Sequence[BoundMetric], declared: Threshold | None, tuning: Tuning, refusals: Refusals
) -> list[Paired]:
    """Each metric for either model, with its threshold where it needs one.

    The baseline's threshold is chosen on the tuning split and kept for the quantized model where it is frozen, by
    the metric (`threshold: frozen`) or by the evaluation; else each model has its own. The tuning split is run
    only when a threshold is chosen. A metric that none can be chosen for is left out, with its reason among `refusals`.
    Raises `QSpecError` where nothing says where a threshold comes from.
    """
    split: tuple[Predictions, Predictions] | None = None
    found = []
    for metric in metrics:
        if not metric.needs_threshold:
            found.append(Paired(str(metric), metric, metric))
            continue
        if declared is not None and declared.value is not None:
            fixed = metric.with_threshold(float(declared.value.base))
            found.append(Paired(str(metric), fixed, fixed))
            continue
        if declared is None or declared.from_ is None:
            raise QSpecError(
                f"The metric {metric} needs a decision threshold, and nothing says where it comes from.",
                hint="add `threshold { from: DATASET.SPLIT }`, a split other than the test split",
            )
        split = split or tuning()
        frozen = bool(declared.frozen) or metric.parameters.get("threshold") == "frozen"
        both = split if not frozen else (split[0], split[0])
        cuts = refusals.attempt(
            str(metric),
            lambda one=metric, sides=both: [one.choose_threshold(side) for side in sides],  # type: ignore[misc]
        )
        if cuts is not None:
            found.append(Paired(str(metric), *(metric.with_threshold(cut) for cut in cuts)))
    return found


def chosen(metrics: Sequence[Paired]) -> dict[str, list[float]]:
    """The thresholds of either model by metric, for the record."""
    return {
        one.name: [float(str(side.parameters["threshold"])) for side in (one.baseline, one.quantized)]
        for one in metrics
        if isinstance(one.baseline.parameters.get("threshold"), float)
    }
