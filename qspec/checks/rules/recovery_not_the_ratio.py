"""The printed recovery or ratio is not the ratio of the printed scores.

What it finds
-------------
A figure whose `recovery` or `ratio` cannot come from its two scores, whatever the digits that rounding took.

Why it matters
--------------
"Recovers 99.9 %" beside scores whose ratio is 98.5 % is either a wrong number or another meaning of recovery: the share
of a degradation undone, for which there is `recovered(metric, from: EXECUTOR)`.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.9 %, recovery: 99.0 % } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.9 %, recovery: 99.7 % } }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import central, pair_of, percent, rounding
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity


@rule("QS303", "recovery-not-the-ratio", severity=Severity.ERROR, visits=Visit.FIGURE, axes=("metric",))
def recovery_not_the_ratio(view: FigureView) -> Iterator[Finding]:
    """A share that is none of these scores'."""
    pair = pair_of(view)
    if pair is None:
        return
    ratios = [pair.quantized.over(pair.baseline)]
    if pair.lower_is_better or pair.metric is None:
        ratios.append(pair.baseline.over(pair.quantized))  # of errors, either way round is printed
    known = [ratio for ratio in ratios if ratio is not None]
    for key in ("recovery", "ratio"):
        printed = central(getattr(view.figure, key))
        if printed is None or not known:
            continue
        hundredth = printed.unit in {"%", "% of baseline"} or abs(printed.value) > 10
        share = rounding(printed, Decimal("0.01") if hundredth else Decimal(1))
        if not any(share.meets(ratio) for ratio in known):
            yield Finding(
                f"The {key} is given as {printed}, and {pair.texts[1]} is {percent(known[0].middle)} % of {pair.texts[0]}.",
                view.origin.at(key),
                help="correct the number that was copied wrongly, or say what is recovered: "
                "`recovered(METRIC, from: EXECUTOR)`",
            )
