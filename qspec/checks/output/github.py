"""Workflow commands of GitHub Actions, which turn findings into annotations of a change."""

from __future__ import annotations

from collections.abc import Sequence

from qspec.checks.output import registry
from qspec.checks.output._data import point
from qspec.checks.output._text import allowance, visible, with_help
from qspec.checks.report import Report
from qspec.checks.settings import Settings
from qspec.lang.diagnostic import Diagnostic

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


@registry.register("github")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """`::level file=…,line=…,…::message`, one a finding; what a comment allows is a notice that says why."""
    return "".join(
        f"{command}\n"
        for report in reports
        for command in (
            *(_command(one, _LEVELS[one.severity.value], with_help(one)) for one in report.findings),
            *(
                _command(one, "notice", f"{one.message} It is {allowance(by)}.")
                for one, by in report.suppressed
            ),
        )
    )


def _command(finding: Diagnostic, level: str, text: str) -> str:
    start, end = (point(finding.source, offset) for offset in finding.span)
    properties: dict[str, object] = {
        "file": finding.source.path,
        "line": start["line"],
        "endLine": end["line"],
    }
    if start["line"] == end["line"]:  # columns over several lines are refused
        properties |= {"col": start["column"], "endColumn": end["column"]}
    properties["title"] = f"{finding.code} {finding.rule}"
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{level} {told}::{_data(text)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
