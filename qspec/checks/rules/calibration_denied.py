"""Calibration is said not to apply to a method that reads data.

What it finds
-------------
`calibration: not-applicable` on static quantization, or on a recipe that reads examples after training, such as GPTQ, AWQ,
SmoothQuant or AdaRound.

Why it matters
--------------
The scales of static quantization come from examples, even where a tool calls itself data-free and draws the samples by
itself. Which samples they were is part of the result.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration: not-applicable "the tool needs no data"
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
The three ways of saying nothing, in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.scheme import READING, not_applicable, reads_data, recipe_of
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS503", "calibration-denied", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("calibration",))
def calibration_denied(claim: ClaimView) -> Iterator[Finding]:
    """Data that must have been read."""
    executor = claim.executor
    if (
        executor is None
        or not_applicable(executor.executor.calibration) is None
        or not reads_data(executor.executor)
    ):
        return
    recipe = recipe_of(executor.executor)
    method = f"`{recipe}`" if recipe in READING else "Static quantization"
    yield Finding(
        f"{method} chooses its parameters from examples, and calibration is said not to apply.",
        executor.where("calibration"),
        help="name the data, the procedure and their number; write `unstated` where the source does not say"
        " (samples that a data-free mode generates are data too)",
    )
