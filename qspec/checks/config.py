"""Settings of a check: those of `qspec.toml` or `[tool.qspec]` nearest above a file, under those of the command line."""

from __future__ import annotations

import fnmatch
from pathlib import Path

from qspec.checks.config_file import (
    Config,
    has_table,
    known_codes,
    known_fail_on,
    known_profile,
    read_config,
)
from qspec.checks.settings import Settings
from qspec.lang.diagnostic import Severity

FILE_NAMES = ("qspec.toml", "pyproject.toml")


def settings_for(
    path: Path, *, profile: str | None = None, select: str = "", ignore: str = "", fail_on: str | None = None
) -> Settings:
    """The settings that hold for the spec at `path` (`-` for standard input, in the current folder).

    Raises `QSpecError`, with its place, for a configuration that cannot be read or says what does not exist, and
    for a profile, rule or severity on the command line that does not exist.
    """
    given = Config(
        select=known_codes(_split(select), "--select", None) if select else None,
        ignore=known_codes(_split(ignore), "--ignore", None),
        profile=known_profile(profile, None),
        fail_on=known_fail_on(fail_on, None),
    )
    found = find_config(path)
    config = read_config(found) if found is not None else Config()
    for pattern, extra in config.per_file:
        if found is not None and _fits(path, pattern, found.parent):
            config = extra.over(config)
    config = given.over(config)
    failing = config.fail_on or Severity.WARNING.value
    return Settings(
        config.profile or "default",
        config.select or (),
        config.ignore,
        dict(config.severity),
        None if failing == "never" else Severity(failing),
    )


def find_config(path: Path) -> Path | None:
    """The nearest configuration above a spec: a `qspec.toml`, or a `pyproject.toml` with `[tool.qspec]`.

    The search ends at the top of the repository that the spec stands in.
    """
    folder = (Path() if str(path) == "-" else path.parent).resolve()
    for above in (folder, *folder.parents):
        for name in FILE_NAMES:
            candidate = above / name
            if candidate.is_file() and (name == "qspec.toml" or has_table(candidate)):
                return candidate
        if (above / ".git").exists():
            return None
    return None


def _split(text: str) -> list[str]:
    return [code.strip() for code in text.split(",") if code.strip()]


def _fits(path: Path, pattern: str, folder: Path) -> bool:
    """Whether a path fits a pattern relative to a folder; a pattern without a slash fits the name alone."""
    if str(path) == "-":
        return False
    full = path.resolve()
    relative = (
        full.relative_to(folder.resolve()).as_posix()
        if full.is_relative_to(folder.resolve())
        else full.as_posix()
    )
    return fnmatch.fnmatchcase(relative if "/" in pattern else full.name, pattern)
