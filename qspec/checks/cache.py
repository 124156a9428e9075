"""Keeps what a check of a file found, until the file, what it uses, the settings or the program change."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qspec._version import __version__
from qspec.checks.kept import from_plain, to_plain
from qspec.checks.report import Report
from qspec.checks.settings import Settings
from qspec.errors import LIMITS_VARIABLE, QSpecError
from qspec.lang.source import Source, read_source
from qspec.resources import cache_folder, resource

if TYPE_CHECKING:
    from qspec.checks.runner import DocumentReport

MAX_ENTRY_BYTES = 16 << 20
MAX_ENTRIES = 20_000
MAX_AGE_SECONDS = 30 * 86400.0
_DAY = 86400.0
_ROOMS = ("checks", "lang", "model", "metrics", "stats")
"""What a check is made of, beside the modules at the top of the package."""
_PEERS = ("lark", "pydantic", "pydantic_core", "ruamel.yaml")
"""Libraries whose words stand in findings."""

_LOADED, _AGAIN, _OUTSIDE, _REFUSED = "loaded", "again", "outside", "refused"


class CheckCache:
    """A folder of entries, one a file and settings; whatever is wrong with it, checks go on as if it were empty."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder() / "checks"

    def find(self, path: Path, source: Source, settings: Settings) -> Report | None:
        """The report that a check of the file would make, or None when that is not known."""
        entry = self._entry(path, source, settings)
        try:
            with entry.open("rb") as stream:
                digest, _, text = stream.read(MAX_ENTRY_BYTES).decode("ascii").partition("\n")
                used = os.fstat(stream.fileno()).st_mtime
            if digest != _digest(text):
                return None
            data = json.loads(text)
            sources = _sources(source, data["uses"], os.path.realpath(path.parent))
            report = from_plain(data["report"], sources) if sources is not None else None
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return None
        if time.time() - used > _DAY:
            with contextlib.suppress(OSError):
                os.utime(entry)
        return report

    def keep(self, path: Path, source: Source, settings: Settings, report: DocumentReport) -> None:
        """Keep a report for the next time, where that can be done."""
        if report.workspace.main.source is not source:  # older language, brought up to date while it was read
            return
        with contextlib.suppress(OSError):
            told = _uses(report)
            if told is None:
                return
            uses, sources = told
            try:
                data = json.dumps({"uses": uses, "report": to_plain(report, sources)}, separators=(",", ":"))
            except KeyError:  # a finding about a text that is none of the files
                return
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(self._entry(path, source, settings), f"{_digest(data)}\n{data}")
            self._prune()

    def _entry(self, path: Path, source: Source, settings: Settings) -> Path:
        return self.folder / f"{_key(path, source, settings)}.json"

    def _write(self, entry: Path, data: str) -> None:
        """Write beside the place and rename, so that nobody reads half of it."""
        beside = entry.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
        try:
            beside.write_text(data, encoding="ascii")
            beside.replace(entry)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def _prune(self) -> None:
        """Once a day, remove what was not read for a month, and the longest unread of what is too many."""
        marker, now = self.folder / "pruned", time.time()
        with contextlib.suppress(FileNotFoundError):
            if now - marker.stat().st_mtime < _DAY:
                return
        marker.touch()
        with os.scandir(self.folder) as inside:
            ages = sorted((now - one.stat().st_mtime, one.path) for one in inside if one.name != marker.name)
        for rank, (age, name) in enumerate(ages):
            if rank >= MAX_ENTRIES or age > MAX_AGE_SECONDS:
                Path(name).unlink(missing_ok=True)


def _key(path: Path, source: Source, settings: Settings) -> str:
    """A digest of everything that is known before anything is parsed."""
    # Comments may allow a finding until a day; what says nothing of one is the same every day.
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat() if "until" in source.text else None
    parts = [
        program_digest(),
        settings.profile, settings.select, settings.ignore, sorted(settings.severity.items()),
        os.environ.get(LIMITS_VARIABLE), today,
        str(path), os.path.realpath(path), os.path.realpath(path.parent), _digest(source.text),
    ]  # fmt: skip
    return _digest(json.dumps(parts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def program_digest() -> str:
    """A digest of the version of this program, of its files' sizes and times of change, and of what it reads with."""
    package = Path(__file__).resolve().parents[1]
    parts = [__version__, sys.version, *_stamps(package, deep=False)]
    with contextlib.suppress(FileNotFoundError):
        parts += _stamps(resource("grammar", "qspec.lark").parent)
    for room in _ROOMS:
        parts += _stamps(package / room)
    for name in _PEERS:
        with contextlib.suppress(ImportError, ValueError, OSError):
            found = importlib.util.find_spec(name)
            if found is not None and found.origin is not None:
                parts.append(f"{name} {Path(found.origin).stat().st_mtime_ns}")
    return _digest("\n".join(parts))


def _stamps(folder: Path, *, deep: bool = True) -> list[str]:
    """Name, size and time of change of every source file of a folder."""
    found: list[str] = []
    with contextlib.suppress(OSError), os.scandir(folder) as inside:
        for one in sorted(inside, key=lambda entry: entry.name):
            if one.name.endswith((".py", ".lark")):
                stat = one.stat()
                found.append(f"{one.name} {stat.st_size} {stat.st_mtime_ns}")
            elif deep and one.is_dir() and one.name != "__pycache__":
                found += [one.name, *_stamps(Path(one.path))]
    return found


# What a file uses ----------------------------------------------------------------------------


def _uses(report: DocumentReport) -> tuple[list[list[Any]], list[Source]] | None:
    """Every `use` with where it leads and what is there, and the files in the order of these, the main one first.

    None where something changed since it was read.
    """
    workspace = report.workspace
    root = os.path.realpath(workspace.root)
    files = {_real(Path(loaded.source.path)): loaded.source for loaded in workspace.files}
    uses: list[list[Any]] = []
    sources = [workspace.main.source]
    for path in _targets(report):
        real = _real(path)
        source = files.get(real)
        if source is not None:
            again = source.path != str(path) or any(source is known for known in sources)
            uses.append(
                [str(path), real, _AGAIN if again else _LOADED, "" if again else _digest(source.text)]
            )
            sources += [] if again else [source]
        elif not _inside(real, root):
            uses.append([str(path), real, _OUTSIDE, ""])
        else:
            refused = _refusal(path)
            if refused is None:
                return None
            uses.append([str(path), real, _REFUSED, refused])
    return (uses, sources) if len(sources) == len(workspace.files) else None


def _targets(report: DocumentReport) -> Iterator[Path]:
    for loaded in report.workspace.files:
        yield from (loaded.folder / target for target in loaded.document.use)


def _sources(main: Source, uses: list[list[Any]], root: str) -> list[Source] | None:
    """The files of a report in order, the main one first; None when one of them is not what it was."""
    sources = [main]
    for name, real, state, what in uses:
        path = Path(name)
        if _real(path) != real:
            return None
        if state == _LOADED:
            if not path.is_file():
                return None
            try:
                source = read_source(path)
            except QSpecError:
                return None
            if _digest(source.text) != what:
                return None
            sources.append(source)
        elif state == _REFUSED and (not _inside(real, root) or _refusal(path) != what):
            return None
    return sources


def _real(path: Path) -> str | None:
    try:
        return str(path.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a null character
        return None


def _inside(real: str | None, root: str) -> bool:
    return real is not None and Path(real).is_relative_to(root)


def _refusal(path: Path) -> str | None:
    """Why a file cannot be read, or None when it can."""
    if path.exists() and not path.is_file() and not path.is_dir():
        return "special"  # reading a pipe or a device might never end
    try:
        read_source(path)
    except QSpecError as error:
        return error.message
    return None
