"""The baseline is at the quantized model's own precision, or quantized itself.

What it finds
-------------
A baseline whose number formats are the quantized model's: an error. A baseline of eight bits or fewer: a warning, since a
loss relative to it is not the loss of quantization.

Why it matters
--------------
A model compared with itself loses nothing. A variant compared with another quantized format shows only the difference of
the two, and both may have lost a great deal.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: int8
        precision { weights: int8, activations: int8 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { weights: int8, activations: int8 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 10.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.precisions import expanded, formats
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.executor import Baseline
from qspec.model.precision import Precision


@rule("QS315", "baseline-not-higher", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("baseline",))
def baseline_not_higher(claim: ClaimView) -> Iterator[Finding]:
    """Compared with itself."""
    executor = claim.executor
    declared = executor.executor.baseline if executor is not None else None
    if executor is None or not isinstance(declared, Baseline) or declared.kind != "precision":
        return
    base = expanded(Precision(shorthand=declared.name))
    own = expanded(executor.executor.precision)
    if base is None:
        return
    first = formats(base)
    if own is not None and own.pruning is None and first and first == formats(own):
        yield Finding(
            f"The baseline is {declared.name}, and so is the quantized model.",
            executor.where("baseline"),
            help="name the precision the model was quantized from, for example `baseline: fp32`",
        )
    elif first and first[0] is not None and first[0].bits <= 8:
        yield Finding(
            f"The baseline is {declared.name}, which is quantized itself.",
            executor.where("baseline"),
            help="add the loss relative to the model both were quantized from",
            severity=Severity.WARNING,
        )
