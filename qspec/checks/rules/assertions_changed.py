"""Bounds, confidence, population or unit have changed since the claim was judged.

What it finds
-------------
A measured block of the executor as it is declared now, whose `assertions-digest` is not that of the assertions and
statistics as they are declared now.

Why it matters
--------------
The scores hold and the verdicts do not: they answer other questions than the claim now puts.

Example:
-------
    qspec 1
    executor small { task: image-classification, metrics: [top1], baseline: fp32 }
    claim small-loss on small {
      loss(top1) <= 1 pp
      measured {
        at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: 1
        executor { cpu: "Intel Xeon Gold 6330" }
        top1 { baseline: 0.97, quantized: 0.96, n: 899 }
        executor-digest: "9bbbb376bb3af49f4b87331bb43a820b5a27b773abb38c76bcdbc08c9f981772"
        assertions-digest: "0000000000000000000000000000000000000000000000000000000000000000"
        content-digest: "2d5da03f079ca651716963938ba4023728f16552990e07caea207b4addfecd73"
      }
    }

Use instead
-----------
Run `qspec judge`: it brings the verdicts up to date from the stored scores, without running a model.

References:
----------
Measured blocks in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.measured import is_current
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import MeasuredView
from qspec.lang.diagnostic import Severity
from qspec.lang.digests import assertions_digest


@rule("QS921", "assertions-changed", severity=Severity.WARNING, visits=Visit.MEASURED, axes=("evidence",))
def assertions_changed(view: MeasuredView) -> Iterator[Finding]:
    """Verdicts on other questions."""
    if is_current(view) and view.measured.assertions_digest != assertions_digest(view.claim.resolved):
        yield Finding(
            f"What `{view.claim.name}` asserts has changed since it was judged on {view.measured.at}; its scores still hold.",
            view.origin,
            help="run `qspec judge`, which needs no model",
            at_key=True,
        )
