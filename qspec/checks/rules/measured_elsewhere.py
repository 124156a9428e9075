"""The claim was measured on other hardware than it declares.

What it finds
-------------
A measured block whose machine differs from the declared hardware in a field that is declared: processor, accelerator,
instruction sets, cores, memory, driver or system.

Why it matters
--------------
Accuracy is judged and labelled with the machine found, since another instruction set gives other results; speed and energy
of the declared hardware were not measured at all.

Example:
-------
    qspec 1
    executor small {
      task: image-classification, metrics: [top1], baseline: fp32
      hardware { cpu: "AMD EPYC 9654" }
    }
    claim small-loss on small {
      loss(top1) <= 1 pp
      measured {
        at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: 1
        executor { cpu: "Intel Xeon Gold 6330" }
        top1 { baseline: 0.97, quantized: 0.96, n: 899 }
        executor-digest: "834d9220268b31588976c197f363365d080bca83c3f3c7a5e060de9eec3eedad"
        assertions-digest: "9b4deabd18297ac72dde964d972a2565839c9e5cbb7d86757d2f372a77e243e7"
        content-digest: "dee94ef829c321e5ef3ce0aabeb9b8b09ca212b59bdd81da7afa1b6ca3629b8a"
      }
    }

Use instead
-----------
    qspec 1
    executor small {
      task: image-classification, metrics: [top1], baseline: fp32
      hardware { cpu: "Xeon Gold 6330" }
    }
    claim small-loss on small {
      loss(top1) <= 1 pp
      measured {
        at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: 1
        executor { cpu: "Intel Xeon Gold 6330" }
        top1 { baseline: 0.97, quantized: 0.96, n: 899 }
        executor-digest: "cdec064f131235ab316ffd45c2370199c72a14a81b1efd44bd90b92587499246"
        assertions-digest: "9b4deabd18297ac72dde964d972a2565839c9e5cbb7d86757d2f372a77e243e7"
        content-digest: "d7ca8082b0f004da51976beb4387d50225105d86f625a92790e7229aac346c97"
      }
    }

References:
----------
`hardware` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.compare import Match, compare
from qspec.checks.measured import is_current
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import MeasuredView
from qspec.lang.diagnostic import Severity


@rule("QS923", "measured-elsewhere", severity=Severity.WARNING, visits=Visit.MEASURED, axes=("executor",))
def measured_elsewhere(view: MeasuredView) -> Iterator[Finding]:
    """Scores of another machine."""
    executor = view.claim.executor
    if executor is None or not is_current(view):
        return
    drifted = [
        row for row in compare(executor, view.measured.executor) if row.hardware and row.match is Match.DRIFT
    ]
    if drifted:
        said = ", ".join(
            f"{row.field} is `{row.declared}` there and `{row.found}` in the block" for row in drifted
        )
        yield Finding(
            f"`{view.claim.name}` was measured on other hardware than it declares: {said}.",
            view.origin.at("executor"),
            help="execute it on the declared machine, or declare this one; its speed there was not measured",
        )
