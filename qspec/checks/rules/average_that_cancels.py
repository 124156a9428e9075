"""An average hardly moves while its parts move both ways.

What it finds
-------------
A figure for the whole, and figures for its strata or for several evaluations of the same metric, where the whole changes little
while one part loses a point or more, twice as much as the whole at least, and another gains, beyond what rounding explains.

Why it matters
--------------
A mean over benchmarks hides a loss on one behind a gain on another. Which task breaks is what a reader needs to know.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        baseline: bf16, task: multiple-choice, metrics: [accuracy(normalization: none)]
        strata { benchmark: by benchmark }
      }
      reported {
        accuracy { baseline: 79.1 %, quantized: 79.0 % }
        accuracy for benchmark == "mmlu" { baseline: 77.8 %, quantized: 75.8 % }
        accuracy for benchmark == "gsm8k" { baseline: 80.4 %, quantized: 82.2 % }
      }
      loss(accuracy) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        baseline: bf16, task: multiple-choice, metrics: [accuracy(normalization: none)]
        strata { benchmark: by benchmark }
      }
      reported {
        accuracy for benchmark == "mmlu" { baseline: 77.8 %, quantized: 75.8 % }
        accuracy for benchmark == "gsm8k" { baseline: 80.4 %, quantized: 82.2 % }
      }
      loss(accuracy) <= 3 pp for each benchmark
    }

References:
----------
Published claims, pattern 5. A. Dutta et al., Accuracy is not all you need, NeurIPS 2024.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import (
    Between,
    central,
    is_proportion,
    pair_of,
    percent,
    rounding,
)
from qspec.checks.rows import decompositions
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, FigureView
from qspec.lang.diagnostic import Severity

_LEAST, _TIMES = Decimal("0.01"), 2


@rule("QS409", "average-that-cancels", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("strata",))
def average_that_cancels(claim: ClaimView) -> Iterator[Finding]:
    """A calm mean over restless parts."""
    for whole, parts in _averages(claim):
        pair = pair_of(whole)
        if pair is None or not is_proportion(pair.metric):
            continue
        mean = max(abs(pair.loss.low), abs(pair.loss.high))
        losses = [(loss, view) for view in parts if (loss := _loss(view, pair.hundred)) is not None]
        worst = max(losses, key=lambda item: item[0].low, default=None)
        best = min(losses, key=lambda item: item[0].high, default=None)
        if worst is None or best is None or worst[0].low < max(_LEAST, _TIMES * mean) or best[0].high >= 0:
            continue
        if _bounds_parts(claim, whole):
            continue
        yield Finding(
            f"`{whole.figure.quantity}` goes from {pair.texts[0]} to {pair.texts[1]} while `{_name(worst[1])}` loses"
            f" {percent(worst[0].middle)} pp and `{_name(best[1])}` gains {percent(-best[0].middle)} pp.",
            whole.origin,
            help="bound the parts, `loss(…) <= … for each …`, beside the average",
        )


def _loss(view: FigureView, hundred: bool) -> Between | None:
    """The loss of a part in points: of its scores, or as printed where the unit leaves no doubt."""
    pair, printed = pair_of(view), central(view.figure.loss)
    if pair is not None or printed is None:
        return pair.loss if pair is not None else None
    if printed.unit == "pp" or (printed.unit is None and hundred):
        return rounding(printed, Decimal("0.01"))
    return None


def _averages(claim: ClaimView) -> Iterator[tuple[FigureView, list[FigureView]]]:
    """Figures for a whole with those of one metric for its strata of one column, or on single evaluations."""
    for rows in decompositions(claim):
        yield rows.whole, rows.parts
    for whole in claim.figures:
        if whole.figure.on is None and whole.figure.for_ is None and len(claim.evaluations) > 1:
            parts = [
                view
                for view in claim.figures
                if view.figure.on is not None and view.figure.for_ is None
                if view.figure.quantity == whole.figure.quantity
            ]
            if len(parts) > 1:
                yield whole, parts


def _bounds_parts(claim: ClaimView, whole: FigureView) -> bool:
    """Whether an assertion bounds the strata of the same metric."""
    metric = whole.measurand.metric
    return any(
        view.is_stratified
        and metric is not None
        and view.measurand.metric is not None
        and view.measurand.metric.name == metric.name
        for view in claim.assertions
    )


def _name(view: FigureView) -> str:
    return str(view.figure.for_ or view.figure.on)
