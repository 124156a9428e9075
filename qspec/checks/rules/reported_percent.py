"""A source prints a loss in per cent, and neither words nor values say per cent of what.

What it finds
-------------
A reported loss whose unit is a bare `%`, where the scores beside it do not settle which kind is meant.

Why it matters
--------------
Tables print points and relative losses under the same sign, sometimes in neighbouring rows. Where both scores are given,
the kind can be computed; where they are not, it stays open.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, loss: 0.4 % } }
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, loss: 0.4 pp } }
    }

References:
----------
Published claims, patterns 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import central, pair_of, readings
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind
from qspec.model.quantity import Quantity, Range


@rule("QS221", "reported-percent", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("metric",))
def reported_percent(view: FigureView) -> Iterator[Finding]:
    """A printed loss of no kind."""
    figure = view.figure
    printed = central(figure.loss)
    place = view.origin.at("loss")
    if view.measurand.kind is MeasurandKind.LOSS:
        ends = figure.value.high if isinstance(figure.value, Range) else central(figure.value)
        value = figure.bound.quantity if figure.bound is not None else ends
        if value is not None:
            printed, place = value, view.origin.at("bound" if figure.bound is not None else "value")
    if not isinstance(printed, Quantity) or printed.unit != "%":
        return
    pair = pair_of(view)
    if pair is not None:
        fitting = [
            meant
            for meant, interval in readings(printed, pair.metric, pair.hundred)
            if (loss := pair.read(meant)) is not None and (interval.meets(loss) or interval.meets(-loss))
        ]
        if len(fitting) < 2:
            return  # settled by the scores, or contradicted by them
    yield Finding(
        f"`{printed}` of loss may mean percentage points or per cent of the baseline.",
        place,
        help="give both scores, or write `pp` or `% of baseline` if the source says which",
    )
