"""A measured block was edited.

What it finds
-------------
A measured block whose `content-digest` is not that of its content.

Why it matters
--------------
Measured blocks are written by `qspec execute` and stand for what a machine found. A figure that was changed by hand, or by a
merge, is nobody's measurement. The digest finds accidents; it is no seal, the signed record is.

Example:
-------
    qspec 1
    executor small { task: image-classification, metrics: [top1], baseline: fp32 }
    claim small-loss on small {
      loss(top1) <= 1 pp
      measured {
        at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: 1
        executor { cpu: "Intel Xeon Gold 6330" }
        top1 { baseline: 0.97, quantized: 0.97, n: 899 }
        executor-digest: "9bbbb376bb3af49f4b87331bb43a820b5a27b773abb38c76bcdbc08c9f981772"
        assertions-digest: "9b4deabd18297ac72dde964d972a2565839c9e5cbb7d86757d2f372a77e243e7"
        content-digest: "0000000000000000000000000000000000000000000000000000000000000000"
      }
    }

Use instead
-----------
Restore the block as it was written, or run `qspec execute` again and let it write the block.

References:
----------
Measured blocks in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import MeasuredView
from qspec.lang.diagnostic import Severity
from qspec.lang.digests import content_digest


@rule("QS922", "measured-edited", severity=Severity.ERROR, visits=Visit.MEASURED, axes=("evidence",))
def measured_edited(view: MeasuredView) -> Iterator[Finding]:
    """Figures that no machine wrote."""
    if view.measured.content_digest != content_digest(view.measured):
        yield Finding(
            f"The block measured on {view.measured.at} is not as `{view.measured.tool}` wrote it: it was edited since.",
            view.origin,
            help="restore it from the file's history, or run `qspec execute` again",
            at_key=True,
        )
