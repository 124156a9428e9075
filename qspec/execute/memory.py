"""Reads this process's memory: what it holds now, the most it ever held, and what it holds on a device."""

from __future__ import annotations

import os
import shutil
import subprocess
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


def device_memory() -> int | None:
    """Memory this process holds on NVIDIA devices, in bytes, as the driver counts it; None where it does not."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    try:
        reply = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    rows = [[cell.strip() for cell in line.split(",")] for line in reply.stdout.splitlines()]
    own = [
        int(row[1]) << 20 for row in rows if len(row) == 2 and row[0] == str(os.getpid()) and row[1].isdigit()
    ]
    return sum(own) if own else None


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
