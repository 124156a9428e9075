"""The claim's own numbers break its bound.

What it finds
-------------
An assertion about a metric or its loss that fails for the scores reported for the same metric, evaluation and stratum,
whatever the digits that rounding took; under both readings where the bound is a bare `%`.

Why it matters
--------------
The sentence and the table disagree, and both are the claim.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.0 % } }
      loss(top1) <= 0.5 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.9 % } }
      loss(top1) <= 0.5 pp
    }

References:
----------
Published claims, pattern 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import difference
from qspec.checks.bounds import judged
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind


@rule("QS304", "bound-contradicted", severity=Severity.ERROR, visits=Visit.ASSERTION, axes=("metric",))
def bound_contradicted(view: AssertionView) -> Iterator[Finding]:
    """A bound that its own table breaks."""
    if view.assertion.expect is not None and view.assertion.expect != "confirmed":
        return
    for number, bound, pair, outcomes in judged(view):
        if outcomes and not any(outcome is not False for outcome in outcomes.values()):
            lost = view.measurand.kind is MeasurandKind.LOSS
            said = f"the loss is {difference(pair)}" if lost else f"the quantized model has {pair.texts[1]}"
            yield Finding(
                f"The claim is `{view.assertion.quantity} {bound}`, and from {pair.texts[0]} to {pair.texts[1]} {said}.",
                view.origin.at("bounds", number),
                help="correct the bound or the reported scores",
            )
