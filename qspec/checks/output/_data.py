"""Reports as plain data: the published contract of `qspec check`, which every format for programs is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qspec.checks.report import ClaimReport, Report, count_by_severity
from qspec.checks.rule import URL
from qspec.checks.suppress import Suppression
from qspec.lang.diagnostic import Diagnostic, Fix
from qspec.lang.source import Source, Span

VERSION = 1
"""Version of the contract; raised when a field changes its meaning or goes."""


def point(source: Source, offset: int) -> dict[str, int]:
    """A place, line and column from one, the column in characters."""
    line, column = source.position(min(max(offset, 0), len(source.text)))
    return {"line": line, "column": column}


def location(source: Source, span: Span) -> dict[str, Any]:
    """Path, start and end; the end lies behind the last character."""
    return {"path": source.path, "start": point(source, span.start), "end": point(source, span.end)}


def finding_data(finding: Diagnostic) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "claim": finding.claim,
        "location": location(finding.source, finding.span),
        "notes": list(finding.notes),
        "related": [
            {"message": related.message, "location": location(related.source or finding.source, related.span)}
            for related in finding.related
        ],
        "fixes": [_fix(finding, fix) for fix in finding.fixes],
        "help": finding.help,
        "url": URL.format(code=finding.code),
    }


def _fix(finding: Diagnostic, fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "safety": "safe" if fix.safe else "unsafe",
        "edits": [{"location": location(finding.source, edit.span), "text": edit.text} for edit in fix.edits],
    }


def suppressed_data(finding: Diagnostic, by: Suppression) -> dict[str, Any]:
    """A finding that a comment allows, with what the comment says."""
    return {
        **finding_data(finding),
        "suppression": {
            "reason": by.reason,
            "until": by.until.isoformat() if by.until else None,
            "owner": by.owner,
            "location": location(finding.source, by.span),
        },
    }


def claim_data(claim: ClaimReport) -> dict[str, Any]:
    """Grade, axes and disclosure flags of a claim."""
    graded = claim.graded
    axes: dict[str, Any] = {}
    for name, axis in graded.axes.items():
        axes[name] = {"state": axis.state, "parts": dict(axis.parts), "why": axis.why}
    return {
        "name": claim.name,
        "grade": graded.grade,
        "decision_grade": graded.decision_grade,
        "interpretable": graded.interpretable,
        "stated": graded.stated,
        "axes": axes,
        "disclosed": claim.disclosed,
    }


def document_data(report: Report) -> dict[str, Any]:
    """One document with its claims, findings and suppressed findings."""
    return {
        "path": report.path,
        "claims": [claim_data(claim) for claim in report.claims],
        "findings": [finding_data(finding) for finding in report.findings],
        "suppressed": [suppressed_data(*pair) for pair in report.suppressed],
    }


def summary_data(reports: Sequence[Report]) -> dict[str, int]:
    """Counts over all documents."""
    counts = count_by_severity(finding for report in reports for finding in report.findings)
    return {
        "documents": len(reports),
        "claims": sum(len(report.claims) for report in reports),
        **counts,
        "suppressed": sum(len(report.suppressed) for report in reports),
    }
