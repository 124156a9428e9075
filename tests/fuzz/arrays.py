"""Arrays (npz and npy) with accidents in their headers, their archives and their bytes, through the reader of data sets."""

from __future__ import annotations

import io
import random
import re
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
from harness import Act, Case

from qspec.data.source import open_table
from specs import SPEC, linear_model

DTYPES = [
    "<f4", ">f8", "<i8", "|b1", "<U7", "<U999999999", "|S5", "|O", "O", "<M8[ns]", "<m8[D]", "|V16", "|V99999999999", "<c16",
    "<f2", "<f16", "f4", "", "?", "x", "<i3", "object", "=i4", "<U0", "|S0", "i4,i4", "(3,)f4", "(99999999,)f8", "<i8" * 50,
    [("a", "<f4"), ("b", "|O")], [("a", "<i4"), ("a", "<i4")], [("a", [("b", "<U3")])], [], [("", "<f4")], None, 4, ("f4",),
]  # fmt: skip
SIZES = [0, 1, 2, 8, -1, -8, 1 << 20, 1 << 31, 1 << 40, 1 << 62, 1 << 64, 10**30, 2.5, True, None, "8", (8,)]
NAMES = [
    "x.npy", "y.npy", "../outside/x.npy", "/x.npy", "x", ".npy", "", "x.npy/", "é.npy", "a\x00b.npy", "X.NPY", "x.npy.npy",
    "\x1b[31m.npy", "__proto__.npy", "x" * 300 + ".npy",
]  # fmt: skip

HEADERS = [
    "", "{", "1", "[" * 5000, "(" * 90 + ")" * 90, "__import__('os').system('touch ../outside/ran')", "{**{}}",
    "-" * 5000 + "1", "{'descr': '<f4', 'shape': (" + "9" * 5000 + ",), 'fortran_order': False}", "\xff\xfe",
    "{" + "1:1," * 9000,
]  # fmt: skip


def header(rng: random.Random) -> bytes:
    """The start of an array, wrong in some way or in none."""
    descr = rng.choice(DTYPES) if rng.random() < 0.6 else "<f4"
    shape: object = (
        tuple(rng.choice(SIZES) for _ in range(rng.randint(0, 4))) if rng.random() < 0.6 else (8, 4)
    )
    shape = rng.choice([shape, shape, shape, list(shape), 8, None]) if isinstance(shape, tuple) else shape
    fields = {"descr": descr, "fortran_order": rng.choice([False, False, True, 1, "no"]), "shape": shape}
    if rng.random() < 0.1:
        fields.pop(rng.choice(list(fields)))
    said = repr(fields)
    if rng.random() < 0.15:
        said = rng.choice(HEADERS)
    text = said.encode("utf-8", "replace")
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    version = rng.choice([(1, 0), (1, 0), (2, 0), (3, 0), (0, 0), (9, 9)])
    length = len(text) if rng.random() < 0.9 else rng.choice([0, 1, 65535, 1 << 31, 1 << 32 - 1])
    packed = (
        struct.pack("<H", min(length, 65535)) if version[0] <= 1 else struct.pack("<I", length & 0xFFFFFFFF)
    )
    return b"\x93NUMPY" + bytes(version) + packed + text


def member(rng: random.Random) -> bytes:
    """An array's bytes: good, with a strange header, or with too few or too many values."""
    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32))
    good = stream.getvalue()
    if rng.random() < 0.3:
        return good
    return header(rng) + bytes(rng.choice((0, 1, 100, 128, 1 << 16, 1 << 22)))


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few of them changed, taken away or repeated."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, kind = rng.randrange(len(changed) + 1), rng.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[at : at + rng.choice((1, 4, 4, 8))] = rng.choice(
                [b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"\x01", b""]
            )
        elif kind == 2:
            del changed[at:]
        elif kind == 3:
            changed[at:at] = changed[: rng.randrange(200)]
        elif heads := [found.start() for found in re.finditer(rb"PK[\x01\x03\x05\x06]", changed)]:
            # The archive's own headers and directory, where sizes, methods, places and names stand.
            at = rng.choice(heads) + rng.randrange(60)
            changed[at : at + 2] = rng.choice(
                (rng.randbytes(2), rng.randbytes(1) + b"\x00", b"\xff\xff", b"\x00\x80")
            )
    return bytes(changed)


def archive(rng: random.Random) -> bytes:
    """An archive of arrays."""
    stream = io.BytesIO()
    method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as made:
        warnings.simplefilter("ignore")  # that a name stands in the archive twice is meant
        for _ in range(rng.choice((0, 1, 2, 2, 3, 40))):
            info = zipfile.ZipInfo(
                rng.choice(NAMES) if rng.random() < 0.5 else rng.choice(("x.npy", "y.npy"))
            )
            info.compress_type = method
            made.writestr(info, member(rng))
    return stream.getvalue()


def read_all(folder: Path) -> None:
    """Every column of the data file in the folder."""
    name = next(path.name for path in folder.iterdir() if path.stem == "d")
    table = open_table(folder, name)
    for column in table.names:
        if table.rows:
            table.take(column, np.array([0, table.rows - 1], np.int64))
        array = table.column(column)
        assert len(array) == table.rows
        assert not array.dtype.hasobject


def arrays(rng: random.Random) -> Case:
    """One data file; now and then a claim is executed on it."""
    name = rng.choice(("d.npz", "d.npz", "d.npy"))
    data = archive(rng) if name == "d.npz" else member(rng)
    if rng.random() < 0.5:
        data = damaged(data, rng)
    acts: list[Act] = [read_all]
    files = {name: data}
    if rng.random() < 0.03:
        files |= {"s.qspec": SPEC.replace("d.npz", name).encode(), "m.onnx": linear_model()}
        acts.append(("execute", "s.qspec", "--no-write", "--quiet"))
    return Case(files, acts)
