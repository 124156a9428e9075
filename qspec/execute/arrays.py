"""Columns of numbers in one file: the same arrays give the same bytes, and nothing in it is ever unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from qspec.data.archives import DAMAGE
from qspec.errors import LimitError, QSpecError, cap

MOST_BYTES = 8 << 30
# The earliest date a zip file can hold: a fixed one, since the bytes must not depend on the clock.
_DATE = (1980, 1, 1, 0, 0, 0)


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays as an uncompressed `.npz`; raises QSpecError for arrays of Python objects."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            array = np.ascontiguousarray(arrays[name]) if np.ndim(arrays[name]) else np.asarray(arrays[name])
            if array.dtype.hasobject:
                raise QSpecError(f"The column {name!r} holds Python objects, which are never stored.")
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _DATE), "w", force_zip64=True) as member:
                # As it lies: `write_array` copies in pieces.
                npy.write_array_header_1_0(member, npy.header_data_from_array_1_0(array))
                member.write(array.reshape(-1).view(np.uint8).data)


def load_arrays(path: Path, most_bytes: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Read what `save_arrays` wrote; raises QSpecError for another kind of file, LimitError over `most_bytes`."""
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(info.file_size for info in archive.infolist())
        if total > (most := cap("stored-bytes", most_bytes)):
            raise LimitError.over(
                "stored-bytes", most, f"The size of the columns in {path}, in bytes, comes to {total:,}"
            )
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except DAMAGE as error:
        raise QSpecError(
            f"{path} does not hold stored columns: {error}.", hint="remove it, and run again"
        ) from error
