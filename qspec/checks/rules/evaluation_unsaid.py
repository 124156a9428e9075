"""An assertion does not say which of several evaluations it is on.

What it finds
-------------
A bound on a metric that several evaluations of the executor declare, with no `on NAME`; or on a distance (flips,
agreement) that none of several declares, so that each could answer.

Why it matters
--------------
The same metric on other data is another number. Such an assertion is not judged.

Example:
-------
    qspec 1
    executor small {
      baseline: fp32
      evaluation clean   { task: image-classification, metrics: [top1] }
      evaluation shifted { task: image-classification, metrics: [top1] }
    }
    claim small-loss on small { loss(top1) <= 1 pp }

Use instead
-----------
    qspec 1
    executor small {
      baseline: fp32
      evaluation clean   { task: image-classification, metrics: [top1] }
      evaluation shifted { task: image-classification, metrics: [top1] }
    }
    claim small-loss on small { loss(top1) <= 1 pp on clean, loss(top1) <= 3 pp on shifted }

References:
----------
Assertions in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity
from qspec.metrics.parameters import spoken
from qspec.model.evaluation import evaluations_meant


@rule("QS014", "evaluation-unsaid", severity=Severity.WARNING, visits=Visit.ASSERTION, axes=("metric",))
def evaluation_unsaid(view: AssertionView) -> Iterator[Finding]:
    """Several evaluations, and no word which."""
    if view.assertion.on is not None or not view.measurand.kind.is_accuracy:
        return
    evaluations = {one.name: one.evaluation for one in view.claim.evaluations}
    meant = evaluations_meant(evaluations, view.measurand)
    if len(meant) > 1:
        listed = spoken([f"`{name}`" for name in meant])
        yield Finding(
            f"`{view.assertion.quantity}` may be on {listed}, and the assertion does not say which.",
            view.origin,
            help=f"add `on {meant[0]}`, or another assertion for each of them",
        )
