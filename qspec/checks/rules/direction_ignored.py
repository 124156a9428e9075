"""A loss is signed, or a bound drawn, as if the better way were the worse.

What it finds
-------------
A printed loss that is right but for its sign: positive although the quantized model scores better, or negative although it
scores worse. And, as a warning, a lower bound on a loss or on a metric where lower is better, or an upper bound on one
where higher is better: such a bound is kept by any harm.

Why it matters
--------------
Perplexity and error rates rise when a model gets worse. A table that signs all its columns alike turns improvements into
losses; and `perplexity >= 99 % of baseline` is true of a model that has lost everything.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.15 %, quantized: 76.46 %, loss: 0.31 pp } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.15 %, quantized: 76.46 %, loss: -0.31 pp } }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 8.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import central, metric_of, pair_of, readings
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView, ClaimView, FigureView
from qspec.lang.diagnostic import Severity
from qspec.metrics.definition import Direction
from qspec.model.measurand import MeasurandKind


@rule("QS313", "direction-ignored", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("metric",))
def direction_ignored(claim: ClaimView) -> Iterator[Finding]:
    """Better taken for worse."""
    for view in claim.figures:
        yield from _signed(view)
    for said in claim.assertions:
        yield from _bounded(said)


def _signed(view: FigureView) -> Iterator[Finding]:
    pair, printed = pair_of(view), central(view.figure.loss)
    if pair is None or pair.metric is None or printed is None:
        return
    losses = [
        (interval, loss)
        for meant, interval in readings(printed, pair.metric, pair.hundred)
        if (loss := pair.read(meant)) is not None
    ]
    if any(interval.meets(loss) for interval, loss in losses):
        return
    if any(interval.meets(-loss) for interval, loss in losses):
        better = "better" if pair.loss.high < 0 else "worse"
        yield Finding(
            f"The loss is given as {printed}, and {pair.texts[1]} is {better} than {pair.texts[0]}.",
            view.origin.at("loss"),
            help="a loss is positive where the quantized model is worse, whatever the metric; change the sign",
        )


def _bounded(said: AssertionView) -> Iterator[Finding]:
    metric = metric_of(said.measurand.metric)
    if len(said.assertion.bounds) != 1 or said.assertion.expect is not None or said.assertion.absolute:
        return
    lower_bound = said.assertion.bounds[0].relation in {">", ">="}
    if said.measurand.kind is MeasurandKind.LOSS:
        wrong = lower_bound
    elif said.measurand.kind is MeasurandKind.METRIC and metric is not None:
        wrong = lower_bound == (metric.direction is Direction.LOWER)
        wrong = wrong and said.assertion.bounds[0].relation != "=="
    else:
        return
    if wrong:
        yield Finding(
            f"`{said.assertion}` is kept by any harm: the bound stands on the better side.",
            said.origin,
            help="turn the relation round, or write `expect refuted` if that is what is claimed",
            severity=Severity.WARNING,
        )
