"""The published claims as transcribed, beside the facts that were written down about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qspec.checks.report import ClaimReport
from qspec.checks.runner import DocumentReport, check_workspace
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.load import load
from qspec.model.claim import Claim

HERE = Path(__file__).resolve().parent
FACTS = [json.loads(line) for line in (HERE / "published-facts.jsonl").read_text("utf-8").splitlines()]


@dataclass(frozen=True)
class Transcribed:
    """One claim: what the spec says, its text, what the checker says, and the facts."""

    claim: Claim
    text: str
    report: ClaimReport
    findings: list[Diagnostic]
    record: dict[str, Any]


@pytest.fixture(scope="session")
def records() -> dict[str, dict[str, Any]]:
    """What was written down about each claim, by id."""
    return {record["id"]: record for record in FACTS}


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of transcriptions."""
    return HERE.parents[1] / "specs" / "published"


@pytest.fixture(scope="session")
def reports(published: Path) -> list[DocumentReport]:
    """Every transcription, checked."""
    return [check_workspace(load(path)) for path in sorted(published.glob("*.qspec"))]


@pytest.fixture(scope="session")
def transcribed(reports, records) -> dict[str, Transcribed]:
    """Every claim that both a spec and a record have, by id."""
    found = {}
    for report in reports:
        document, text = report.workspace.main.document, report.workspace.main.source.text
        starts = [text.index(f"\nclaim {name} ") + 1 for name in document.claims]
        for start, end, checked in zip(starts, [*starts[1:], len(text)], report.claims, strict=True):
            if checked.name in records:
                findings = [f for f in report.findings if start <= f.span.start < end]
                claim, record = document.claims[checked.name], records[checked.name]
                found[checked.name] = Transcribed(claim, text[start:end], checked, findings, record)
    return found


@pytest.fixture(params=[record["id"] for record in FACTS])
def one(request, transcribed) -> Transcribed:
    """Each claim in turn."""
    return transcribed[request.param]
