"""Single NumPy arrays (`.npy`): the header is judged before the data, and pickled objects are refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.table import Array, Table
from qspec.errors import Place, QSpecError


@dataclass(frozen=True, slots=True)
class Header:
    """Shape and type of an array in a file."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    by_rows: bool = True
    """Whether rows lie one after the other in the file."""

    @property
    def nbytes(self) -> int:
        """Size of the array's data, in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], what: str) -> Header:
    """The header of the npy data in `stream`; `what` names it in messages."""
    try:
        version = npy_format.read_magic(stream)
        reader = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, by_columns, dtype = reader(stream)
    except (ValueError, EOFError) as error:
        raise QSpecError(f"{_capital(what)} is not in the npy format ({str(error).rstrip('.')}).") from error
    if dtype.hasobject:
        raise QSpecError(
            f"{_capital(what)} holds pickled Python objects, which are never read because loading them runs code.",
            hint="save it with a plain type: numbers, booleans or fixed-width text",
        )
    return Header(shape, dtype, by_rows=not by_columns or len(shape) < 2)


def read_array(stream: IO[bytes], what: str) -> Array:
    """The array in `stream`, never unpickled; a short or damaged stream is a `QSpecError`."""
    try:
        array: Array = npy_format.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise QSpecError(f"{_capital(what)} cannot be read ({str(error).rstrip('.')}).") from error
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

    def load() -> Array:
        with path.open("rb") as stream:
            return read_array(stream, path.name)

    column = Stored(path, start, header, path.name, load) if header.by_rows else load
    return Table({"data": column}, header.shape[0], path.name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text.startswith("the ") else text
