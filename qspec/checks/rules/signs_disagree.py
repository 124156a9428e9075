"""The whole moves one way and every stratum reported moves the other.

What it finds
-------------
A reported whole that gains while two strata or more, all that are reported along one column, lose; or the reverse.

Why it matters
--------------
The same examples cannot do both. Strata are missing from the report, or the whole is of another run.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 { baseline: 75.0 %, quantized: 75.4 % }
        top1 for site == "a" { baseline: 90.0 %, quantized: 89.0 % }
        top1 for site == "b" { baseline: 60.0 %, quantized: 59.0 % }
      }
      loss(top1) <= 2 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 { baseline: 75.0 %, quantized: 74.0 % }
        top1 for site == "a" { baseline: 90.0 %, quantized: 89.0 % }
        top1 for site == "b" { baseline: 60.0 %, quantized: 59.0 % }
      }
      loss(top1) <= 2 pp
    }

References:
----------
Published claims, pattern 5.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import Between, pair_of
from qspec.checks.rows import decompositions
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS306", "signs-disagree", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("strata",))
def signs_disagree(claim: ClaimView) -> Iterator[Finding]:
    """A whole unlike all its parts."""
    for rows in decompositions(claim):
        whole = pair_of(rows.whole)
        parts = [pair_of(view) for view in rows.parts]
        if whole is None or len(parts) < 2:
            continue
        sign = _sign(whole.loss)
        signs = {_sign(part.loss) if part is not None else 0 for part in parts}
        if sign and signs == {-sign}:
            moves, others = ("loses", "gains") if sign > 0 else ("gains", "loses")
            yield Finding(
                f"The whole {moves} from {whole.texts[0]} to {whole.texts[1]}, and every one of its {len(parts)} strata "
                f"reported {others}.",
                rows.whole.origin,
                help="report the strata that are missing, or correct the whole",
            )


def _sign(loss: Between) -> int:
    """One for a loss beyond rounding, minus one for a gain, nought where rounding leaves it open."""
    return 1 if loss.low > 0 else -1 if loss.high < 0 else 0
