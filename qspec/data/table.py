"""A table of columns, each an array whose first axis counts the rows, read when first asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qspec.errors import LimitError, QSpecError, breaking

Array = NDArray[Any]

WHOLE = 64 << 20
"""Bytes up to which a column is held in memory whole; a larger one is read by rows where its file allows it."""


@runtime_checkable
class ByRows(Protocol):
    """A loader that can also read some rows of its column alone."""

    nbytes: int
    """Size of the column in memory."""

    def take(self, indices: NDArray[np.int64]) -> Array:
        """The rows `indices`, in that order."""


class Table:
    """Columns by name with the same number of rows; a column is read on first use and then kept."""

    def __init__(self, loaders: Mapping[str, Callable[[], Array]], rows: int, source: str) -> None:
        self._loaders, self._columns = dict(loaders), dict[str, Array]()
        self.rows, self.source = rows, source

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Array],
        source: str = "table",
        *,
        rows: int | None = None,
        unread: Mapping[str, QSpecError] | None = None,
    ) -> Table:
        """A table of arrays that are already in memory; raises `QSpecError` when their lengths differ.

        A column that is `unread` is there, and raises its error when it is asked for. Where all may be, `rows` counts.
        """
        lengths = {name: len(column) if column.ndim else None for name, column in columns.items()}
        loaders: dict[str, Callable[[], Array]] = {
            **{name: partial(np.asarray, column) for name, column in columns.items()},
            **{name: partial(refuse, error) for name, error in (unread or {}).items()},
        }
        count = same_length(lengths, source) if columns or not loaders or rows is None else rows
        table = cls(loaders, rows=count, source=source)
        table._columns.update(columns)
        return table

    @property
    def names(self) -> list[str]:
        """The names of the columns, in the order of the file."""
        return list(self._loaders)

    def __len__(self) -> int:
        return self.rows

    def __contains__(self, name: object) -> bool:
        return name in self._loaders

    def require(self, name: str) -> None:
        """Raise `QSpecError`, with the nearest name there is, unless a column is called `name`; nothing is read."""
        if name not in self._loaders:
            near = difflib.get_close_matches(name, self.names, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise QSpecError(
                f"{self.source} has no column {name!r}.",
                hint=f"{hint}its columns are {listed(self.names)}",
                rule="QS903",
            )

    def column(self, name: str) -> Array:
        """The column `name`, first axis the rows, not writable; raises `QSpecError` when there is none."""
        self.require(name)
        if name not in self._columns:
            with breaking("QS900"):
                column = self._loaders[name]()
            if len(column) != self.rows:  # metadata that say another number of rows than there are
                raise QSpecError(
                    f"{self.source} says that it has {self.rows:,} rows, and its column {name!r} holds {len(column):,}.",
                    hint="the file may be damaged: copy or export it again, and pin it with its sha256",
                    rule="QS900",
                )
            column.flags.writeable = False
            self._columns[name] = column
        return self._columns[name]

    def readable(self) -> tuple[dict[str, Array], dict[str, QSpecError]]:
        """Every column that can be read, and why each other one cannot; `LimitError` passes."""
        columns: dict[str, Array] = {}
        errors: dict[str, QSpecError] = {}
        for name in self.names:
            try:
                columns[name] = self.column(name)
            except LimitError:
                raise
            except QSpecError as error:
                errors[name] = error
        return columns, errors

    def alias(self, name: str, column: str) -> None:
        """Let `name` mean `column` too; a column that bears the name itself keeps it."""
        if name not in self._loaders and column in self._loaders:
            self._loaders[name] = partial(self.column, column)

    def put(self, name: str, column: Array) -> None:
        """Put a column of as many rows in place of that called `name`, or beside the others."""
        self._loaders[name] = partial(np.asarray, column)
        self._columns.pop(name, None)

    def take(self, name: str, indices: NDArray[np.int64]) -> Array:
        """The rows `indices` of column `name`, as an array of their own."""
        loader = self._loaders.get(name)
        if name not in self._columns and isinstance(loader, ByRows) and loader.nbytes > WHOLE:
            return loader.take(indices)
        return self.column(name)[indices]


def refuse(error: QSpecError) -> Array:
    """What loads a column that could not be read."""
    raise error


def scalar(name: str, source: str) -> QSpecError:
    """The error for an array without rows."""
    return QSpecError(f"The array {name!r} in {source} is a single value, not a column.")


def same_length(lengths: Mapping[str, int | None], source: str) -> int:
    """The one number of rows of all columns; None stands for a scalar, which is no column."""
    if not lengths:
        raise QSpecError(f"{source} holds no columns.")
    for name, length in lengths.items():
        if length is None:
            raise scalar(name, source)
    (first, rows), *rest = lengths.items()
    for name, length in rest:
        if length != rows:
            raise QSpecError(
                f"The columns of {source} differ in length: {first!r} has {rows} rows and {name!r} has {length}.",
                hint="keep arrays that are not one value a row in a file of their own",
            )
    return int(rows or 0)


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names for a message, the first `most` of them."""
    every = list(names)
    shown = ", ".join(every[:most]) or "none"
    return f"{shown} and {len(every) - most} more" if len(every) > most else shown
