"""Where the grammar and the schemas lie: inside an installed package, or beside it in a source tree."""

from __future__ import annotations

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
