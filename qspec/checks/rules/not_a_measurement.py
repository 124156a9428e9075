"""What is presented as measured is a requirement, a tuner's criterion, or somebody else's figure.

What it finds
-------------
Evidence that is a `requirement` or a `tuning-criterion` beside reported scores or beside evidence of measuring; in
the author's own claim, evidence from the `literature` beside evidence of measuring; or a quoted sentence about a
tolerance or criterion where evidence is not stated.

Why it matters
--------------
"Within 1 %" may be what a tuner was told to stop at, what a customer asked for, or what a paper found for another
model. None of them says what this model lost.

Example:
-------
    qspec 1
    claim brochure {
      evidence: [tuning-criterion, device]
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      evidence: tuning-criterion
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `evidence` in the language reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity

_MEASURING = {"device", "engine", "simulated", "emulator"}
_DEMANDED = {"requirement": "is demanded", "tuning-criterion": "is where a tuner stops"}
_SENTENCE = re.compile(
    r"\b(?:accuracy|quality)[ -](?:criteri(?:on|a)|target|goal|tolerance)\b|\bmax(?:imum|imal)? "
    r"(?:tolerated|allowed|accepted|acceptable) (?:\w+ )?(?:loss|drop|degradation)\b"
    r"|\btun(?:ed|ing) until\b|\btolera(?:ble|ted) (?:\w+ )?(?:loss|drop)\b",
    re.IGNORECASE,
)


@rule("QS806", "not-a-measurement", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("evidence",))
def not_a_measurement(claim: ClaimView) -> Iterator[Finding]:
    """A wish in the clothes of a result."""
    evidence = claim.claim.evidence
    words = list(evidence) if isinstance(evidence, list) else []
    measuring = sorted(set(words) & _MEASURING)
    scored = any(view.figure.quantized is not None or view.figure.value is not None for view in claim.figures)
    for word in words:
        if word in _DEMANDED and (measuring or scored):
            beside = f"the evidence is `{measuring[0]}` too" if measuring else "scores are reported beside it"
            yield _finding(claim, f"The evidence is a `{word}`: the figure {_DEMANDED[word]}, and {beside}.")
        elif word == "literature" and measuring and claim.claim.source is None:
            yield _finding(
                claim,
                f"The evidence is `literature` and `{measuring[0]}`: which figures were measured here is not said.",
            )
    if evidence is None and not claim.claim.measured:
        for text, origin in prose(claim):
            match = _SENTENCE.search(text)
            if match:
                yield Finding(
                    f"“{match[0]}” is what was asked for, and nothing says what was measured.",
                    origin,
                    help="write `evidence: requirement` or `evidence: tuning-criterion`, or name how it was measured",
                )
                return


def _finding(claim: ClaimView, message: str) -> Finding:
    return Finding(
        message,
        claim.origin.at("evidence"),
        help="make two claims of it, what was asked for and what was measured, each with its own evidence",
    )
