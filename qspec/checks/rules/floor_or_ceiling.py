"""The baseline stands so near to the floor or the ceiling of its metric that hardly anything can be seen.

What it finds
-------------
A reported baseline of a right-or-wrong metric with fewer than five wrong answers or fewer than five right ones; where the
number of examples is not known, above 99.5 % or below 1 %; on a declared number of classes, no better than guessing.

Why it matters
--------------
A model that is right on everything cannot show damage until much is broken, and one that is right on nothing cannot lose.
No change from 99.80 to 99.80, or from one right answer in fifty to none, says nothing about the quantization.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 99.80 %, quantized: 99.80 % } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.9 % } }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import (
    central,
    metric_of,
    score_factor,
)
from qspec.checks.resolution import examples, thousands, whole_count
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.metrics.definition import Direction, Family
from qspec.model.measurand import MeasurandKind

_FEW = 5
_CEILING, _FLOOR = Decimal("0.995"), Decimal("0.01")


@rule("QS408", "floor-or-ceiling", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("test_set",))
def floor_or_ceiling(view: FigureView) -> Iterator[Finding]:
    """A baseline with nothing to lose or nothing to show."""
    metric, key = (
        metric_of(view.measurand.metric),
        "baseline" if view.figure.baseline is not None else "quantized",
    )
    printed = central(getattr(view.figure, key))
    if (
        metric is None
        or metric.family is not Family.BINARY
        or printed is None
        or metric.direction is Direction.LOWER
    ):
        return
    score = printed.value * score_factor(printed, metric, printed.value > 1)
    collapsed = key == "quantized" and score < Decimal("0.5")  # that may be the very loss that is reported
    if collapsed or not 0 <= score <= 1 or view.measurand.kind is not MeasurandKind.METRIC:
        return
    n = whole_count(view.figure.n) or (examples(view.evaluation) if view.figure.for_ is None else None)
    said = _said(score, n)
    if said is None:
        count = _classes(view)
        if count and score <= Decimal(1) / count:
            said = f"guessing one of {count} classes does as well"
    if said:
        whose = "baseline" if key == "baseline" else "quantized model"
        yield Finding(
            f"The {whose} has {printed}: {said}, so that a loss can hardly show.",
            view.origin.at(key),
            help="report a harder test set, or one on which the baseline is above chance",
        )


def _said(score: Decimal, n: int | None) -> str | None:
    if n is None:
        if score > _CEILING:
            return "it is at the ceiling"
        return "it is at the floor" if score < _FLOOR else None
    wrong, right = round((1 - score) * n), round(score * n)
    if wrong < _FEW:
        return f"{wrong or 'none'} of {thousands(n)} answers {'is' if wrong <= 1 else 'are'} wrong"
    return (
        f"{right or 'none'} of {thousands(n)} answers {'is' if right <= 1 else 'are'} right"
        if right < _FEW
        else None
    )


def _classes(view: FigureView) -> int | None:
    data = view.evaluation.test_data if view.evaluation is not None else None
    found = view.claim.resolved.dataset(data) if data is not None else None
    top1 = metric_of(view.measurand.metric)
    return len(found[0].classes) or None if found and top1 is not None and top1.name == "top1" else None
