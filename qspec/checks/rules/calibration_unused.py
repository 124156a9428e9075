"""Calibration data are given for a method that reads none.

What it finds
-------------
A `calibration` block beside dynamic quantization, a cast, or a weight-only recipe such as round-to-nearest, which
read no examples.

Why it matters
--------------
Either the method is not the one that was used, or the data were not. The reader cannot tell what was run.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-dynamic, weights: int8, activations: uint8 }
        calibration { data: "imagenette" @ "v2", method: entropy, size: 128 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-dynamic, weights: int8, activations: uint8 }
        calibration: not-applicable "activation scales are computed for every input"
      }
      loss(top1) <= 1 pp
    }

References:
----------
Precision schemes, in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.precisions import expanded
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.scheme import reads_data
from qspec.checks.view import ClaimView, stated
from qspec.lang.diagnostic import Severity
from qspec.model.evaluation import Calibration


@rule("QS504", "calibration-unused", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("calibration",))
def calibration_unused(claim: ClaimView) -> Iterator[Finding]:
    """Data that nothing reads."""
    executor = claim.executor
    if executor is None or not isinstance(executor.executor.calibration, Calibration):
        return
    if not stated(executor.executor.calibration.data) or reads_data(executor.executor) is not False:
        return
    precision = expanded(executor.executor.precision)
    if precision is None:
        return
    name = " ".join(str(part) for part in (precision.method, precision.recipe) if part is not None)
    yield Finding(
        f"`{name}` reads no examples, and calibration data are given.",
        executor.where("calibration"),
        help='write `calibration: not-applicable "why"`, or name the method or recipe that read them',
    )
