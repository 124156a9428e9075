"""Many comparisons are reported, and nothing says that there were many.

What it finds
-------------
Somebody else's statement with ten or more reported comparisons (metrics, benchmarks or strata with both scores, or losses)
and no word on how their number was allowed for.

Why it matters
--------------
Of twenty comparisons at 95 % one is expected to look real when nothing changed at all. Which ones were picked out, and by
what rule, decides what the table means.

Example:
-------
    qspec 1
    claim brochure {
      source { vendor: "ACME" }
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        strata { subject: by subject }
      }
      reported {
        accuracy for subject == "a" { baseline: 64.1 %, quantized: 62.2 % }
        accuracy for subject == "b" { baseline: 64.2 %, quantized: 64.2 % }
        accuracy for subject == "c" { baseline: 64.3 %, quantized: 63.2 % }
        accuracy for subject == "d" { baseline: 64.4 %, quantized: 65.2 % }
        accuracy for subject == "e" { baseline: 64.5 %, quantized: 62.3 % }
        accuracy for subject == "f" { baseline: 64.6 %, quantized: 61.2 % }
        accuracy for subject == "g" { baseline: 64.7 %, quantized: 66.2 % }
        accuracy for subject == "h" { baseline: 64.8 %, quantized: 63.9 % }
        accuracy for subject == "i" { baseline: 64.9 %, quantized: 62.8 % }
        accuracy for subject == "j" { baseline: 65.0 %, quantized: 64.6 % }
      }
    }

Use instead
-----------
    qspec 1
    claim brochure {
      source { vendor: "ACME" }
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        strata { subject: by subject }
      }
      reported {
        accuracy for subject == "a" { baseline: 64.1 %, quantized: 62.2 % }
        accuracy for subject == "b" { baseline: 64.2 %, quantized: 64.2 % }
        as-printed: "exploratory, Benjamini-Hochberg over ten subjects"
      }
    }

References:
----------
S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979) 65–70.
Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995) 289–300.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import (
    percent,
)
from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, FigureView
from qspec.lang.diagnostic import Severity

_MANY = 10
_WORDS = re.compile(
    r"\b(holm|bonferroni|benjamini|multiple comparison|multiplicity|family-?wise|false discovery|fdr|explorat)",
    re.I,
)


@rule(
    "QS405", "multiplicity-unsaid", severity=Severity.NOTE, visits=Visit.CLAIM, axes=("sample_size", "strata")
)
def multiplicity_unsaid(claim: ClaimView) -> Iterator[Finding]:
    """A table of comparisons without a word on their number."""
    if claim.claim.source is None or claim.claim.reported is None:
        return
    count = sum(1 for view in claim.figures if _compares(view))
    if count >= _MANY and not any(_WORDS.search(text) for text, _ in prose(claim)):
        by_chance = percent(1 - Decimal("0.95") ** count, 0)
        yield Finding(
            f"{count} comparisons are reported: were none of them real, one at least would pass at 95 % with a chance of"
            f" up to {by_chance} %.",
            claim.origin.at("reported"),
            help="say how their number was allowed for (Holm, Benjamini–Hochberg), or call the table exploratory",
            at_key=True,
        )


def _compares(view: FigureView) -> bool:
    figure = view.figure
    both = figure.baseline is not None and figure.quantized is not None
    return view.measurand.kind.is_accuracy and (both or figure.loss is not None)
