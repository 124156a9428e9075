"""Parquet: columns of numbers, booleans, texts, dates as texts, and lists of equal length, read one at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.footer import read_groups
from qspec.data.table import Table
from qspec.errors import NotExecutableError, Place, QSpecError


@registry.register("parquet", aliases=("pq",))
def read_parquet(path: Path, limits: Limits) -> Table:
    """The columns of a Parquet file; a column is decoded when it is first asked for.

    Nulls are refused but in columns of floats, where they read as NaN. A list column must hold lists of one length.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise NotExecutableError(
            "Parquet files need the package pyarrow, which is not installed.",
            hint='pip install "qspec[parquet]"',
        ) from None
    try:
        file = parquet.ParquetFile(path, memory_map=False, thrift_string_size_limit=64 << 20)
        groups = read_groups(path)
        if sum(group.rows for group in groups) != file.metadata.num_rows:
            raise ValueError("its groups have other rows than the whole")
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise QSpecError(
            f"{path.name} is not a complete Parquet file.", place=Place(str(path)), hint=str(error)
        ) from None
    names = [str(name) for name in file.schema_arrow.names]
    limits.check("columns", len(names), f"The number of columns of {path.name}")
    limits.check("rows", file.metadata.num_rows, f"The number of rows of {path.name}")
    for column in file.schema_arrow:  # a run of one value takes no room in the file and all of it in memory
        if arrow.types.is_primitive(column.type):
            size = file.metadata.num_rows * column.type.bit_width // 8
            limits.check("decompressed_bytes", size, f"The column {column.name!r} of {path.name}, in bytes,")
    for group in groups:
        limits.check("decompressed_bytes", group.nbytes, f"A row group of {path.name}, in bytes,")
    if len(set(names)) != len(names):
        raise QSpecError(f"{path.name} holds two columns of one name.", place=Place(str(path)))
    starts = np.cumsum([0, *(group.rows for group in groups)])
    sizes = {name: sum(group.sizes.get(name, 0) for group in groups) for name in names}
    loaders = {name: _Groups(path, name, limits, starts, sizes[name]) for name in names}
    return Table(loaders, rows=file.metadata.num_rows, source=path.name)


@dataclass
class _Groups:
    """A column in groups of rows, of which the one read last is kept."""

    path: Path
    name: str
    limits: Limits
    starts: NDArray[np.int64]
    """The first row of each group, and the number of all rows."""
    nbytes: int
    """Size of the column as the file has it, in bytes; repeated values may take more in memory."""
    _kept: tuple[int, NDArray[Any]] = field(default=(-1, np.empty(0)), repr=False)

    def __call__(self) -> NDArray[Any]:
        """The whole column."""
        return _column(self.path, self.name, self.limits)

    def take(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The rows `indices`, in that order, decoding no group but theirs."""
        owners = np.searchsorted(self.starts, indices, side="right") - 1
        cuts = np.flatnonzero(np.diff(owners)) + 1
        parts = [
            self._group(int(owners[run[0]]))[indices[run] - self.starts[owners[run[0]]]]
            for run in np.split(np.arange(len(indices)), cuts)
            if len(run)
        ]
        if len({part.shape[1:] for part in parts}) > 1:
            raise _ragged(self.name, self.path)
        return parts[0] if len(parts) == 1 else np.concatenate(parts or [self._group(0)[:0]])

    def _group(self, index: int) -> NDArray[Any]:
        if self._kept[0] != index:
            self._kept = index, _column(self.path, self.name, self.limits, index)
        return self._kept[1]


def _column(path: Path, name: str, limits: Limits, group: int | None = None) -> NDArray[Any]:
    """The column as an array, of one group of rows or of all."""
    import pyarrow as arrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, memory_map=False, thrift_string_size_limit=64 << 20) as file:
            read = file.read if group is None else partial(file.read_row_group, group)
            column = read(columns=[name]).column(0).combine_chunks()
    except (arrow.ArrowException, OSError) as error:
        raise QSpecError(f"The column {name!r} of {path.name} cannot be decoded.", hint=str(error)) from None
    limits.check("decompressed_bytes", column.nbytes, f"The column {name!r} of {path.name}, in bytes,")
    try:
        return _array(column, name, path)
    # Bytes that are no UTF-8, dates past the last year, decimals wider than any: Arrow looks at them only now.
    except (arrow.ArrowException, ValueError, OverflowError) as error:
        raise QSpecError(
            f"The column {name!r} of {path.name} holds a value that cannot be read: {str(error).rstrip('.')}.",
            place=Place(str(path)),
            hint="write the file again from its source",
        ) from None


def _array(column: Any, name: str, path: Path) -> NDArray[Any]:
    import pyarrow as arrow
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return _array(column.dictionary_decode(), name, path)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _lists(column, name, path)
    if column.null_count and not types.is_floating(kind):
        raise QSpecError(
            f"The column {name!r} of {path.name} has {column.null_count} missing values.",
            hint="fill them, or leave those rows out",
        )
    if types.is_string(kind) or types.is_large_string(kind):
        return np.array(column.to_pylist(), dtype=np.str_)
    if types.is_temporal(kind):
        return np.array([str(value) for value in column.to_pylist()], dtype=np.str_)
    if types.is_decimal(kind):
        column = column.cast(arrow.float64())
    elif not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        raise QSpecError(
            f"The column {name!r} of {path.name} holds {kind}, which is not read.",
            hint="columns hold numbers, booleans, texts, dates, or lists of numbers of one length",
        )
    array: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return array


def _lists(column: Any, name: str, path: Path) -> NDArray[Any]:
    """A column of lists as an array with one more axis; nested lists add one each."""
    lengths = (
        set(column.value_lengths().to_pylist())
        if hasattr(column, "value_lengths")
        else {column.type.list_size}
    )
    if len(lengths) != 1 or None in lengths:
        raise _ragged(name, path)
    inner = _array(column.flatten(), name, path)
    length = int(lengths.pop())
    return inner.reshape(len(column), length, *inner.shape[1:])


def _ragged(name: str, path: Path) -> QSpecError:
    return QSpecError(
        f"The lists in the column {name!r} of {path.name} differ in length, or are missing.",
        hint="pad them to one length, or store each in columns of its own",
    )
