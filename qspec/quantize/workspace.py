"""A work folder beside the output: an artifact appears there whole or not at all, and nothing else is left."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qspec.errors import Place, QSpecError


@contextmanager
def workspace(output: Path) -> Iterator[Path]:
    """A fresh folder beside `output` for intermediate files, removed at the end whatever happens.

    Libraries that ask for a temporary folder get this one, so that no copy of a model lands in a shared place.
    """
    if not output.parent.is_dir():
        raise QSpecError(f"The folder {output.parent} does not exist, so no model can be written there.")
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    except OSError as error:
        raise QSpecError(
            f"No work folder can be made in {output.parent}: {error.strerror}.",
            place=Place(str(output.parent)),
        ) from error
    previous = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = previous
        shutil.rmtree(folder, ignore_errors=True)


def publish(source: Path, output: Path) -> None:
    """Move a finished file to `output` in one step, replacing what was there."""
    source.replace(output)
