"""NumPy archives (`.npz`): sizes are read from the headers before anything is decompressed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.npy import Header, read_array, read_header
from qspec.data.table import Array, Table, same_length
from qspec.errors import Place, QSpecError

# An encrypted member or an unknown compression raises RuntimeError or a subclass of it.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


@registry.register("npz")
def read_npz(path: Path, limits: Limits) -> Table:
    """The arrays of an archive as columns; headers are read now, data when a column is asked for."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            limits.check("columns", len(members), f"The number of arrays in {path.name}")
            headers = {
                info.filename.removesuffix(".npy"): _header(archive, info, path, limits) for info in members
            }
    except _DAMAGE as error:
        raise _broken(path, error) from error
    if len(headers) != len(members):
        raise QSpecError(f"{path.name} holds two arrays of the same name.", place=Place(str(path)))
    lengths = {name: header.shape[0] if header.shape else None for name, header in headers.items()}
    return Table({name: _loader(path, name) for name in headers}, same_length(lengths, path.name), path.name)


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, limits: Limits) -> Header:
    what = f"The array {info.filename.removesuffix('.npy')} of {path.name}, decompressed,"
    limits.check("decompressed_bytes", info.file_size, what)
    with archive.open(info) as stream:
        header = read_header(stream, f"the array {info.filename} in {path.name}")
    limits.check("decompressed_bytes", header.nbytes, what)
    if header.nbytes > info.file_size:
        raise QSpecError(
            f"The array {info.filename} in {path.name} declares {header.nbytes:,} bytes of data and its member holds "
            f"{info.file_size:,}.",
            place=Place(str(path)),
        )
    return header


def _loader(path: Path, name: str) -> Callable[[], Array]:
    def load() -> Array:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as stream:
                return read_array(stream, f"the array {name} in {path.name}")
        except _DAMAGE as error:
            raise _broken(path, error) from error

    return load


def _broken(path: Path, error: Exception) -> QSpecError:
    return QSpecError(
        f"{path.name} is not a complete npz archive ({str(error).rstrip('.')}).",
        place=Place(str(path)),
        hint="the file may be truncated: copy or build it again, and pin it with its sha256",
    )
