"""Calibration rests on very few examples, or on more than there are.

What it finds
-------------
Fewer than 32 calibration examples (not sequences, batches or tokens) for a range of activations; or more than the named split
has rows.

Why it matters
--------------
The range of every layer is chosen from what these examples excite. A handful leaves out whole classes, and the loss then falls
on them. A number above the size of the split cannot be true.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "imagenette" @ "v2", method: entropy, size: 8 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "imagenette" @ "v2", method: entropy, size: 128 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
M. Nagel et al., A white paper on neural network quantization, arXiv:2106.08295 (2021), on range setting.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.overlap import piece, rows_in
from qspec.checks.resolution import whole_count
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.scheme import READING, reads_data, recipe_of
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.quantity import Quantity

_FEW = 32
_LARGER = {"batches", "batch", "sequences"}


@rule("QS506", "calibration-too-small", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("calibration",))
def calibration_too_small(claim: ClaimView) -> Iterator[Finding]:
    """A number of examples that cannot do."""
    executor, calibration = claim.executor, claim.calibration
    if executor is None or calibration is None or not isinstance(calibration.size, Quantity):
        return
    size, origin = whole_count(calibration.size), executor.where("calibration").at("size")
    if size is None or calibration.size.unit in _LARGER:
        return
    drawn = piece(claim.resolved, claim.calibration_data) if claim.calibration_data is not None else None
    rows = rows_in(drawn) if drawn is not None else None
    if rows is not None and size > rows:
        yield Finding(
            f"Calibration draws {calibration.size} examples, and `{drawn}` has {rows} rows.",
            origin,
            help=f"write a size of at most {rows}, or name a larger split",
        )
    elif size < _FEW and reads_data(executor.executor) and recipe_of(executor.executor) not in READING:
        yield Finding(
            f"The ranges of all activations rest on {calibration.size} examples.",
            origin,
            help=f"calibrate on {_FEW} or more, and on some of every class",
        )
