"""The verdicts come from an older judge than this program's.

What it finds
-------------
A measured block whose `judge-version` is lower than this program's. The version is raised only when a verdict can come out
otherwise for the same scores.

Why it matters
--------------
Two claims judged by different rules cannot be compared, and a repaired judge may decide otherwise.

Example:
-------
    qspec 1
    executor small { task: image-classification, metrics: [top1], baseline: fp32 }
    claim small-loss on small {
      loss(top1) <= 1 pp
      measured {
        at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: 0
        executor { cpu: "Intel Xeon Gold 6330" }
        top1 { baseline: 0.97, quantized: 0.96, n: 899 }
        executor-digest: "9bbbb376bb3af49f4b87331bb43a820b5a27b773abb38c76bcdbc08c9f981772"
        assertions-digest: "9b4deabd18297ac72dde964d972a2565839c9e5cbb7d86757d2f372a77e243e7"
        content-digest: "91510f24b373e76354310e3113b3f9a68d3a9ce2d0e580a363f441c8ec1d2bde"
      }
    }

Use instead
-----------
Run `qspec judge`: it judges the stored scores again.

References:
----------
The verdict, in the statistics reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.measured import is_current
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import MeasuredView
from qspec.lang.diagnostic import Severity
from qspec.model.measured import JUDGE_VERSION


@rule("QS924", "judge-version-older", severity=Severity.WARNING, visits=Visit.MEASURED, axes=("evidence",))
def judge_version_older(view: MeasuredView) -> Iterator[Finding]:
    """Verdicts by rules that have changed."""
    if is_current(view) and view.measured.judge_version.value < JUDGE_VERSION:
        yield Finding(
            f"The verdicts were reached by version {view.measured.judge_version} of the judge, and this program has version"
            f" {JUDGE_VERSION}: they may come out otherwise.",
            view.origin.at("judge-version"),
            help="run `qspec judge`, which needs no model",
        )
