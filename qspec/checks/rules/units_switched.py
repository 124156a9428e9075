"""Losses of one claim are reported in several kinds.

What it finds
-------------
Reported losses of which some are in percentage points and some in per cent of the baseline.

Why it matters
--------------
Relative losses look larger than points on low scores and the same on high ones. A table that changes its unit where the
news is bad cannot be read down a column.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 for site == "a" { baseline: 76.1 %, loss: 0.3 % of baseline }
        top1 for site == "b" { baseline: 28.7 %, loss: 1.8 pp }
      }
      loss(top1) <= 2 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 for site == "a" { baseline: 76.1 %, loss: 0.2 pp }
        top1 for site == "b" { baseline: 28.7 %, loss: 1.8 pp }
      }
      loss(top1) <= 2 pp
    }

References:
----------
Published claims, pattern 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import central
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Related, Severity
from qspec.lang.resolve import Origin
from qspec.model.unit import Dimension


@rule("QS225", "units-switched", severity=Severity.NOTE, visits=Visit.CLAIM, axes=("metric",))
def units_switched(claim: ClaimView) -> Iterator[Finding]:
    """A column in two units."""
    seen: dict[Dimension, tuple[str, Origin]] = {}
    for view in claim.figures:
        printed = central(view.figure.loss)
        if printed is not None and printed.dimension in {Dimension.POINTS, Dimension.OF_BASELINE}:
            seen.setdefault(printed.dimension, (str(printed), view.origin.at("loss")))
    if len(seen) == 2:
        (first, earlier), (second, later) = seen.values()
        yield Finding(
            f"Losses are reported in two kinds: `{first}` and `{second}`.",
            later,
            help="give both scores for each, so that either kind can be computed",
            related=(Related(earlier.span, "the other kind", earlier.loaded.source),),
        )
