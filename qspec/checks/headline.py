"""One finding that names every gap of a claim, in place of one for each."""

from __future__ import annotations

from collections.abc import Callable

from qspec.checks.grade import grade
from qspec.checks.rule import Finding, Rule
from qspec.checks.rules import registry
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Diagnostic, Fix, Related, Severity

CODE = "QS100"
_WORDS = {"missing": "missing", "unstated": "unstated in the source", "vague": "vague"}


def headline(
    claim: ClaimView, gaps: list[tuple[Rule, Finding]], severity_of: Callable[[Rule, Severity, str], Severity]
) -> list[Diagnostic]:
    """The finding for the gaps that rules found in a claim; none when there are none."""
    if not gaps:
        return []
    graded = grade(claim.axes)
    rule = registry.get(CODE)
    groups: list[str] = []
    for state, words in _WORDS.items():
        names = [
            _name(claim, axis) for found, _ in gaps for axis in found.axes if claim.axes[axis].state == state
        ]
        if names:
            groups.append(f"{words}: {', '.join(dict.fromkeys(names))}")
    verdict = {
        "decision-grade": "is decision-grade, and leaves something to the reader",
        "interpretable": "is interpretable and not decision-grade",
        "partial": "is not decision-grade",
    }[graded.grade]
    severity = max(
        (severity_of(found, finding.severity or found.severity, claim.profile) for found, finding in gaps),
        key=lambda s: s.order,
    )
    related: list[Related] = []
    fixes: list[Fix] = []
    for _, finding in gaps:
        related += [
            Related(finding.origin.span, finding.message, finding.origin.loaded.source),
            *finding.related,
        ]
        fixes += finding.fixes
    return [
        Diagnostic(
            CODE,
            rule.name,
            severity,
            f"Claim `{claim.name}` {verdict}; {'; '.join(groups)}.",
            claim.origin.key,
            claim.origin.loaded.source,
            claim.name,
            "state each, or say `unstated` where the source was read and does not; `qspec explain AXIS` tells what counts",
            tuple(finding.message for _, finding in gaps),
            tuple(related),
            tuple(fixes),
        )
    ]


def _name(claim: ClaimView, axis: str) -> str:
    """The axis with those of its parts that are as bad as the whole, when some are better."""
    found = claim.axes[axis]
    bad = [part for part, state in found.parts.items() if state == found.state]
    if found.parts and len(bad) < len(found.parts):
        return f"{axis} ({', '.join(bad)})"
    return axis
