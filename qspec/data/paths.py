"""Paths of data and models: they stay under their root, links included, and their digests are verified."""

from __future__ import annotations

from pathlib import Path

from qspec import canonical
from qspec.canonical import file_digest
from qspec.errors import Place, QSpecError

_SHA256_LENGTH = 64


def inside(root: Path, relative: str, *, what: str = "file", folders: bool = False) -> Path:
    """The resolved path of the regular file `relative` under `root`, or of the folder where `folders` may be.

    Raises `QSpecError` when the path is absolute, climbs out of the root, leaves it through a symbolic link, or
    names no regular file. `what` names the thing in the message, for example `model`.
    """
    if not relative or "\x00" in relative:
        raise QSpecError(f"The path of the {what} is empty or holds a null character.", rule="QS900")
    if "://" in relative:
        raise QSpecError(
            f"The {what} {relative} is an address, and only files under the spec's folder are read here.",
            hint="download the file beside the spec and pin it with its sha256",
            rule="QS900",
        )
    top = root.resolve()
    try:
        path = (top / relative).resolve()
        path.exists()
    except (OSError, RuntimeError) as error:  # links in a circle, or a name longer than any file's
        reason = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        raise QSpecError(
            f"The {what} {relative[:80]!r} cannot be looked for: {str(reason).lower()}.",
            hint="name a file in the spec's folder or below it",
            rule="QS900",
        ) from None
    if not path.is_relative_to(top):
        raise QSpecError(
            f"The {what} {relative} lies outside {top}.",
            hint="keep the file in the spec's folder or below it; links may not lead out either",
            rule="QS900",
        )
    if not path.exists():
        raise QSpecError(
            f"The {what} {relative} does not exist under {top}.", place=Place(str(path)), rule="QS900"
        )
    if not path.is_file() and not (folders and path.is_dir() and path != top):
        raise QSpecError(
            f"The {what} {relative} is not a regular file.", place=Place(str(path)), rule="QS900"
        )
    return path


def verify_digest(path: Path, sha256: str | None, *, what: str = "file") -> str:
    """The SHA-256 of the file or folder at `path`, in hexadecimal; raises `QSpecError` when it is not `sha256`.

    `sha256` may be None (nothing declared) and may carry the prefix `sha256:`.
    """
    found = folder_digest(path) if path.is_dir() else file_digest(path)
    if sha256 is None:
        return found
    declared = sha256.lower().removeprefix("sha256:")
    if len(declared) != _SHA256_LENGTH or set(declared) - set("0123456789abcdef"):
        raise QSpecError(
            f"The declared sha256 of the {what} {path.name}, {sha256!r}, is not 64 hexadecimal digits.",
            hint=f"the file's own digest is {found}",
            rule="QS901",
        )
    if declared != found:
        raise QSpecError(
            f"The {what} {path.name} has sha256 {found}, and the spec declares {declared}.",
            hint="restore the file that was declared, or declare the digest of this one",
            rule="QS901",
        )
    return found


def folder_digest(path: Path) -> str:
    """The SHA-256 of a folder: of the RFC 8785 JSON of the digests of `files_below`, by path."""
    return canonical.digest({name: file_digest(file) for name, file in files_below(path).items()})


def files_below(folder: Path) -> dict[str, Path]:
    """The regular files below a folder by their path from it, in its order; links are not followed out of it.

    Files and folders whose names begin with a dot are left out. Raises `QSpecError` for a link that leads out.
    """
    found = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if not any(part.startswith(".") for part in name.split("/")) and not file.is_dir():
            found[name] = inside(folder, name, what="data file")
    return found
