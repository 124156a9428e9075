"""A number of the calibration is none that it can be.

What it finds
-------------
A `seed` that is no whole number of 0 or more, a `percentile` that is not in per cent or not from 0 to 100, a `size` that is no
whole number of at least 1.

Why it matters
--------------
Nobody can draw that sample, or cut those ranges; what was done is something else, and the claim does not say what.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "imagenette" @ "v2", method: percentile, percentile: 99.9 pp, size: 128, seed: -3 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "imagenette" @ "v2", method: percentile, percentile: 99.9 %, size: 128, seed: 3 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
`calibration` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.resolution import whole_seed
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.quantity import Quantity


@rule("QS509", "calibration-impossible", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("calibration",))
def calibration_impossible(claim: ClaimView) -> Iterator[Finding]:
    """Numbers that cannot be."""
    executor, calibration = claim.executor, claim.calibration
    if executor is None or calibration is None:
        return
    where, size, share = executor.where("calibration"), calibration.size, calibration.percentile
    if calibration.seed is not None and whole_seed(calibration.seed) is None:
        yield Finding(
            f"`seed: {calibration.seed}` is no seed of a calibration sample.",
            where.at("seed"),
            help="write a whole number of 0 or more",
        )
    if share is not None and (share.unit not in (None, "%") or not 0 <= share.value <= 100):
        yield Finding(
            f"`percentile: {share}` is no percentile.",
            where.at("percentile"),
            help="write a number from 0 to 100, as in `percentile: 99.9 %`",
        )
    if isinstance(size, Quantity) and (size.value < 1 or size.value != size.value.to_integral_value()):
        yield Finding(
            f"`size: {size}` is no number of calibration examples.",
            where.at("size"),
            help="write a whole number of at least 1",
        )
