"""Findings counted by rule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qspec.checks.field import field_page
from qspec.checks.rules import registry

if TYPE_CHECKING:
    from qspec.checks.report import Report


def statistics(reports: Sequence[Report], output_format: str) -> str:
    """How often each rule found something, the most frequent first; as data where the format is one of data.

    As Markdown, the page of what the claims of a collection state, axis by axis.
    """
    if output_format == "markdown":
        return field_page(reports)
    findings = [finding for report in reports for finding in report.findings]
    counts = Counter(finding.code for finding in findings)
    fixes = Counter(finding.code for finding in findings if any(fix.safe for fix in finding.fixes))
    names = {finding.code: finding.rule for finding in findings}
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if output_format.startswith("json"):
        rows = [
            {"code": code, "rule": names[code], "count": count, "fixable": fixes[code]}
            for code, count in ordered
        ]
        return json.dumps({"rules": rows, "documents": len(reports)}, indent=2) + "\n"
    lines = []
    for code, count in ordered:
        title = registry.get(code).title if code in registry else ""
        fixable = f" [{fixes[code]} fixable]" if fixes[code] else ""
        lines.append(f"{count:>6,}  {code}  {names[code]}: {title}{fixable}\n")
    return "".join(lines)
