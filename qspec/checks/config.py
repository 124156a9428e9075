"""Settings of a check from the command line over those of `qspec.toml` or `[tool.qspec]`."""

from __future__ import annotations

from pathlib import Path

from qspec.checks.settings import PROFILES, Settings
from qspec.errors import QSpecError
from qspec.lang.diagnostic import Severity


def settings_for(
    path: Path, *, profile: str | None = None, select: str = "", ignore: str = "", fail_on: str | None = None
) -> Settings:
    """The settings that hold for `path`; raises `QSpecError` for a profile that does not exist."""
    if profile is not None and profile not in PROFILES:
        raise QSpecError(f"There is no profile `{profile}`.", hint=f"profiles are {', '.join(PROFILES)}")
    failing = Severity.WARNING if fail_on is None else None if fail_on == "never" else Severity(fail_on)
    return Settings(profile or "default", _codes(select), _codes(ignore), {}, failing)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())
