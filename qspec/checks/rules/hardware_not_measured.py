"""A speed is claimed for hardware that nobody measured.

What it finds
-------------
A speed, energy or power for a named device beside evidence from an `emulator`, or from the `engine` on another
machine, without `device`.

Why it matters
--------------
An emulator reproduces the arithmetic of a device and not its clock. Engines choose other kernels on other machines.

Example:
-------
    qspec 1
    claim brochure {
      evidence: emulator
      executor { hardware { device: "Edge NPU 2" }, task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
      latency(p99) <= 5 ms
    }

Use instead
-----------
    qspec 1
    claim brochure {
      evidence: [emulator, device]
      executor { hardware { device: "Edge NPU 2" }, task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
      latency(p99) <= 5 ms
    }

References:
----------
Published claims, pattern 11.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.speed import SPEED, said
from qspec.checks.view import AssertionView, ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind

_KINDS = (*SPEED, MeasurandKind.ENERGY, MeasurandKind.POWER)


@rule(
    "QS808",
    "hardware-not-measured",
    severity=Severity.WARNING,
    visits=Visit.CLAIM,
    axes=("executor", "evidence"),
)
def hardware_not_measured(claim: ClaimView) -> Iterator[Finding]:
    """A verdict about a machine that was not there."""
    executor, evidence = claim.executor, claim.claim.evidence
    if (
        executor is None
        or executor.hardware is None
        or executor.hardware.local
        or not isinstance(evidence, list)
    ):
        return
    named = (
        executor.hardware.accelerator
        or executor.hardware.device
        or executor.hardware.cpu
        or executor.hardware.name
    )
    indirect = next((word for word in evidence if word in {"emulator", "engine"}), None)
    if named is None or indirect is None or "device" in evidence:
        return
    for view in said(claim, *_KINDS):
        expect = view.assertion.expect if isinstance(view, AssertionView) else None
        if expect in (None, "confirmed"):
            yield Finding(
                f"A {view.measurand.kind.value} is claimed for `{named}`, and the evidence is `{indirect}`: the device was"
                " not timed.",
                view.origin,
                help="measure it on the device, name the machine that was timed, or write `expect not-measured`",
            )
            return
