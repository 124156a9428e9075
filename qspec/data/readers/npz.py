"""NumPy archives (`.npz`): sizes are read from the headers before anything is decompressed."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from qspec.data.archives import DAMAGE
from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.npy import Header, Stored, read_array, read_header
from qspec.data.table import Array, Table, refuse, same_length, scalar
from qspec.errors import Place, QSpecError

_ENCRYPTED = 1
"""The bit of a member's flags that says so."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What NumPy writes; of other methods the decoders are not even started."""


@registry.register("npz")
def read_npz(path: Path, limits: Limits) -> Table:
    """The arrays of an archive as columns; headers are read now, data when a column is asked for.

    A single value among them is no column, and an error when it is asked for as one.

    Of a large array that is stored uncompressed, as `numpy.savez` writes it, only the rows asked for are read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            limits.check("columns", len(members), f"The number of arrays in {path.name}")
            headers = {
                info.filename.removesuffix(".npy"): _header(archive, info, path, limits) for info in members
            }
            places = {
                info.filename.removesuffix(".npy"): _start(path, info)
                for info in members
                if info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & _ENCRYPTED
            }
    except DAMAGE as error:
        raise _broken(path, error) from error
    if len(headers) != len(members):
        raise QSpecError(f"{path.name} holds two arrays of the same name.", place=Place(str(path)))
    lengths = {name: header.shape[0] if header.shape else None for name, (header, _) in headers.items()}
    columns = {name: length for name, length in lengths.items() if length is not None}
    loaders: dict[str, Callable[[], Array]] = {}
    for name, (header, after) in headers.items():
        load = _loader(path, name)
        by_rows = header.by_rows and name in places
        what = f"the array {name} in {path.name}"
        if name not in columns:
            loaders[name] = partial(refuse, scalar(name, path.name))
        else:
            loaders[name] = Stored(path, places[name] + after, header, what, load) if by_rows else load
    return Table(loaders, same_length(columns or lengths, path.name), path.name)


def _start(path: Path, info: zipfile.ZipInfo) -> int:
    """Where the data of a member begin: behind its own header, whose two names may differ in length from the index's."""
    with path.open("rb") as stream:
        stream.seek(info.header_offset)
        local = stream.read(30)
    if len(local) != 30 or local[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"no member begins at byte {info.header_offset}")
    name, extra = struct.unpack("<HH", local[26:30])
    return info.header_offset + 30 + int(name) + int(extra)


def _header(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, limits: Limits
) -> tuple[Header, int]:
    """The header of an array, and how many bytes of its member stand before the data."""
    what = f"The array {info.filename.removesuffix('.npy')} of {path.name}, decompressed,"
    limits.check("decompressed_bytes", info.file_size, what)
    if info.compress_type not in _METHODS:
        raise QSpecError(
            f"The array {info.filename} in {path.name} is packed by a method that NumPy does not use.",
            place=Place(str(path)),
            hint="save it again with numpy.savez or numpy.savez_compressed",
        )
    with archive.open(info) as stream:
        header = read_header(stream, f"the array {info.filename} in {path.name}")
        after = stream.tell()
    limits.check("decompressed_bytes", header.nbytes, what)
    if header.nbytes > info.file_size:
        raise QSpecError(
            f"The array {info.filename} in {path.name} declares {header.nbytes:,} bytes of data and its member holds "
            f"{info.file_size:,}.",
            place=Place(str(path)),
        )
    return header, after


def _loader(path: Path, name: str) -> Callable[[], Array]:
    def load() -> Array:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as stream:
                return read_array(stream, f"the array {name} in {path.name}")
        except DAMAGE as error:
            raise _broken(path, error) from error

    return load


def _broken(path: Path, error: Exception) -> QSpecError:
    return QSpecError(
        f"{path.name} is not a complete npz archive ({str(error).rstrip('.')}).",
        place=Place(str(path)),
        hint="the file may be truncated: copy or build it again, and pin it with its sha256",
    )
