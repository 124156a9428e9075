"""The precision contradicts itself, or the name of the quantized model.

What it finds
-------------
A shorthand and a field beside it that differ in width (`W4A16` with INT4 activations); a weight-only method with quantized
activations; a quantized model whose name says another scheme than the precision (`…-w8a8` beside FP8).

Why it matters
--------------
Cards are copied from other cards, and headers from other files. Which of the two schemes was scored decides what the
claim is about.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: bf16
        precision: W4A16 { activations: int4 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: bf16
        precision: W4A16
      }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.precisions import contradictions, expanded, name_contradictions
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.artifact import ModelFile
from qspec.model.expression import Pinned
from qspec.model.precision import Precision


@rule("QS318", "precision-contradicted", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("model",))
def precision_contradicted(claim: ClaimView) -> Iterator[Finding]:
    """Two schemes for one model."""
    executor = claim.executor
    declared = executor.executor.precision if executor is not None else None
    if executor is None or not isinstance(declared, Precision):
        return
    full = expanded(declared)
    if full is None:
        return
    for said in contradictions(declared, full):
        yield Finding(said, executor.where("precision"), help="keep the one that was scored")
    quantized = executor.model.quantized if executor.model is not None else None
    name = (
        quantized.name
        if isinstance(quantized, Pinned)
        else quantized.file
        if isinstance(quantized, ModelFile)
        else None
    )
    for said in name_contradictions(name or "", full):
        yield Finding(
            said, executor.where("precision"), help="name the model that was scored, or its precision"
        )
