"""What goes wrong in a zip archive that is damaged or made to harm."""

from __future__ import annotations

import zipfile
import zlib

DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What the standard library raises for one: RuntimeError for an encrypted member or an unknown method, ValueError for a
name that is no text and a place before the file's start, OSError for a place past what a file may have."""
