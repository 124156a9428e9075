"""Where the decision threshold of every metric of an evaluation comes from, as it is declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qspec.metrics.bind import BoundMetric
from qspec.metrics.parameters import OperatingPoint, spoken
from qspec.model.evaluation import Threshold


@dataclass(frozen=True)
class Decision:
    """How one metric comes to its threshold: it is `fixed`, or reaches a `point`; where neither, `because` says why."""

    fixed: float | None = None
    """The threshold of both models, fixed beforehand."""
    point: OperatingPoint | None = None
    """What the threshold must reach on the tuning split."""
    frozen: bool = False
    """Whether the baseline's threshold is kept for the quantized model; else each has its own."""
    because: str | None = None
    """Why there is no threshold, in a sentence."""
    hint: str | None = None
    """What gives it one."""


def decisions(metrics: Sequence[BoundMetric], declared: Threshold | None) -> dict[str, Decision]:
    """By metric how it comes to its threshold, of all metrics of one evaluation that are decided at one.

    A number that the metric names is its own. Any other threshold is the evaluation's: its `value`, or what the
    operating point gives on the split it comes `from`. A metric that names no point (`threshold: frozen`, or nothing
    beside a declared threshold) has that of the metrics beside it, which is one or leaves it undecided. A metric that
    names nothing where nothing is declared takes the model's own answers, and is not among these.
    """
    points = list(dict.fromkeys(point for one in metrics if (point := _point(one)) is not None))
    found = {}
    for metric in metrics:
        own = metric.parameters.get("threshold")
        if isinstance(own, float):
            found[str(metric)] = Decision(fixed=own)
        elif metric.needs_threshold or ("threshold" in metric.parameters and declared is not None):
            found[str(metric)] = _decided(metric, points, declared)
    return found


def _point(metric: BoundMetric) -> OperatingPoint | None:
    """The operating point that a metric names and is decided at."""
    point = metric.parameters.get("at") if metric.needs_threshold else None
    return point if isinstance(point, OperatingPoint) else None


def _decided(metric: BoundMetric, points: list[OperatingPoint], declared: Threshold | None) -> Decision:
    if declared is not None and declared.value is not None:
        return Decision(fixed=float(declared.value.base))
    own = _point(metric)
    near = [own] if own is not None else points
    if not near:
        return Decision(
            because=f"The metric {metric} is decided at the evaluation's threshold, and nothing says what that must reach.",
            hint="fix it, `threshold { value: 0.5 }`, or name an operating point, `sensitivity(at: specificity >= 95 %)`",
        )
    if len(near) > 1:
        named = spoken([f"`{point}`" for point in near], "or")
        return Decision(
            because=f"The metric {metric} may be decided at {named}, and nothing says at which of them.",
            hint=f"give it its own: `{metric.name}(at: {near[0]}, threshold: frozen)`"
            if "at" in metric.parameters
            else "give it a threshold of its own, such as `threshold: 0.5`",
        )
    if declared is None or declared.from_ is None:
        return Decision(
            because=f"The metric {metric} needs a decision threshold, and nothing says where it comes from.",
            hint="add `threshold { from: DATASET.SPLIT }` with a split other than the test set's",
        )
    frozen = bool(declared.frozen) or metric.parameters.get("threshold") == "frozen"
    return Decision(point=near[0], frozen=frozen)
