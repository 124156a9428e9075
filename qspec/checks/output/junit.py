"""JUnit's XML: a suite a document, a case a finding, for dashboards of test results."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from qspec.checks.output import registry
from qspec.checks.output._text import allowance, visible
from qspec.checks.report import Report
from qspec.checks.settings import Settings
from qspec.checks.suppress import Suppression
from qspec.lang.diagnostic import Diagnostic, Severity


@registry.register("junit")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """Findings at or above the severity that fails a check are failures; a document without one has a passing case."""
    suites = [_suite(report, settings.fail_on or Severity.ERROR) for report in reports]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="qspec">\n'
        + "".join(suites)
        + "</testsuites>\n"
    )


def _suite(report: Report, failing: Severity) -> str:
    cases = [_case(finding, failing) for finding in report.findings]
    cases += [_skipped(*pair) for pair in report.suppressed]
    cases = cases or [
        f"    <testcase name={_attribute('no findings')} classname={_attribute(report.path)}/>\n"
    ]
    failures = sum(finding.severity.order >= failing.order for finding in report.findings)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{len(report.suppressed)}"'
    head = f"  <testsuite name={_attribute(report.path)} {counts}>\n"
    return head + "".join(cases) + "  </testsuite>\n"


def _skipped(finding: Diagnostic, by: Suppression) -> str:
    """A case that a comment takes out, with its reason."""
    name = f"{finding.code} {finding.rule} at {finding.line}:{finding.column}"
    return (
        f"    <testcase name={_attribute(name)} classname={_attribute(finding.source.path)}>\n"
        f"      <skipped message={_attribute(f'{finding.message} It is {allowance(by)}.')}/>\n    </testcase>\n"
    )


def _case(finding: Diagnostic, failing: Severity) -> str:
    name = f"{finding.code} {finding.rule} at {finding.line}:{finding.column}"
    text = finding.message + (f"\nhelp: {finding.help}" if finding.help else "")
    body = "\n".join(
        escape(visible(line)) for line in (f"{finding.source.place(finding.span.start)}: {text}").split("\n")
    )
    tag = "failure" if finding.severity.order >= failing.order else "system-out"
    told = (
        f" message={_attribute(finding.message)} type={_attribute(finding.severity.value)}"
        if tag == "failure"
        else ""
    )
    return (
        f"    <testcase name={_attribute(name)} classname={_attribute(finding.source.path)}>\n"
        f"      <{tag}{told}>{body}</{tag}>\n    </testcase>\n"
    )


def _attribute(text: str) -> str:
    return quoteattr(visible(text))
