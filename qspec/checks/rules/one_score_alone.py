"""A source reports one of two scores, or a loss without either.

What it finds
-------------
A reported metric with the quantized model's score and not the baseline's, or the reverse, or a loss whose scores are
nowhere; and a single value that does not say of which model it is.

Why it matters
--------------
A score without its counterpart shows no loss. A loss without scores cannot be recomputed, nor its kind be told.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { quantized: 75.9 % } }
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
Published claims, pattern 10.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind


@rule("QS224", "one-score-alone", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("baseline",))
def one_score_alone(view: FigureView) -> Iterator[Finding]:
    """Half a comparison."""
    figure = view.figure
    lost = view.measurand.kind is MeasurandKind.LOSS
    if not (lost or view.measurand.kind is MeasurandKind.METRIC) or figure.bound is not None:
        return
    both = (figure.baseline is not None, figure.quantized is not None)
    kept = figure.loss is not None or figure.recovery is not None or figure.ratio is not None
    kept = kept or (lost and figure.value is not None)
    if all(both) or (any(both) and kept):
        return  # the other score follows
    where = (view.evaluation.name if view.evaluation is not None else None, str(figure.for_))
    for other in view.claim.figures_by_stratum[where]:
        scored = other.figure.baseline is not None or other.figure.quantized is not None
        if other is not view and scored and _same(other, view):
            return
    what = f"`{view.measurand.metric}`" if lost else f"`{figure.quantity}`"
    if any(both):
        given, absent = ("baseline", "quantized model") if both[0] else ("quantized model", "baseline")
        message = f"{what} is reported for the {given}, and not for the {absent}."
    elif kept:
        message = f"A change of {what} is reported, and neither score."
    elif figure.value is not None:
        message = f"{what} is reported once, and nothing says of which model."
    else:
        return
    yield Finding(
        message, view.origin, help="add `baseline: …, quantized: …` where the source has them", at_key=True
    )


def _same(first: FigureView, second: FigureView) -> bool:
    one, other = first.figure, second.figure
    return (first.measurand.metric, one.on, one.for_) == (second.measurand.metric, other.on, other.for_)
