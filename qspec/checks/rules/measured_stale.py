"""The executor has changed since the claim was measured.

What it finds
-------------
A measured block whose `executor-digest` is not that of the executor as it is declared now, with what it extends, uses and
names. Comments, layout and the spelling of numbers do not count.

Why it matters
--------------
The scores belong to another model, other data, another precision or another machine than the ones the claim now speaks of.

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
        executor-digest: "0000000000000000000000000000000000000000000000000000000000000000"
        assertions-digest: "9b4deabd18297ac72dde964d972a2565839c9e5cbb7d86757d2f372a77e243e7"
        content-digest: "4942c50e0aaf1d2d59dbc58237a4b63487eb634547acb604fe5c8a900b602be1"
      }
    }

Use instead
-----------
Run `qspec execute` again, or take the change back. Where only bounds were changed, `qspec judge` is enough.

References:
----------
Measured blocks in the language reference. RFC 8785, JSON Canonicalization Scheme.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.measured import is_current
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import MeasuredView
from qspec.lang.diagnostic import Severity


@rule(
    "QS920", "measured-stale", severity=Severity.WARNING, visits=Visit.MEASURED, axes=("executor", "evidence")
)
def measured_stale(view: MeasuredView) -> Iterator[Finding]:
    """Scores of another executor."""
    if not is_current(view):
        yield Finding(
            f"The executor of `{view.claim.name}` has changed since it was measured on {view.measured.at}: the"
            " scores are stale.",
            view.origin,
            help="run `qspec execute` again, or take the change back",
            at_key=True,
        )
