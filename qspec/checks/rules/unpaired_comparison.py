"""Two scores on the same examples are compared as if they came from different ones.

What it finds
-------------
A figure that prints an uncertainty for the baseline and another for the quantized model, and none for their difference.

Why it matters
--------------
Both models answered the same examples, and most answers agree. The uncertainty of the difference follows from the answers
that changed; it cannot be had from the two uncertainties, which overlap long after the difference is plain.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 % +- 0.4 %, quantized: 75.4 % +- 0.4 % } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.4 %, loss: 0.7 pp +- 0.2 pp } }
      loss(top1) <= 1 pp
    }

References:
----------
E. Miller, Adding error bars to evals, arXiv:2411.00640 (2024).
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.quantity import Range, Spread


@rule("QS406", "unpaired-comparison", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("sample_size",))
def unpaired_comparison(view: FigureView) -> Iterator[Finding]:
    """Two uncertainties in place of one."""
    figure = view.figure
    if not (
        view.measurand.kind.is_accuracy
        and isinstance(figure.baseline, Spread)
        and isinstance(figure.quantized, Spread)
    ):
        return
    if figure.interval is None and not isinstance(figure.loss, Spread | Range):
        yield Finding(
            f"`{figure.quantity}` has {figure.baseline} and {figure.quantized}, and no uncertainty of their difference: the"
            " two were measured on the same examples.",
            view.origin,
            help="report the loss with its own interval, `loss: 0.7 pp +- 0.2 pp`, or the answers that changed",
        )
