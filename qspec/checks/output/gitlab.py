"""GitLab's code quality report: a JSON list of findings with fingerprints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from qspec.checks.output import registry
from qspec.checks.output._fingerprint import fingerprints
from qspec.checks.output._text import allowance
from qspec.checks.report import Report
from qspec.checks.settings import Settings
from qspec.checks.suppress import Suppression
from qspec.lang.diagnostic import Diagnostic

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


@registry.register("gitlab")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """The fields that GitLab requires: description, check name, fingerprint, severity and place.

    What a comment allows is in it with the reason, as information.
    """
    found = [finding for report in reports for finding in report.findings]
    allowed = {id(finding): by for report in reports for finding, by in report.suppressed}
    found += [finding for report in reports for finding, _ in report.suppressed]
    data = [
        {
            "description": _told(finding, allowed.get(id(finding))),
            "check_name": f"{finding.code} {finding.rule}",
            "fingerprint": _apart(finding.source.path, name),
            "severity": "info" if id(finding) in allowed else _SEVERITIES[finding.severity.value],
            "location": {"path": finding.source.path, "lines": {"begin": finding.line}},
        }
        for finding, name in fingerprints(found)
    ]
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _told(finding: Diagnostic, by: Suppression | None) -> str:
    """The message, and why it is allowed where a comment allows it."""
    return f"{finding.message} It is {allowance(by)}." if by is not None else finding.message


def _apart(path: str, name: str) -> str:
    """The name of a finding in this file: GitLab drops one of two findings whose fingerprints are the same."""
    return hashlib.sha256(f"{path}\0{name}".encode("utf-8", "replace")).hexdigest()
