"""Somebody else's claim does not say how it was measured, or by whom.

What it finds
-------------
A claim with a source and no evidence, or whose source does not state it. A claim without a source is its author's own:
it is silent until it has been executed, and then its measured block is the evidence.

Why it matters
--------------
A number may come from the device, from a simulator, from a vendor's table, from an abstract, or may be a requirement
that nothing was measured for. Each deserves another degree of trust, and in print they look alike.

Example:
-------
    qspec 1
    claim brochure {
      source { vendor: "ACME" }
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      source { vendor: "ACME" }
      evidence: [device, vendor]
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `evidence` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS112", "evidence-missing", severity=Severity.NOTE, visits=Visit.CLAIM, axes=("evidence",), gap=True)
def evidence_missing(claim: ClaimView) -> Iterator[Finding]:
    """A number with no word on where it comes from."""
    if claim.claim.source is not None:
        yield from gap(claim, "evidence", asks="how was it measured, and by whom?")
