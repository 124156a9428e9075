"""A figure rests on more examples than the test set has.

What it finds
-------------
A number of examples behind a figure that is larger than the declared size of its test set.

Why it matters
--------------
Either the size of the test set is wrong or the figure was taken on other data, and with it every interval.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: "ILSVRC 2012", split: val, size: 50000 }
      }
      reported { top1 { quantized: 75.9 %, n: 60000 } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: "ILSVRC 2012", split: val, size: 50000 }
      }
      reported { top1 { quantized: 75.9 %, n: 50000 } }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `sample_size` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import declared_size
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity


@rule(
    "QS308",
    "more-examples-than-test-set",
    severity=Severity.ERROR,
    visits=Visit.FIGURE,
    axes=("sample_size",),
)
def more_examples_than_test_set(view: FigureView) -> Iterator[Finding]:
    """More than there are."""
    size, n = declared_size(view.evaluation), view.figure.n
    if size is not None and n is not None and n.value > size.value and _alike(n.unit, size.unit):
        yield Finding(
            f"The figure rests on {n}, and the test set has {size}.",
            view.origin.at("n"),
            help="correct one of the two, or name the data that the figure was taken on",
        )


def _alike(first: str | None, second: str | None) -> bool:
    """Whether two counts may be of the same things: a noun left out may be any."""
    return first is None or second is None or first == second
