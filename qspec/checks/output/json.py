"""One JSON object for all documents: the contract of schemas/check.schema.json."""

from __future__ import annotations

import json
from collections.abc import Sequence

from qspec.checks.output import registry
from qspec.checks.output._data import VERSION, document_data, summary_data
from qspec.checks.report import Report
from qspec.checks.settings import Settings


@registry.register("json")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """Documents, their claims and findings, and a summary."""
    data = {
        "version": VERSION,
        "documents": [document_data(report) for report in reports],
        "summary": summary_data(reports),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
