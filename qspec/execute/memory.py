"""Reads this process's memory: what it holds now, and the most it ever held."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_memory() -> int | None:
    """The most resident memory this program held, in bytes; None where the system does not tell.

    On Linux from the address space's own high-water mark. `getrusage` would do elsewhere, but on Linux a child
    inherits its parent's maximum across fork and exec, and a small model would seem as large as its parent.
    """
    mark = _status("VmHWM")
    if mark is not None:
        return mark
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def resident_memory() -> int | None:
    """Resident memory now, in bytes; None where the system does not tell."""
    return _status("VmRSS")


def _status(field: str) -> int | None:
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    return None
