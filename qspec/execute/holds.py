"""Advisory holds on files: who reads an entry of the store holds it, and who prunes leaves what is held."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # where there are no such locks, nothing is ever held
    fcntl = None  # type: ignore[assignment]


class Hold:
    """An open file that is held until it is released, forgotten, or the process ends."""

    def __init__(self, descriptor: int) -> None:
        self.release = weakref.finalize(self, os.close, descriptor)


def hold(path: Path) -> Hold | None:
    """A hold on the file, together with any others; None where it is not there or being taken away, or there are no locks."""
    descriptor = _opened(path)
    if descriptor is None:
        return None
    held = Hold(descriptor)
    if _locked(descriptor, fcntl.LOCK_SH):
        return held
    held.release()
    return None


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody holds the file, which stays so meanwhile; True where there are no locks, or no such file."""
    descriptor = _opened(path)
    if descriptor is None:
        yield True
        return
    try:
        yield _locked(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int | None:
    if fcntl is None:
        return None
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _locked(descriptor: int, how: int) -> bool:
    """Whether the lock was had; a file system without them, or one that locks only what is written, grants any."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
