"""A zip archive with an accident in its directory is a sentence to every reader of archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qspec.data.limits import DEFAULT_LIMITS
from qspec.data.readers.npz import read_npz
from qspec.errors import QSpecError
from qspec.execute.arrays import load_arrays
from qspec.execute.program import read_program

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

ACCIDENTS = {
    "a name that is no text": (CENTRAL, 46, b"\xf6"),
    "another name that is no text before the data": (LOCAL, 30, b"\xc3\x28"),
    "a flag of encryption": (CENTRAL, 8, b"\x01\x08"),
    "a flag of patched data": (CENTRAL, 8, b"\x20\x08"),
    "a version that is not yet": (CENTRAL, 6, b"\xff\x00"),
    "a method that is none": (CENTRAL, 10, b"\x63\x00"),
    "a place past the file": (CENTRAL, 42, b"\xf0\xff\xff\xff"),
    "a directory before the file": (END, 12, b"\xff\xff\xff\x7f"),
}


def spoiled(content: bytes, sign: bytes, place: int, accident: bytes) -> bytes:
    """An archive with other bytes at a place of its first header of a kind; names are marked as UTF-8 before."""
    changed = bytearray(content)
    for mark, flags in ((LOCAL, 6), (CENTRAL, 8)):
        at = changed.find(mark)
        changed[at + flags : at + flags + 2] = b"\x00\x08"
    at = changed.find(sign) + place
    changed[at : at + len(accident)] = accident
    return bytes(changed)


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(8.0))
    return stream.getvalue()


def read_columns(path: Path) -> None:
    table = read_npz(path, DEFAULT_LIMITS)
    for name in table.names:
        table.column(name)


@pytest.mark.parametrize("name", ACCIDENTS)
@pytest.mark.parametrize(
    ("read", "member", "content"),
    [
        (read_columns, "x.npy", array()),
        (load_arrays, "x.npy", array()),
        (read_program, "m/models/model.json", b"{}"),
    ],
)
def test_an_accident_in_the_directory_is_a_sentence(
    read: Callable[[Path], object], member: str, content: bytes, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    path.write_bytes(spoiled(path.read_bytes(), *ACCIDENTS[name]))
    with pytest.raises(QSpecError):
        read(path)
