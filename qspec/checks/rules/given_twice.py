"""The same value is given twice, and differently.

What it finds
-------------
Two figures for one quantity, evaluation or load, and stratum, whose printed values cannot be roundings of one number.

Why it matters
--------------
The text says one thing and the table another: whichever a reader takes, the other was printed too.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 { quantized: 75.9 % }
        top1 { quantized: 75.2 % }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 { quantized: 75.9 % }
        top1 { baseline: 76.1 %, quantized: 75.90 % }
      }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 12.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from qspec.checks.arithmetic import central, rounding, same_metric
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, FigureView
from qspec.lang.diagnostic import Related, Severity

_KEYS = ("value", "baseline", "quantized", "n")


@rule("QS307", "given-twice", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("metric",))
def given_twice(claim: ClaimView) -> Iterator[Finding]:
    """Two values for one thing."""
    for together in claim.figures_by_stratum.values():
        for earlier, later in combinations(together, 2):
            if not _same(earlier, later):
                continue
            for key in _KEYS:
                first, second = (central(getattr(view.figure, key)) for view in (earlier, later))
                if first is None or second is None or first.unit != second.unit:
                    continue
                if not rounding(first).meets(rounding(second)):
                    what = "" if key == "value" else f" ({key})"
                    yield Finding(
                        f"`{later.figure.quantity}`{what} is {second} here and {first} elsewhere.",
                        later.origin.at(key),
                        help="keep the one that the source stands by, and quote the other in `as-printed`",
                        related=(
                            Related(earlier.origin.at(key).span, "given here", earlier.origin.loaded.source),
                        ),
                    )


def _same(first: FigureView, second: FigureView) -> bool:
    one, other = first.figure, second.figure
    alike = one.quantity == other.quantity or same_metric(one.quantity, other.quantity)
    return alike and (one.on, one.for_, one.at, one.runs) == (other.on, other.for_, other.at, other.runs)
