"""The printed loss is not the difference of the printed scores.

What it finds
-------------
A figure whose loss cannot come from its two scores, whatever the digits that rounding took: in points, as per cent of the
baseline, or as growth of the error, and for a bare `%` in none of them.

Why it matters
--------------
One of three numbers is wrong, and the reader cannot tell which.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.9 %, loss: 0.5 pp } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.9 %, loss: 0.2 pp } }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import central, difference, pair_of, readings
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity


@rule("QS301", "loss-not-the-difference", severity=Severity.ERROR, visits=Visit.FIGURE, axes=("metric",))
def loss_not_the_difference(view: FigureView) -> Iterator[Finding]:
    """Three numbers that do not fit."""
    pair, printed = pair_of(view), central(view.figure.loss)
    if pair is None or printed is None:
        return
    losses = [
        (interval, loss)
        for meant, interval in readings(printed, pair.metric, pair.hundred)
        if (loss := pair.read(meant)) is not None
    ]
    if losses and not any(interval.meets(loss) or interval.meets(-loss) for interval, loss in losses):
        yield Finding(
            f"The loss is given as {printed}, and from {pair.texts[0]} to {pair.texts[1]} it is {difference(pair)}.",
            view.origin.at("loss"),
            help="correct the number that was copied wrongly, or say in `as-printed` that the source contradicts itself",
        )
