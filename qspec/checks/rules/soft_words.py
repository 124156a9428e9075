"""The claim says how small its loss is in a word and not in a number.

What it finds
-------------
A title or a quoted sentence with a word such as negligible, near-lossless, comparable, minimal or virtually, in a claim
that neither bounds a loss nor reports both scores.

Why it matters
--------------
"Negligible" has been printed beside losses of a tenth of a point and of five. What nothing could refute says nothing.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { as-printed: "quantized to four bits with negligible loss" }
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      title: "Four bits with negligible loss"
      loss(top1) <= 0.5 pp
    }

References:
----------
Published claims, pattern 1 and pattern 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks import words
from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind

_ACCURACY = (MeasurandKind.LOSS, MeasurandKind.METRIC, MeasurandKind.RECOVERED, MeasurandKind.DISTANCE)


@rule("QS201", "soft-words", severity=Severity.WARNING, visits=Visit.CLAIM)
def soft_words(claim: ClaimView) -> Iterator[Finding]:
    """A word where a bound should stand."""
    bounded = any(a.measurand.kind in _ACCURACY for a in claim.assertions)
    if bounded or any(f.figure.quantized is not None or f.figure.loss is not None for f in claim.figures):
        return
    for text, origin in prose(claim):
        every = words.soft_words().finditer(text)
        found = next(
            (m for m in every if m[0].lower() != "up to"), None
        )  # that is a best case, of another rule
        if found:
            yield Finding(
                f"`{found[0]}` bounds nothing.",
                origin,
                help="state a bound, for example `loss(top1) <= 0.5 pp`",
            )
