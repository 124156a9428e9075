"""The settings that hold for a document, in lines that a configuration file would take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from qspec.checks.config import find_config
from qspec.checks.settings import Settings


def settings_lines(path: Path, settings: Settings) -> Iterator[str]:
    """The document, where its configuration lies, and every setting."""
    found = find_config(path)
    yield f"# {path}: {f'configured by {found}' if found is not None else 'no configuration above it'}"
    yield f"profile = {json.dumps(settings.profile)}"
    yield f"select = {json.dumps(list(settings.select) or ['ALL'])}"
    yield f"ignore = {json.dumps(list(settings.ignore))}"
    yield f"fail-on = {json.dumps(settings.fail_on.value if settings.fail_on is not None else 'never')}"
    for code, severity in settings.severity.items():
        yield f"severity.{code} = {json.dumps(severity.value)}"
