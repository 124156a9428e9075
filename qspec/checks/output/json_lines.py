"""One JSON object a line: every finding by itself, for tools that read as they go."""

from __future__ import annotations

import json
from collections.abc import Sequence

from qspec.checks.output import registry
from qspec.checks.output._data import finding_data, suppressed_data
from qspec.checks.report import Report
from qspec.checks.settings import Settings


@registry.register("json-lines")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """Each finding as in the `json` format, with the document it was found in; one that is allowed has a `suppression`."""
    return "".join(
        json.dumps({"document": report.path, **data}, ensure_ascii=False) + "\n"
        for report in reports
        for data in (
            *(finding_data(finding) for finding in report.findings),
            *(suppressed_data(*pair) for pair in report.suppressed),
        )
    )
