"""A spec as it stood at a revision of its git repository, with what it used then."""

from __future__ import annotations

import io
import posixpath
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from qspec.errors import Place, QSpecError
from qspec.lang.load import MAX_FILES, Workspace, load, load_one
from qspec.lang.source import Source, decode_source, read_capped

_SECONDS = 60


def is_revision(text: str) -> bool:
    """Whether `text` names a file at a revision (`HEAD~1:specs/a.qspec`) rather than a file that is there."""
    revision, colon, path = text.partition(":")
    return bool(colon and path) and len(revision) > 1 and not Path(text).exists()


def load_revision(text: str) -> Workspace:
    """The document `REVISION:PATH`, the path counted from the repository's root, or from here where it begins `./`.

    Raises `QSpecError` where git is missing, or knows neither revision nor file. Nothing is checked out.
    """
    revision, _, path = text.partition(":")
    path = posixpath.normpath(path) if not path.startswith("./") else f"./{posixpath.normpath(path)}"
    with tempfile.TemporaryDirectory(prefix="qspec-") as folder:
        top = Path(folder).resolve()
        main = _fetch(revision, path, top)
        workspace = load(main)
        for loaded in workspace.files:
            inside = Path(loaded.source.path).resolve().relative_to(top).as_posix()
            loaded.source = Source(f"{revision}:{inside}", loaded.source.text)
    return workspace


def _fetch(revision: str, path: str, top: Path) -> Path:
    """Put a file and what it uses, as they were, below `top`; returns where the file lies now."""
    root = posixpath.dirname(path)
    queue, seen = [path], {path}
    while queue:
        one = queue.pop()
        try:
            source = decode_source(_blob(revision, one), one)
        except QSpecError:
            if one == path:
                raise
            continue  # what is used and not there is told when the document is read
        target = top / one
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.text.encode("utf-8"))
        for used in load_one(source).document.use:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(one), used))
            below = root in {"", "."} or PurePosixPath(name).is_relative_to(root)
            if below and not name.startswith(("..", "/")) and name not in seen and len(seen) < MAX_FILES:
                seen.add(name)
                queue.append(f"./{name}" if path.startswith("./") else name)
    return top / path


def _blob(revision: str, path: str) -> bytes:
    """The bytes of a file at a revision; nothing of the repository's configuration is run."""
    name = f"{revision}:{path}"
    if revision.startswith("-"):
        raise QSpecError("A revision does not begin with a hyphen.", place=Place(name))
    try:
        done = subprocess.run(
            ["git", "cat-file", "blob", name],
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise QSpecError(
            "git is not installed, so no revision can be read.",
            place=Place(name),
            hint="name two files, or install git",
        ) from None
    except subprocess.TimeoutExpired:
        raise QSpecError(f"git did not answer within {_SECONDS} seconds.", place=Place(name)) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[0].removeprefix("fatal: ")
        raise QSpecError(
            f"git has no such file: {said or 'it gave no reason'}.",
            place=Place(name),
            hint="write REVISION:PATH with the path from the repository's root, or ./PATH from here",
        )
    return read_capped(io.BytesIO(done.stdout), Place(name))
