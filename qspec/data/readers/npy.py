"""Single NumPy arrays (`.npy`): the header is judged before the data, and pickled objects are refused.

The format is NumPy's own (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Its header is a
Python dictionary, which is matched here and never evaluated.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.table import Array, Table
from qspec.errors import Place, QSpecError

_SURROGATES = 0xD800 >> 11
_MAGIC = b"\x93NUMPY"
_LENGTHS = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
"""Bytes that tell the length of the header, by version."""
_MOST_HEADER_BYTES = 10_000
_CHUNK = 1 << 20
_ITEM = re.compile(
    r"""\s*(["'])(?P<key>descr|fortran_order|shape)\1\s*:\s*
    (?:(["'])(?P<type>[^"'\\]{1,64})\3|(?P<order>True|False)|\((?P<shape>[0-9L,\s]*)\))\s*,?""",
    re.VERBOSE,
)
_TYPE = re.compile(
    r"[<>|=]?(?:b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|32)|[SU][0-9]{1,9}|[mM]8(?:\[\w{1,8}\])?)"
)
_SIZE = re.compile(r"\s*([0-9]{1,18})L?\s*")


@dataclass(frozen=True, slots=True)
class Header:
    """Shape, type and order of an array in a file."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    by_rows: bool = True
    """Whether rows lie one after the other in the file."""

    @property
    def nbytes(self) -> int:
        """Size of the array's data, in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], what: str) -> Header:
    """The header of the npy data in `stream`; `what` names it in messages.

    Raises `QSpecError` for another format, for pickled objects, and for types that no column has.
    """
    start = stream.read(len(_MAGIC) + 2)
    width = _LENGTHS.get((start[-2], start[-1])) if len(start) == 8 and start.startswith(_MAGIC) else None
    length = int.from_bytes(stream.read(width), "little") if width is not None else 0
    text = stream.read(length).decode("latin-1") if 0 < length <= _MOST_HEADER_BYTES else ""
    if len(text) != length or not text:
        raise _no_array(what)
    fields = dict(_fields(text, what))
    if fields.keys() != {"descr", "fortran_order", "shape"}:
        raise _no_array(what)
    sizes = [_SIZE.fullmatch(size) for size in fields["shape"].split(",") if size.strip()]
    if not all(sizes) or fields["fortran_order"] not in ("True", "False"):
        raise _no_array(what)
    shape = tuple(int(size[1]) for size in sizes if size is not None)
    by_rows = fields["fortran_order"] == "False" or len(shape) < 2
    return Header(shape, _type(fields["descr"], what), by_rows)


def read_array(stream: IO[bytes], what: str) -> Array:
    """The array in `stream`, never unpickled; a short or damaged stream is a `QSpecError`."""
    header = read_header(stream, what)
    try:
        data = np.empty(header.nbytes, np.uint8)
        array: Array = (
            data.view(header.dtype).reshape(header.shape, order="C" if header.by_rows else "F")
            if header.nbytes
            else np.empty(header.shape, header.dtype)
        )
    except ValueError as error:  # more dimensions, or larger ones, than an array has
        raise QSpecError(f"{_capital(what)} cannot be held as an array ({str(error).rstrip('.')}).") from None
    if (held := _fill(data.data, stream)) < header.nbytes:
        raise QSpecError(
            f"{_capital(what)} cannot be read (it ends after {held:,} of {header.nbytes:,} bytes of data)."
        )
    _check_texts(data, header.dtype, what)
    return array


@dataclass(frozen=True)
class Stored:
    """An array that lies in a file as it is, uncompressed from byte `start` on, so that some rows can be read alone."""

    path: Path
    start: int
    header: Header
    what: str
    whole: Callable[[], Array]
    """Reads all of it, and verifies what can be verified."""

    @property
    def nbytes(self) -> int:
        """Size of the array in memory."""
        return self.header.nbytes

    def __call__(self) -> Array:
        """The whole array."""
        return self.whole()

    def take(self, indices: NDArray[np.int64]) -> Array:
        """The rows `indices`, in that order, one read for each run of neighbours; raises `QSpecError` for damage."""
        shape, dtype = self.header.shape[1:], self.header.dtype
        row = math.prod(shape) * dtype.itemsize
        found = np.empty((len(indices), *shape), dtype)
        flat = found.reshape(-1).view(np.uint8).data if found.size else memoryview(b"")
        cuts = np.flatnonzero(np.diff(indices) != 1) + 1
        with self.path.open("rb") as stream:
            for low, high in zip([0, *cuts.tolist()], [*cuts.tolist(), len(indices)], strict=True):
                if low < high:
                    stream.seek(self.start + int(indices[low]) * row)
                    if stream.readinto(flat[low * row : high * row]) != (high - low) * row:
                        raise QSpecError(
                            f"{_capital(self.what)} ends before row {int(indices[high - 1])}.",
                            hint="the file may be truncated: copy or build it again",
                        )
        _check_texts(found.reshape(-1).view(np.uint8), dtype, self.what)
        return found


@registry.register("npy")
def read_npy(path: Path, limits: Limits) -> Table:
    """One array as a table with the one column `data`; of a large one only the rows that are asked for are read."""
    with path.open("rb") as stream:
        header = read_header(stream, path.name)
        start = stream.tell()
    limits.check("decompressed_bytes", header.nbytes, f"The array in {path.name}")
    if not header.shape:
        raise QSpecError(f"{path.name} holds a single value, not a column.", place=Place(str(path)))
    if header.nbytes > path.stat().st_size:
        raise QSpecError(
            f"{path.name} declares {header.nbytes:,} bytes of data and has {path.stat().st_size:,}.",
            place=Place(str(path)),
        )

    def load() -> Array:
        with path.open("rb") as stream:
            return read_array(stream, path.name)

    column = Stored(path, start, header, path.name, load) if header.by_rows else load
    return Table({"data": column}, header.shape[0], path.name)


def _fields(text: str, what: str) -> Iterator[tuple[str, str]]:
    """The entries of the dictionary, by key; what its value is written as."""
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise _no_array(what)
    at, inner = 0, inner[1:-1].strip()
    while at < len(inner):
        item = _ITEM.match(inner, at)
        if item is None:
            rest = inner[at:].lstrip()
            if re.match(r"""["']descr["']\s*:\s*\[""", rest):
                raise QSpecError(
                    f"{_capital(what)} holds records of several fields, and a column holds one value or array a row.",
                    hint="save each field as an array of its own",
                )
            raise _no_array(what)
        yield item["key"], next(item[part] for part in ("type", "order", "shape") if item[part] is not None)
        at = item.end()


def _type(text: str, what: str) -> np.dtype[np.generic]:
    if "O" in text:
        raise QSpecError(
            f"{_capital(what)} holds pickled Python objects, which are never read because loading them runs code.",
            hint="save it with a plain type: numbers, booleans or fixed-width text",
        )
    try:
        found = np.dtype(text) if _TYPE.fullmatch(text) else None
    except (TypeError, ValueError):  # a unit of time that there is not, or a text longer than any
        found = None
    if found is None:
        raise QSpecError(
            f"{_capital(what)} holds values of the type {text!r}, which is not read.",
            hint="save it with a plain type: numbers, booleans or fixed-width text",
        )
    return found


def _check_texts(data: NDArray[np.uint8], dtype: np.dtype[np.generic], what: str) -> None:
    """Raise `QSpecError` where the bytes of texts hold what is no character: lone surrogates, or numbers past the last."""
    if dtype.kind != "U" or not data.size:
        return
    characters = data.view(np.dtype(np.uint32).newbyteorder(dtype.byteorder))
    if characters.max() > sys.maxunicode or ((characters >> 11) == _SURROGATES).any():
        raise QSpecError(
            f"{_capital(what)} holds a text that is no Unicode.",
            hint="the file may be damaged: copy or build it again",
        )


def _fill(into: memoryview, stream: IO[bytes]) -> int:
    """Read until the memory is full or the stream ends; the bytes that were read."""
    at = 0
    while at < len(into) and (piece := stream.read(min(_CHUNK, len(into) - at))):
        into[at : at + len(piece)] = piece
        at += len(piece)
    return at


def _no_array(what: str) -> QSpecError:
    return QSpecError(
        f"{_capital(what)} is not in the npy format.",
        hint="the file may be truncated or of another format: save it again with numpy.save or numpy.savez",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text.startswith("the ") else text
