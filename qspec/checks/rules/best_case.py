"""The claim gives a best case in place of a result.

What it finds
-------------
A title or a quoted sentence that says "up to" so many times faster, smaller or better, in a claim that neither bounds
that quantity nor reports it.

Why it matters
--------------
"Up to" is the luckiest row of a table: best model, best batch, best device. It is true however slow the rest is.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { as-printed: "up to 4x faster inference" }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      title: "Faster inference"
      loss(top1) <= 1 pp
      throughput >= 1.5 x baseline
    }

References:
----------
Published claims, pattern 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.prose import UP_TO, prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind


@rule("QS202", "best-case", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("pair",))
def best_case(claim: ClaimView) -> Iterator[Finding]:
    """The luckiest row."""
    if claim.says(MeasurandKind.THROUGHPUT, MeasurandKind.LATENCY, MeasurandKind.SIZE, MeasurandKind.MEMORY):
        return
    for text, origin in prose(claim):
        found = UP_TO.search(text)
        if found:
            yield Finding(
                f"`{found[0]}` is a best case, and nothing says what is usual.",
                origin,
                help="state the workload and a bound, for example `throughput >= 1.5 x baseline`",
            )
