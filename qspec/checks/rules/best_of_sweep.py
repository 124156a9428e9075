"""The best of several configurations is reported, and nothing says on which data it was chosen.

What it finds
-------------
A title or a quoted sentence about the best setting, configuration, checkpoint, seed or run of several, without a word
on a validation split.

Why it matters
--------------
The best of twenty configurations on the test set is better than itself: half of its lead is luck. What was searched,
and on which split the winner was picked, belongs to the claim.

Example:
-------
    qspec 1
    claim brochure {
      title: "The best of 24 mixed 4/8-bit configurations loses 0.1 points"
      executor { task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: fp16 }
      loss(accuracy) <= 0.5 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      title: "The configuration chosen on the validation split loses 0.1 points"
      executor { task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: fp16 }
      loss(accuracy) <= 0.5 pp
    }

References:
----------
J. Dodge et al., Show your work: improved reporting of experimental results, EMNLP 2019.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity

_BEST = re.compile(
    r"\bbest (?:\w+[ -]){0,3}?(?:of|among|over|out of) (?:\w+[ /-]){0,4}?(?:\d+|several|many|all|configurations?|settings?|"
    r"checkpoints?|seeds?|runs?|trials?)|\bbest (?:performing |found )?(?:setting|configuration|checkpoint|seed|run|trial)\b",
    re.IGNORECASE,
)
_HELD_OUT = re.compile(
    r"\b(validation|held[- ]out|development|dev set|dev split|tuning split|calibration split)\b",
    re.IGNORECASE,
)


@rule("QS802", "best-of-sweep", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("test_set",))
def best_of_sweep(claim: ClaimView) -> Iterator[Finding]:
    """A winner chosen nobody says where."""
    for text, origin in prose(claim):
        match = _BEST.search(text)
        if match and not _HELD_OUT.search(text):
            yield Finding(
                f"“{match[0]}” was chosen among several, and on which data is not said.",
                origin,
                help="choose on another split than the one reported, and say so and how many were tried",
            )
            return
