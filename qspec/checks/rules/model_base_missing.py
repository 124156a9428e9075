"""The claim does not say which base model was quantized.

What it finds
-------------
A claim whose executor names no base model, whose source does not state one, or whose base model has neither a version,
a revision nor a digest.

Why it matters
--------------
"ResNet-50" is several sets of weights whose accuracies differ by more than most claimed losses, and a model of a
family is not the family.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        model: unstated
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
        model { base: "resnet50" @ "IMAGENET1K_V2" }
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


@rule("QS102", "model-base-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("model",), gap=True)
def model_base_missing(claim: ClaimView) -> Iterator[Finding]:
    """A loss of no model that can be told from its relatives."""
    yield from gap(
        claim,
        "model",
        part="base",
        asks="which base model, in which version?",
        template='model { base: "NAME" @ "REVISION" }',
    )
