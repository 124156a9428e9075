"""Checking a text as if it were a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from qspec.checks.runner import DocumentReport, check_workspace
from qspec.checks.settings import Settings
from qspec.lang.load import load_source
from qspec.lang.source import Source

Check = Callable[..., DocumentReport]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(text: str, *, profile: str = "default", path: str | None = None) -> DocumentReport:
        source = Source(path or str(tmp_path / "spec.qspec"), text)
        return check_workspace(load_source(source, root=tmp_path), Settings(profile=profile))

    return run


@pytest.fixture
def codes(check: Check) -> Callable[..., list[str]]:
    def run(text: str, **options: str) -> list[str]:
        return [finding.code for finding in check(text, **options).findings]

    return run
