"""The reported strata do not average to the reported whole.

What it finds
-------------
Scores of strata whose numbers of examples add up to the whole's, and whose average, weighted by examples or not, is not
the score of the whole; three rows or more whose mean is the printed whole of one model and not of the other, as where
a text swaps two averages; or three strata or more along one column, all of them above the whole or all below it.

Why it matters
--------------
A row is missing, pasted twice, or of another run, or the average is of other rows: an average says something of its rows
only when it is theirs.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 { baseline: 80.0 %, quantized: 79.0 %, n: 1000 }
        top1 for site == "a" { baseline: 90.0 %, quantized: 89.0 %, n: 500 }
        top1 for site == "b" { baseline: 60.0 %, quantized: 59.0 %, n: 500 }
      }
      loss(top1) <= 2 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 { baseline: 75.0 %, quantized: 74.0 %, n: 1000 }
        top1 for site == "a" { baseline: 90.0 %, quantized: 89.0 %, n: 500 }
        top1 for site == "b" { baseline: 60.0 %, quantized: 59.0 %, n: 500 }
      }
      loss(top1) <= 2 pp
    }

References:
----------
Published claims, pattern 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import Between, average, central, number, percent
from qspec.checks.rows import Rows, decompositions, score
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Related, Severity

_SIDES = ("baseline", "quantized")
_FEWEST = 3
"""Rows from which on their mean is no accident."""


@rule("QS305", "strata-not-averaging", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("strata",))
def strata_not_averaging(claim: ClaimView) -> Iterator[Finding]:
    """An average of other rows."""
    for rows in decompositions(claim):
        complete = _is_complete(rows)
        for key in _SIDES:
            whole = score(rows.whole, key)
            parts = [score(view, key) for view in rows.parts]
            known = [part for part in parts if part is not None]
            if whole is None or len(known) != len(parts):
                continue
            said = _contradiction(rows, whole, known, complete=complete)
            if said is not None:
                place = rows.whole.figure
                yield Finding(
                    f"The {key} score {central(getattr(place, key))} {said}.",
                    rows.whole.origin.at(key),
                    help="correct the row that was copied wrongly, or add the rows that are missing",
                    related=tuple(
                        Related(part.origin.span, "one of the rows", part.origin.loaded.source)
                        for part in rows.parts[:8]
                    ),
                )
                break  # the other column fails for the same reason


def _is_complete(rows: Rows) -> bool:
    """Whether nothing is missing from rows without numbers of examples: their mean is one of the two printed wholes.

    Which of the two does not count: a source that swaps its averages prints the right means of the wrong models.
    """
    wholes = [whole for key in _SIDES if (whole := score(rows.whole, key)) is not None]
    for key in _SIDES:
        parts = [part for view in rows.parts if (part := score(view, key)) is not None]
        if len(parts) == len(rows.parts) >= _FEWEST:
            mean = average(parts, [Decimal(1)] * len(parts))
            if any(whole.low <= mean.middle <= whole.high for whole in wholes):
                return True
    return False


def _contradiction(rows: Rows, whole: Between, parts: list[Between], *, complete: bool) -> str | None:
    """How the whole contradicts its parts, as a clause, or None when it may be their average."""
    if rows.weights is not None:
        micro, macro = average(parts, rows.weights), average(parts, [Decimal(1)] * len(parts))
        if whole.meets(micro) or whole.meets(macro):
            return None
        shown = (_shown(micro, rows), _shown(macro, rows))
        return f"is not the average of its {len(parts)} strata, which is {shown[0]} by examples and {shown[1]} by strata"
    if len(parts) < _FEWEST:
        return None
    if complete and not whole.meets(mean := average(parts, [Decimal(1)] * len(parts))):
        return f"is not the mean of its {len(parts)} rows, which is {_shown(mean, rows)}"
    if all(part.low > whole.high for part in parts):
        return f"lies below every one of its {len(parts)} strata"
    return (
        f"lies above every one of its {len(parts)} strata" if all(p.high < whole.low for p in parts) else None
    )


def _shown(value: Between, rows: Rows) -> str:
    return f"{percent(value.middle)} %" if rows.proportion else number(value.middle)
