"""The claim does not say which quantized model was scored.

What it finds
-------------
A claim whose quantized variant is neither a published artifact with a revision or digest, nor derived here from a
pinned base by a complete precision; or whose source does not say.

Why it matters
--------------
One recipe gives many models: calibration sample, quantizer version and export format all move the score. Without the
artifact, or everything that makes it, nobody can score the same model again.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        model { base: "resnet50" @ "IMAGENET1K_V2", quantized: unstated }
        metrics: [top1]
        baseline: fp32
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        model { base: "resnet50" @ "IMAGENET1K_V2", quantized: "acme/resnet50-int8" @ "77ab01c" }
        metrics: [top1]
        baseline: fp32
      }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `model` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule(
    "QS103",
    "quantized-model-missing",
    severity=Severity.WARNING,
    visits=Visit.CLAIM,
    axes=("model",),
    gap=True,
)
def quantized_model_missing(claim: ClaimView) -> Iterator[Finding]:
    """A loss of a quantized model that nobody can get hold of."""
    yield from gap(
        claim,
        "model",
        part="quantized",
        asks="which quantized model was scored, and how was it made?",
        template='model { base: "NAME" @ "REVISION", quantized: "NAME" @ "REVISION" }',
    )
