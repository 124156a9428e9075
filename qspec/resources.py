"""Where the grammar and the schemas lie: inside an installed package, or beside it in a source tree."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """The file at `parts` (for example `grammar`, `qspec.lark`); raises FileNotFoundError with both places.

    A wheel carries the folders in the package; an editable install leaves them one folder up.
    """
    candidates = (_PACKAGE.joinpath(*parts), _PACKAGE.parent.joinpath(*parts))
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"{'/'.join(parts)} is neither in the package nor beside it; reinstall qspec")


def cache_folder() -> Path:
    """The user's own cache folder for this program (never the shared temporary folder); not created here."""
    override = os.environ.get("QSPEC_CACHE")
    if override:
        return Path(override)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(base) / "qspec" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "qspec"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qspec"
