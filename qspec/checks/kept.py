"""A report as plain data and back, so that it can be kept in a file or sent to another process."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from qspec.checks.axis import Axis
from qspec.checks.grade import Graded
from qspec.checks.report import ClaimReport, Report
from qspec.checks.suppress import Suppression
from qspec.lang.diagnostic import Diagnostic, Edit, Fix, Related, Severity
from qspec.lang.source import Source, Span

Plain = dict[str, Any]


def to_plain(report: Report, sources: Sequence[Source]) -> Plain:
    """The report without the texts: places are told by a number in `sources`, which must hold every source."""
    number = {id(source): place for place, source in enumerate(sources)}

    def finding(found: Diagnostic) -> list[Any]:
        related = [
            [*one.span, one.message, None if one.source is None else number[id(one.source)]]
            for one in found.related
        ]
        fixes = [
            [fix.title, [[*edit.span, edit.text] for edit in fix.edits], fix.safe] for fix in found.fixes
        ]
        return [
            found.code, found.rule, found.severity.value, found.message, *found.span, number[id(found.source)],
            found.claim, found.help, found.notes, related, fixes,
        ]  # fmt: skip

    return {
        "path": report.path,
        "broken": report.has_syntax_errors,
        "claims": [_claim(claim) for claim in report.claims],
        "findings": [finding(one) for one in report.findings],
        "suppressed": [[finding(one), _suppression(by)] for one, by in report.suppressed],
    }


def from_plain(data: Plain, sources: Sequence[Source]) -> Report:
    """The report again; raises `KeyError`, `IndexError`, `TypeError` or `ValueError` for data of another shape."""

    def finding(told: list[Any]) -> Diagnostic:
        code, rule, severity, message, start, end, source, claim, help_, notes, related, fixes = told
        return Diagnostic(
            code,
            rule,
            Severity(severity),
            message,
            Span(start, end),
            sources[source],
            claim,
            help_,
            tuple(notes),
            tuple(Related(Span(a, b), says, None if s is None else sources[s]) for a, b, says, s in related),
            tuple(Fix(title, tuple(Edit(Span(a, b), t) for a, b, t in edits), safe) for title, edits, safe in fixes),
        )  # fmt: skip

    return Report(
        data["path"],
        [_claim_again(*claim) for claim in data["claims"]],
        [finding(one) for one in data["findings"]],
        [(finding(one), _suppression_again(*by)) for one, by in data["suppressed"]],
        data["broken"],
    )


def _claim(claim: ClaimReport) -> list[Any]:
    graded = claim.graded
    axes = {name: [axis.state, axis.parts, axis.why] for name, axis in graded.axes.items()}
    return [claim.name, axes, graded.decision_grade, graded.interpretable, claim.disclosed]


def _claim_again(
    name: str,
    axes: dict[str, list[Any]],
    decision_grade: bool,
    interpretable: bool,
    disclosed: dict[str, bool],
) -> ClaimReport:
    stated = {axis: Axis(state, parts, why) for axis, (state, parts, why) in axes.items()}
    return ClaimReport(name, Graded(stated, decision_grade, interpretable), disclosed)


def _suppression(by: Suppression) -> list[Any]:
    until = by.until.isoformat() if by.until else None
    return [by.codes, by.span, by.covers, by.reason, until, by.owner]


def _suppression_again(
    codes: list[str],
    span: list[int],
    covers: list[int],
    reason: str | None,
    until: str | None,
    owner: str | None,
) -> Suppression:
    end = datetime.date.fromisoformat(until) if until else None
    return Suppression(tuple(codes), Span(*span), Span(*covers), reason, end, owner)
