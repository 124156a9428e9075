"""The README is true: its specs check as it says, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qspec.checks.runner import check_workspace
from qspec.cli import registry
from qspec.lang.load import load, load_source
from qspec.lang.source import Source

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
LINKS = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_to_files(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_vendor_claim_is_the_one_in_the_examples() -> None:
    shown = next(body for kind, body in BLOCKS if kind == "qspec" and "acme-brochure" in body)
    report = check_workspace(load_source(Source("README.md", shown), root=ROOT))
    assert [finding.code for finding in report.findings] == ["QS100", "QS220"]
    assert not report.claims[0].graded.decision_grade
    example = load(ROOT / "specs" / "examples" / "vendor.qspec")
    assert load_source(Source("README.md", shown), root=ROOT).main.document == example.main.document


def test_the_claim_shown_is_the_quickstarts() -> None:
    shown = next(body for kind, body in BLOCKS if kind == "qspec" and "under-one-point" in body)
    document = load_source(Source("README.md", f"qspec 1\n{shown}"), root=ROOT).main.document
    quickstart = load(ROOT / "specs" / "quickstart.qspec").main.document
    assert document.claims["under-one-point"].assertions == quickstart.claims["under-one-point"].assertions


def test_every_command_that_is_named_exists() -> None:
    prose = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    named = set(re.findall(r"`qspec ([a-z]+)", prose))
    assert len(named) > 5
    assert named <= set(registry.names())


def test_the_set_up_is_two_commands_of_one_line() -> None:
    commands = [body.strip().splitlines() for kind, body in BLOCKS if kind == "sh"]
    assert [len(lines) for lines in commands] == [1, 1]
    assert "qspec execute specs/quickstart.qspec" in commands[0][0]
    assert "-m pytest" in commands[1][0]
