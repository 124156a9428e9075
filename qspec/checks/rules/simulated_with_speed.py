"""Quantization is simulated, and a speed is claimed.

What it finds
-------------
A speed, memory or energy beside a precision that is `simulated`, or beside evidence that is simulated alone.

Why it matters
--------------
Simulated quantization rounds values inside a wider format. Its accuracy is real and its speed is that of the wider format, or
less: whatever speed is printed was measured on something else.

Example:
-------
    qspec 1
    claim brochure {
      evidence: simulated
      executor { task: image-classification, metrics: [top1], baseline: fp32, precision { method: simulated, weights: int3 } }
      loss(top1) <= 1 pp
      throughput >= 2 x baseline
    }

Use instead
-----------
    qspec 1
    claim brochure {
      evidence: simulated
      executor { task: image-classification, metrics: [top1], baseline: fp32, precision { method: simulated, weights: int3 } }
      loss(top1) <= 1 pp
      size <= 0.2 x baseline
    }

References:
----------
R. Krishnamoorthi, Quantizing deep convolutional networks for efficient inference, arXiv:1806.08342 (2018).
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.speed import SPEED, said, simulation
from qspec.checks.view import AssertionView, ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind

_RUNNING = (*SPEED, MeasurandKind.MEMORY, MeasurandKind.ENERGY, MeasurandKind.POWER)


@rule("QS606", "simulated-with-speed", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("pair", "evidence"))
def simulated_with_speed(claim: ClaimView) -> Iterator[Finding]:
    """A speed that nothing had."""
    why = simulation(claim)
    if why is None:
        return
    for view in said(claim, *_RUNNING):
        expect = view.assertion.expect if isinstance(view, AssertionView) else None
        if expect not in {"not-executable", "not-realized", "not-measured"}:
            yield Finding(
                f"A {view.measurand.kind.value} is claimed, and {why}: what was timed is not what was scored.",
                view.origin,
                help="drop it, or name the executor that it was measured on",
            )
            return
