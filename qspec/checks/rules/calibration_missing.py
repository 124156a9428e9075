"""The claim does not say on which data the scales were chosen.

What it finds
-------------
A claim whose executor has no calibration, whose source does not state it, or whose calibration lacks data, procedure or
number of samples. `not-applicable` with its reason counts as stated where the method reads no data.

Why it matters
--------------
The same scheme calibrated on other data, by another procedure or on fewer samples is another model; and calibration on
the data that are scored afterwards makes the loss look smaller than it is.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification
        metrics: [top1]
        baseline: fp32
        calibration: unstated
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
        calibration { data: "imagenet-calibration" @ "1.0", method: entropy, size: 512 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `calibration` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule(
    "QS106",
    "calibration-missing",
    severity=Severity.WARNING,
    visits=Visit.CLAIM,
    axes=("calibration",),
    gap=True,
)
def calibration_missing(claim: ClaimView) -> Iterator[Finding]:
    """Scales from nowhere."""
    yield from gap(
        claim,
        "calibration",
        asks="which data, which procedure, how many samples?",
        template="calibration { data: NAME.train, method: minmax, size: 128 }",
    )
