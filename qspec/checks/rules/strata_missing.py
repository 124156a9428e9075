"""The claim does not say where the loss concentrates.

What it finds
-------------
A claim whose evaluation is not decomposed, whose source gives no decomposition, or whose strata are named while none has
a figure or a bound.

Why it matters
--------------
Quantization does not harm all examples alike. A loss of half a point overall is compatible with the loss of everything
in a stratum that holds half a per cent of the examples; where the claim bounds a loss, the finding says what a tenth of the
examples may have lost behind that bound.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification
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
        task: image-classification
        metrics: [top1]
        baseline: fp32
        strata { class: by label }
      }
      loss(top1) <= 3 pp for each class
    }

References:
----------
The axis `strata` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.concealed import TENTH, stated_limit
from qspec.checks.gaps import gap
from qspec.checks.resolution import points
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.stats.static import hidden_loss_bound


@rule("QS107", "strata-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("strata",), gap=True)
def strata_missing(claim: ClaimView) -> Iterator[Finding]:
    """An aggregate with nothing under it."""
    asks = "where does the loss concentrate?"
    for said in claim.assertions:
        limit = stated_limit(said)
        if limit:
            most = points(hidden_loss_bound(TENTH, limit))
            asks += f" Behind `{said.assertion}`, a tenth of the examples may lose {most}"
            break
    yield from gap(claim, "strata", asks=asks, template="strata { class: by label }")
