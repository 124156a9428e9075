"""Writing a file of the program's own, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from qspec.errors import Place, QSpecError


def write_new(path: Path, content: str | bytes) -> None:
    """Write a text, or bytes, beside its place and rename it there; raises `QSpecError` where that cannot be done.

    The file is never half there, and an interruption leaves nothing behind.
    """
    try:
        if path.is_dir():
            raise QSpecError(
                "This is a folder, and a file is to be written.", place=Place(str(path)), hint="name a file"
            )
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content.encode("utf-8") if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())  # else a power cut after the rename could leave an empty file
            Path(name).chmod(_mode(path))
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise QSpecError(
            f"The file cannot be written: {reason}.", place=Place(str(path)), hint="choose another place"
        ) from error


def _mode(path: Path) -> int:
    """The permissions of the file that is replaced, or those that a new file has."""
    with contextlib.suppress(OSError):
        return path.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
