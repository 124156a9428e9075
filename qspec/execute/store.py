"""Keeps what a run computed, by a key made from everything that determines it, so that nothing is done twice."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qspec.canonical import file_digest
from qspec.errors import QSpecError
from qspec.execute.holds import Hold, alone, hold

MANIFEST = "manifest.json"
_KEY = re.compile(r"[0-9a-f]{64}")
_MOST_MANIFEST_BYTES = 16 << 20
# Nothing takes this long to write; what is older was left by a process that died.
_ABANDONED_SECONDS = 24 * 3600.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSALS = _FULL | {
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EIO,
    errno.ENAMETOOLONG,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished result: its folder, what it is, the bytes it takes, and when it was made and last read."""

    key: str
    folder: Path
    meta: dict[str, Any]
    size: int
    created: float
    used: float

    def file(self, name: str) -> Path:
        """The path of one of its files."""
        return self.folder / name


@dataclass(frozen=True, slots=True)
class Pruned:
    """What pruning removed: how many entries, and how many bytes; and how many it left because they are being read."""

    entries: int
    size: int
    held: int = 0


def default_root() -> Path:
    """`QSPEC_CACHE`, else `qspec` in the user's cache folder (`XDG_CACHE_HOME`, or `~/.cache`)."""
    own = os.environ.get("QSPEC_CACHE")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "qspec"


class Store:
    """A content-addressed folder of entries, safe under several processes.

    An entry is written beside the others and appears by one rename, so that nobody sees half of it; when two
    processes make the same entry the first wins and the second takes what is there. What a store has given out it holds
    for as long as it lives, and others do not prune it meanwhile. Keys are SHA-256 in hexadecimal. An entry whose files do
    not match their digests counts as absent and is removed.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = default_root() if root is None else root
        self._entries = self.root / "entries"
        self._scratch = self.root / "scratch"
        self._held: dict[str, Hold] = {}

    def get(self, key: str) -> Entry | None:
        """The entry under `key`, every file checked against its digest, or None."""
        folder = self._folder(key)
        if not folder.is_dir():
            return None
        self._hold(key)
        entry = _read_entry(folder)
        if entry is None or not _intact(folder):
            self._release(key)
            with contextlib.suppress(QSpecError):  # a read-only cache keeps its damaged entry, unused
                self._remove(folder)
            return None
        with contextlib.suppress(OSError):  # a read-only cache still serves
            os.utime(folder / MANIFEST)
        return entry

    def put(self, key: str, write: Callable[[Path], None], meta: Mapping[str, Any] | None = None) -> Entry:
        """Make an entry: `write` fills the empty folder it is given. Returns the entry that is there afterwards.

        Raises QSpecError when the folder cannot be written; what `write` raises otherwise passes through.
        """
        final = self._folder(key)
        scratch: Path | None = None
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            final.parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=f"{key[:16]}-", dir=self._scratch))
            write(scratch)
            _write_manifest(scratch, key, dict(meta or {}))
            return self._publish(scratch, final, key)
        except OSError as error:
            if error.errno not in _REFUSALS:
                raise
            raise _unwritable(self.root, error) from error
        finally:
            if scratch is not None:
                shutil.rmtree(scratch, ignore_errors=True)

    def fetch(self, key: str, write: Callable[[Path], None], meta: Mapping[str, Any] | None = None) -> Entry:
        """The entry under `key`, made first when it is absent."""
        return self.get(key) or self.put(key, write, meta)

    def remove(self, key: str) -> bool:
        """Remove one entry; False when there was none, or another process reads it."""
        folder = self._folder(key)
        self._release(key)
        return folder.is_dir() and self._take_away(folder)

    def entries(self) -> Iterator[Entry]:
        """Every readable entry, by key; files are not checked."""
        if self._entries.is_dir():
            for folder in sorted(self._entries.glob("[0-9a-f][0-9a-f]/*")):
                if _KEY.fullmatch(folder.name) and (entry := _read_entry(folder)) is not None:
                    yield entry

    def size(self) -> int:
        """Bytes in all entries together."""
        return sum(entry.size for entry in self.entries())

    def verify(self) -> list[str]:
        """Check every entry; remove the damaged ones and return their keys."""
        if not self._entries.is_dir():
            return []
        folders = [f for f in sorted(self._entries.glob("[0-9a-f][0-9a-f]/*")) if _KEY.fullmatch(f.name)]
        return [f.name for f in folders if not _intact(f) and self._remove(f)]

    def prune(self, *, older_than: float | None = None, most_bytes: int | None = None) -> Pruned:
        """Remove entries unread for `older_than` seconds, then the longest unread until `most_bytes` remain.

        What this store holds it lets go, what others hold stays. With neither, removes nothing but what interrupted runs
        left behind.
        """
        now, count, freed, held = time.time(), 0, 0, 0
        self._sweep(now)
        for key in list(self._held):
            self._release(key)
        entries = sorted(self.entries(), key=lambda entry: entry.used)
        total = sum(entry.size for entry in entries)
        for entry in entries:
            stale = older_than is not None and now - entry.used > older_than
            over = most_bytes is not None and total > most_bytes
            if not (stale or over):
                continue
            if self._take_away(entry.folder):
                count, freed, total = count + 1, freed + entry.size, total - entry.size
            else:
                held += entry.folder.is_dir()
        return Pruned(count, freed, held)

    def _folder(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise QSpecError(f"A key of the store is a SHA-256 in hexadecimal, not {key[:80]!r}.")
        return self._entries / key[:2] / key

    def _publish(self, scratch: Path, final: Path, key: str) -> Entry:
        for _ in range(8):
            try:
                scratch.rename(final)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EACCES) or not final.is_dir():
                    raise
                if (there := self.get(key)) is not None:
                    return there
                continue  # what stood there was damaged and is gone now
            self._hold(key)
            entry = _read_entry(final)
            if entry is not None:
                return entry
        raise QSpecError(
            f"The cache entry {key[:16]} in {self.root} was removed as fast as it was written.",
            hint="another process is pruning the same cache; run again when it has finished",
        )

    def _hold(self, key: str) -> None:
        if key not in self._held and (held := hold(self._folder(key) / MANIFEST)) is not None:
            self._held[key] = held

    def _release(self, key: str) -> None:
        if (held := self._held.pop(key, None)) is not None:
            held.release()

    def _take_away(self, folder: Path) -> bool:
        """Remove an entry unless somebody holds it."""
        with alone(folder / MANIFEST) as free:
            return free and self._remove(folder)

    def _remove(self, folder: Path) -> bool:
        """Take an entry away by one rename, then delete it, so that nobody reads half of it."""
        grave: Path | None = None
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            grave = Path(tempfile.mkdtemp(prefix="removed-", dir=self._scratch))
            folder.rename(grave / folder.name)
        except FileNotFoundError:  # another process was quicker
            return False
        except OSError as error:
            raise _unwritable(self.root, error) from error
        finally:
            if grave is not None:
                shutil.rmtree(grave, ignore_errors=True)
        return True

    def _sweep(self, now: float) -> None:
        if self._scratch.is_dir():
            for folder in self._scratch.iterdir():
                with contextlib.suppress(OSError):
                    if now - folder.stat().st_mtime > _ABANDONED_SECONDS:
                        shutil.rmtree(folder, ignore_errors=True)


def _write_manifest(folder: Path, key: str, meta: dict[str, Any]) -> None:
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise QSpecError(f"A cache entry holds plain files only; {path.name} is something else.")
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            files[name] = {"sha256": file_digest(path), "size": path.stat().st_size}
    if MANIFEST in files:
        raise QSpecError(f"A cache entry cannot hold a file called {MANIFEST}.")
    manifest = {"version": 1, "key": key, "created": time.time(), "meta": meta, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest when it is one, for this folder; None when it is missing, broken or somebody else's."""
    path = folder / MANIFEST
    try:
        if path.is_symlink() or path.stat().st_size > _MOST_MANIFEST_BYTES:
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("version") != 1 or data.get("key") != folder.name:
        return None
    files, meta = data.get("files"), data.get("meta")
    described = isinstance(files, dict) and all(
        isinstance(f, dict) and isinstance(f.get("size"), int) and isinstance(f.get("sha256"), str)
        for f in files.values()
    )
    dated = isinstance(data.get("created"), int | float)
    return data if described and dated and isinstance(meta, dict) else None


def _read_entry(folder: Path) -> Entry | None:
    data = _manifest(folder)
    if data is None:
        return None
    try:
        used = (folder / MANIFEST).stat().st_mtime
    except OSError:
        return None
    size = sum(file["size"] for file in data["files"].values())
    return Entry(folder.name, folder, data["meta"], size, float(data["created"]), used)


def _intact(folder: Path) -> bool:
    """True when the folder holds exactly the files its manifest names, each with its digest."""
    data = _manifest(folder)
    if data is None:
        return False
    try:
        present = {
            p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()
        }
        if present != {MANIFEST, *data["files"]} or any((folder / name).is_symlink() for name in present):
            return False
        return all(
            (folder / name).stat().st_size == file["size"] and file_digest(folder / name) == file["sha256"]
            for name, file in data["files"].items()
        )
    except OSError:
        return False


def _unwritable(root: Path, error: OSError) -> QSpecError:
    if error.errno in _FULL:
        return QSpecError(
            f"The disk that holds the cache {root} is full.",
            hint="free some space, prune the cache, or set QSPEC_CACHE to a folder on another disk",
        )
    if error.errno == errno.EFBIG:
        return QSpecError(
            f"A file of the cache {root} is larger than this process may write.",
            hint="raise the limit (`ulimit -f`, or --sandbox-file in a sandbox), or set QSPEC_CACHE to another file system",
        )
    reason = (error.strerror or type(error).__name__).lower()
    return QSpecError(
        f"The cache {root} cannot be written: {reason}.",
        hint="set QSPEC_CACHE to a folder that you can write to",
    )
