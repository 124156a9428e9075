"""SARIF 2.1.0 (OASIS standard): findings with their rules, fixes and the reasons of those that are allowed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from qspec._version import __version__
from qspec.checks.output import registry
from qspec.checks.output._data import point
from qspec.checks.output._fingerprint import fingerprints
from qspec.checks.output._text import with_help
from qspec.checks.report import Report
from qspec.checks.rule import Rule
from qspec.checks.rules import registry as rules
from qspec.checks.settings import Settings
from qspec.checks.suppress import Suppression
from qspec.lang.diagnostic import Diagnostic, Fix
from qspec.lang.source import Source, Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "qspecFinding/v1"


@registry.register("sarif")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """One run over all documents; suppressed findings are in it, each with its justification."""
    found: list[tuple[Diagnostic, Suppression | None]] = []
    for report in reports:
        found += [(finding, None) for finding in report.findings]
        found += list(report.suppressed)
    used = [rules.get(code) for code in sorted({finding.code for finding, _ in found}) if code in rules]
    index = {rule.code: number for number, rule in enumerate(used)}
    named = dict(
        zip(map(id, (f for f, _ in found)), (n for _, n in fingerprints(f for f, _ in found)), strict=True)
    )
    run = {
        "tool": {
            "driver": {
                "name": "qspec",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, by, index, named[id(finding)]) for finding, by in found],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    sections = rule.sections
    paragraphs = (sections[heading] for heading in ("What it finds", "Why it matters"))
    full = " ".join(" ".join(text.split()) for text in paragraphs)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": full},
        "help": {"text": rule.documentation, "markdown": _markdown(rule)},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": list(rule.axes)},
    }


def _markdown(rule: Rule) -> str:
    return f"{rule.title}.\n\n" + "\n\n".join(f"## {h}\n\n{text}" for h, text in rule.sections.items())


def _result(finding: Diagnostic, by: Suppression | None, index: dict[str, int], name: str) -> dict[str, Any]:
    notes = "".join(f"\n{note}" for note in finding.notes)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity.value,
        "message": {"text": f"{with_help(finding)}{notes}"},
        "locations": [_location(finding.source, finding.span, finding.claim)],
        "partialFingerprints": {FINGERPRINT: name},
    }
    if finding.code in index:
        result["ruleIndex"] = index[finding.code]
    if finding.related:
        result["relatedLocations"] = [
            {**_location(r.source or finding.source, r.span), "message": {"text": r.message}}
            for r in finding.related
        ]
    if finding.fixes:
        result["fixes"] = [_fix(finding.source, fix) for fix in finding.fixes]
    if by is not None:
        result["suppressions"] = [_suppression(finding.source, by)]
    return result


def _suppression(source: Source, by: Suppression) -> dict[str, Any]:
    told = {"owner": by.owner, "until": by.until.isoformat() if by.until else None}
    return {
        "kind": "inSource",
        "status": "accepted",
        "justification": by.reason or "",
        "location": _location(source, by.span),
        "properties": {key: value for key, value in told.items() if value is not None},
    }


def _fix(source: Source, fix: Fix) -> dict[str, Any]:
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(source),
                "replacements": [
                    {"deletedRegion": _region(source, edit.span), "insertedContent": {"text": edit.text}}
                    for edit in fix.edits
                ],
            }
        ],
        "properties": {"safe": fix.safe},
    }


def _location(source: Source, span: Span, claim: str | None = None) -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(source), "region": _region(source, span)}
    }
    if claim is not None:
        place["logicalLocations"] = [{"name": claim, "kind": "object"}]
    return place


def _artifact(source: Source) -> dict[str, str]:
    path = PurePath(source.path)
    return {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}


def _region(source: Source, span: Span) -> dict[str, int]:
    start, end = point(source, span.start), point(source, span.end)
    return {
        "startLine": start["line"],
        "startColumn": start["column"],
        "endLine": end["line"],
        "endColumn": end["column"],
    }
