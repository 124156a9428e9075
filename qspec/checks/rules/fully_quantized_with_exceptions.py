"""The claim says that everything is quantized, and layers are excluded.

What it finds
-------------
A title or a quoted sentence that calls the model fully INT8, full-integer or fully quantized, beside a precision with
excluded layers or with rules for some of them.

Why it matters
--------------
Layers that stay in floating point are often those that quantization would have harmed, and a device without floating
point cannot run them.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { weights: int8, activations: int8, exclude: ["/head/*"] }
      }
      title: "Fully INT8 at no cost"
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { weights: int8, activations: int8, exclude: ["/head/*"] }
      }
      title: "INT8, with the head in FP32"
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.precision import Precision

_FULLY = re.compile(
    r"\b(?:fully|full|entirely|purely|end-to-end|all)[ -](?:int(?:eger)?(?:[ -]?\d+)?|\d-bit|quanti[sz]ed)\b",
    re.IGNORECASE,
)


@rule(
    "QS319", "fully-quantized-with-exceptions", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("model",)
)
def fully_quantized_with_exceptions(claim: ClaimView) -> Iterator[Finding]:
    """Everything but."""
    precision = claim.executor.executor.precision if claim.executor is not None else None
    if not isinstance(precision, Precision) or not (precision.exclude or precision.layers):
        return
    kept = ", ".join(f"`{pattern}`" for pattern in (*precision.exclude, *precision.layers))
    for text, origin in prose(claim):
        found = _FULLY.search(text)
        if found:
            yield Finding(
                f"`{found[0]}` is contradicted by the precision, which treats {kept} otherwise.",
                origin,
                help="say which layers are not quantized",
            )
