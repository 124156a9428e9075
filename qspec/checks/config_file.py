"""A configuration file: what it may say, read with the place of whatever is wrong in it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from qspec.checks.rules import registry
from qspec.checks.settings import PROFILES
from qspec.errors import Place, QSpecError
from qspec.lang.diagnostic import Severity

MAX_EXTENDS = 8
MAX_BYTES = 1 << 20
_KEYS = ("select", "ignore", "severity", "profile", "fail-on", "extend", "per-file")
_FILE_KEYS = ("select", "ignore", "severity", "profile")
_FAMILY = re.compile(r"QS\d{0,3}$|ALL$")


@dataclass(frozen=True)
class Config:
    """What one configuration file says, with those it extends; fields that nobody gives are None or empty."""

    path: Path | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    profile: str | None = None
    fail_on: str | None = None
    per_file: tuple[tuple[str, Config], ...] = ()
    """Patterns of paths, relative to the configuration file, each with what it adds."""

    def over(self, below: Config) -> Config:
        """Itself laid over another: lists to ignore and severities add up, the rest replaces."""
        return replace(
            self,
            select=self.select if self.select is not None else below.select,
            ignore=(*below.ignore, *self.ignore),
            severity={**below.severity, **self.severity},
            profile=self.profile or below.profile,
            fail_on=self.fail_on or below.fail_on,
            per_file=(*below.per_file, *self.per_file),
        )


def read_config(path: Path, trail: tuple[Path, ...] = ()) -> Config:
    """What a configuration file says, over what it extends; raises `QSpecError` with the place of what is wrong."""
    text, data = _table(path)
    reader = _Reader(path, text)
    config = reader.config(data, _KEYS)
    target = data.get("extend")
    if target is None:
        return config
    if not isinstance(target, str):
        raise reader.error("extend", "`extend` takes the path of another configuration file.")
    base = (path.parent / target).resolve()
    if base in (*trail, path.resolve()) or len(trail) >= MAX_EXTENDS:
        raise reader.error("extend", f"`{target}` extends this file, directly or through others.")
    if not base.is_file():
        raise reader.error("extend", f"`{target}` cannot be extended: there is no such file.")
    return config.over(read_config(base, (*trail, path.resolve())))


def _table(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a configuration file, and the table in it that is ours."""
    text, data = _read(path)
    if path.name == "pyproject.toml":
        tool = data.get("tool")
        data = tool.get("qspec", {}) if isinstance(tool, dict) else {}
    if not isinstance(data, dict):
        raise QSpecError("`tool.qspec` is no table.", place=Place(str(path)), hint="write `[tool.qspec]`")
    return text, data


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """The text and the tables of a TOML file, read once for the many specs below it, and again when it changed."""
    try:
        stat = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return _read_as_of(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _read_as_of(path: Path, changed: int, size: int) -> tuple[str, dict[str, Any]]:
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise QSpecError(f"A configuration has at most {MAX_BYTES} bytes.", place=Place(str(path)))
        text = raw.decode("utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError:
        raise QSpecError("The configuration is not UTF-8.", place=Place(str(path))) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        place = Place(str(path), int(match[1]), int(match[2])) if match else Place(str(path))
        what = re.sub(r" \(at .*\)$", "", str(error)).rstrip(".")
        raise QSpecError(f"The configuration is not TOML: {what}.", place=place) from None


def _unreadable(path: Path, error: OSError) -> QSpecError:
    return QSpecError(f"The configuration cannot be read: {error.strerror}.", place=Place(str(path)))


def has_table(path: Path) -> bool:
    """Whether a `pyproject.toml` speaks of us; one that is broken is somebody else's to repair."""
    try:
        _, data = _read(path)
    except QSpecError:
        return False
    tool = data.get("tool")
    return isinstance(tool, dict) and "qspec" in tool


class _Reader:
    """Turns a table into a configuration; knows where each key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def error(self, key: str, message: str, hint: str | None = None) -> QSpecError:
        return QSpecError(message, place=self.place(key), hint=hint)

    def place(self, key: str) -> Place:
        for number, line in enumerate(self.text.splitlines(), 1):
            at = re.search(rf"(?<![\w-])[\"']?{re.escape(key)}(?![\w-])", line.partition("#")[0])
            if at:
                return Place(str(self.path), number, at.start() + 1)
        return Place(str(self.path))

    def config(self, data: Mapping[str, Any], keys: Collection[str]) -> Config:
        for key in data:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1, cutoff=0.6)
                hint = f"did you mean `{near[0]}`?" if near else f"keys are {', '.join(keys)}"
                raise self.error(key, f"`{key}` is no setting.", hint)
        per_file = self._per_file(data.get("per-file", {}))
        return Config(
            self.path,
            self._list(data, "select") if "select" in data else None,
            self._list(data, "ignore"),
            self._severities(data.get("severity", {})),
            known_profile(self._word(data, "profile"), self),
            known_fail_on(self._word(data, "fail-on"), self),
            per_file,
        )

    def _per_file(self, data: Any) -> tuple[tuple[str, Config], ...]:
        if not isinstance(data, dict):
            raise self.error(
                "per-file", "`per-file` is a table from patterns of paths to what holds for them."
            )
        found = []
        for pattern, value in data.items():
            table = {"ignore": value} if isinstance(value, list) else value
            if not isinstance(table, dict):
                raise self.error(pattern, f"`{pattern}` takes a list of rules to ignore, or a table.")
            found.append((pattern, self.config(table, _FILE_KEYS)))
        return tuple(found)

    def _word(self, data: Mapping[str, Any], key: str) -> str | None:
        value = data.get(key)
        if value is not None and not isinstance(value, str):
            raise self.error(key, f"`{key}` takes a word in quotes.")
        return value

    def _list(self, data: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"`{key}` takes a list of codes, families or names of rules.")
        return known_codes(value, key, self)

    def _severities(self, data: Any) -> dict[str, Severity]:
        if not isinstance(data, dict):
            raise self.error("severity", "`severity` is a table from rules to `error`, `warning` or `note`.")
        for key, value in data.items():
            if value not in list(Severity):
                raise self.error(
                    key, f"The severity of `{key}` is `error`, `warning` or `note`, and not `{value}`."
                )
        keys = known_codes(data, "severity", self)
        return {key: Severity(value) for key, value in zip(keys, data.values(), strict=True)}


def known_codes(names: Collection[str], where: str, reader: _Reader | None) -> tuple[str, ...]:
    """Rules as codes, families or names; raises `QSpecError` for one that is none of them."""
    known = [*registry.names(), *registry.aliases()]
    for name in names:
        family = _FAMILY.match(name) and (name == "ALL" or any(code.startswith(name) for code in known))
        if not family and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"did you mean `{near[0]}`?" if near else "codes are as QS401, families as QS4"
            message = f"There is no rule `{name}` for `{where}` to speak of."
            raise reader.error(name, message, hint) if reader is not None else QSpecError(message, hint=hint)
    return tuple(names)


def known_profile(name: str | None, reader: _Reader | None) -> str | None:
    """The profile, known to exist; raises `QSpecError` otherwise."""
    if name is not None and name not in PROFILES:
        message, hint = f"There is no profile `{name}`.", f"profiles are {', '.join(PROFILES)}"
        raise reader.error("profile", message, hint) if reader is not None else QSpecError(message, hint=hint)
    return name


def known_fail_on(name: str | None, reader: _Reader | None) -> str | None:
    """What a check fails on, known to be a severity or `never`; raises `QSpecError` otherwise."""
    if name is not None and name not in (*Severity, "never"):
        message, hint = f"A check cannot fail on `{name}`.", "write error, warning, note or never"
        raise reader.error("fail-on", message, hint) if reader is not None else QSpecError(message, hint=hint)
    return name
