"""Single NumPy arrays (`.npy`): the header is judged before the data, and pickled objects are refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy_format

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.table import Array, Table
from qspec.errors import Place, QSpecError


@dataclass(frozen=True, slots=True)
class Header:
    """Shape and type of an array in a file."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def nbytes(self) -> int:
        """Size of the array's data, in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], what: str) -> Header:
    """The header of the npy data in `stream`; `what` names it in messages."""
    try:
        version = npy_format.read_magic(stream)
        reader = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, _, dtype = reader(stream)
    except (ValueError, EOFError) as error:
        raise QSpecError(f"{_capital(what)} is not in the npy format ({str(error).rstrip('.')}).") from error
    if dtype.hasobject:
        raise QSpecError(
            f"{_capital(what)} holds pickled Python objects, which are never read because loading them runs code.",
            hint="save it with a plain type: numbers, booleans or fixed-width text",
        )
    return Header(shape, dtype)


def read_array(stream: IO[bytes], what: str) -> Array:
    """The array in `stream`, never unpickled; a short or damaged stream is a `QSpecError`."""
    try:
        array: Array = npy_format.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise QSpecError(f"{_capital(what)} cannot be read ({str(error).rstrip('.')}).") from error
    return array


@registry.register("npy")
def read_npy(path: Path, limits: Limits) -> Table:
    """One array as a table with the one column `data`; the file is mapped, not copied, when it is read."""
    with path.open("rb") as stream:
        header = read_header(stream, path.name)
    limits.check("decompressed_bytes", header.nbytes, f"The array in {path.name}")
    if not header.shape:
        raise QSpecError(f"{path.name} holds a single value, not a column.", place=Place(str(path)))

    def load() -> Array:
        with path.open("rb") as stream:
            return read_array(stream, path.name)

    return Table({"data": load}, header.shape[0], path.name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text.startswith("the ") else text
