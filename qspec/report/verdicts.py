"""Every assertion of a claim with what execution says of it, and why where the figures alone do not tell."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.checks.view import AssertionView, ClaimView
from qspec.model.measured import Measured, Verdict
from qspec.model.unit import Dimension
from qspec.report import figures
from qspec.report.measure import decided_on
from qspec.report.outcome import NOT_EXECUTED, Outcome, method_title, outcome_of

_OPEN = "inconclusive"


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One assertion and what execution says of it."""

    assertion: str
    outcome: Outcome
    expected: str
    as_expected: bool
    interval: str = "\u2013"
    method: str = "\u2013"
    needs: str = "\u2013"
    because: str = ""


def unjudged(claim: ClaimView) -> list[VerdictRow]:
    """The assertions of a claim that no machine has run."""
    return [
        VerdictRow(str(view.assertion), NOT_EXECUTED, _expected(view, None), as_expected=False)
        for view in claim.assertions
    ]


def verdict_rows(claim: ClaimView, block: Measured) -> list[VerdictRow]:
    """Assertions in the order of the claim, then verdicts on assertions that it no longer makes."""
    seen = {str(view.assertion): view for view in claim.assertions}
    rows = [_row(view, block, label) for label, view in seen.items()]
    return rows + [_row(None, block, label) for label in block.verdicts if label not in seen]


def _row(view: AssertionView | None, block: Measured, label: str) -> VerdictRow:
    verdict = block.verdicts.get(label)
    expected = _expected(view, verdict)
    if verdict is None:
        return VerdictRow(label, NOT_EXECUTED, expected, as_expected=False)
    reasons = [verdict.because, None if view else "The claim no longer makes this assertion."]
    if view is not None and verdict.outcome == _OPEN and _is_beyond(view, verdict):
        reasons.append(_only_seemingly(view))
    return VerdictRow(
        assertion=label,
        outcome=outcome_of(verdict.outcome),
        expected=expected,
        as_expected=verdict.outcome == expected,
        interval=_interval(view, verdict, block),
        method=method_title(verdict.method),
        needs=figures.count(verdict.needs if verdict.outcome == _OPEN else None),
        because=". ".join(reason for reason in reasons if reason),
    )


def _expected(view: AssertionView | None, verdict: Verdict | None) -> str:
    said = verdict.expected if verdict is not None else None
    return said or (view.assertion.expect if view is not None else None) or "confirmed"


def _interval(view: AssertionView | None, verdict: Verdict, block: Measured) -> str:
    """The interval that decided in the unit of the bound, or the figure itself where it is exact."""
    if verdict.interval is None:
        return _exact(view, block) if view is not None and verdict.method == "exact" else "\u2013"
    ends = figures.ends(verdict.interval)
    if ends is None:
        return figures.printed(verdict.interval)
    scale = figures.plain(ends)
    if view is not None:
        scale = decided_on(view, verdict.interval.low, verdict.interval.high)
    return scale.show(ends[0]) if ends[0] == ends[1] else scale.between(*ends)


def _exact(view: AssertionView, block: Measured) -> str:
    assertion = view.assertion
    same = (one for one in block.results if one.quantity == assertion.quantity and one.on == assertion.on)
    result = next(same, None)
    relative = assertion.bounds[0].quantity.dimension is Dimension.TIMES_BASELINE
    value = None if result is None else result.ratio if relative else result.quantized
    return "\u2013" if value is None else decided_on(view, value, value).show(figures.base(value))


def _is_beyond(view: AssertionView, verdict: Verdict) -> bool:
    """Whether the interval lies wholly on the wrong side of the bound."""
    ends, bound = figures.ends(verdict.interval), view.assertion.bounds[-1]
    limit = figures.base(bound.quantity)
    if ends is None or limit is None or view.assertion.absolute:
        return False
    return ends[0] > limit if bound.is_upper else ends[1] < limit


def _only_seemingly(view: AssertionView) -> str:
    """Why an interval beyond its bound refutes nothing yet: a false refutation must be as rare as a false confirmation."""
    if view.assertion.for_each is not None:
        return "The interval lies beyond the bound, but a refutation is corrected for the number of strata"
    return "The interval lies beyond the bound, but the wider one that a refutation needs does not"
