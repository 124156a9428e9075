"""One line a finding, as compilers print them, for people in a hurry and for editors."""

from __future__ import annotations

from collections.abc import Sequence

from qspec.checks.output import registry
from qspec.checks.output._text import Paint, allowed_line, visible
from qspec.checks.report import Report
from qspec.checks.settings import Settings


@registry.register("concise")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """`path:line:column: severity[code name]: message`, one a line, then what comments allow; nothing when there is nothing."""
    paint = Paint(colour)
    lines = [
        f"{visible(finding.source.path)}:{finding.line}:{finding.column}: "
        f"{paint(finding.severity.value, f'{finding.severity}[{finding.code} {finding.rule}]')}: "
        f"{visible(finding.message)}"
        for report in reports
        for finding in report.findings
    ]
    lines += [allowed_line(*pair) for report in reports for pair in report.suppressed]
    return "".join(f"{line}\n" for line in lines)
