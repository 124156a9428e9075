"""No number of right answers gives the printed accuracy.

What it finds
-------------
An accuracy (top-1, top-5, exact match) with its number of examples, where no whole number of right answers out of so many
prints as it.

Why it matters
--------------
Then the number of examples is another, or the figure is an average of several runs or groups and nobody says so.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, n: 164 } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.2 %, n: 164 } }
      loss(top1) <= 1 pp
    }

References:
----------
Brown and Heathers, The GRIM Test, Social Psychological and Personality Science 8:363, 2017.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import central, is_counted, metric_of
from qspec.checks.resolution import counted_on
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind
from qspec.stats.static import grim

_DIGITS = 12
"""Digits behind the point that anybody prints of an accuracy."""


@rule("QS311", "not-a-share-of-n", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("sample_size",))
def not_a_share_of_n(view: FigureView) -> Iterator[Finding]:
    """A share that is none."""
    metric = metric_of(view.measurand.metric)
    figure = view.figure
    if view.measurand.kind is not MeasurandKind.METRIC or not is_counted(metric) or figure.runs is not None:
        return
    n = counted_on(view)
    if n is None:
        return
    for key in ("value", "baseline", "quantized"):
        printed = central(getattr(figure, key))
        if printed is None or printed.unit not in {None, "%"} or printed.decimals > _DIGITS:
            continue
        hundred = printed.unit == "%" or printed.value > 1
        share = printed.value / 100 if hundred else printed.value
        if (
            "e" not in printed.text.lower()
            and 0 <= share <= 1
            and not grim(printed.text, n, 100 if hundred else 1)
        ):
            least = int(share * n)
            near = " and ".join(f"{k:,} of {n:,} is {100 * k / n:.4g} %" for k in (least, least + 1))
            yield Finding(
                f"{printed} is no number of right answers out of {n:,}: {near}.",
                view.origin.at(key),
                help="give the number of examples behind the figure, or `runs` if it is an average",
            )
