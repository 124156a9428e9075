"""The key–value cache is said to be quantized, and the precision does not say so.

What it finds
-------------
A title or a quoted sentence about a quantized key–value cache beside a precision without `kv-cache`.

Why it matters
--------------
A quantized cache loses accuracy by itself, most at long contexts, and belongs to what was scored.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: bf16
        precision { weights: int8, activations: int8 }
      }
      title: "INT8 weights and FP8 KV cache"
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: bf16
        precision { weights: int8, activations: int8, kv-cache: fp8 }
      }
      title: "INT8 weights and FP8 KV cache"
      loss(top1) <= 1 pp
    }

References:
----------
Precision schemes in the language reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.precisions import expanded
from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity

_FORMAT = r"(?:(?:fp|int)[48]|[48]-bit|quanti[sz]ed)"
_CACHE = re.compile(
    rf"\b{_FORMAT}[\w -]{{0,16}}?\b(?:kv|key[- –]value)[ -]?cache|\b(?:kv|key[- –]value)[ -]?cache[\w -]{{0,24}}?\b{_FORMAT}\b",
    re.IGNORECASE,
)


@rule("QS320", "cache-precision-unsaid", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("model",))
def cache_precision_unsaid(claim: ClaimView) -> Iterator[Finding]:
    """A cache nobody declares."""
    precision = expanded(claim.executor.executor.precision) if claim.executor is not None else None
    if precision is None or precision.kv_cache is not None:
        return
    for text, origin in prose(claim):
        found = _CACHE.search(text)
        if found:
            yield Finding(
                f"`{found[0]}` is said, and the precision has no `kv-cache`.",
                origin,
                help="add `kv-cache: fp8`, or another format, to the precision",
            )
