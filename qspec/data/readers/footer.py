"""What the footer of a Parquet file says of its groups of rows, read without native code.

pyarrow ends the process when a group's description contradicts itself (in the histogram of its levels, say), before
Python can say anything. Only the rows and sizes of groups are taken here, from Thrift's compact protocol
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) by the field numbers of Parquet's
definition (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAGIC = b"PAR1"
_MOST_BYTES = 64 << 20
_MOST_DEPTH = 16
_STRUCT, _LIST, _SET, _MAP, _BINARY, _DOUBLE, _BYTE = 12, 9, 10, 11, 8, 7, 3
_TRUE, _FALSE = 1, 2
_WHOLE = frozenset({4, 5, 6})


@dataclass(frozen=True, slots=True)
class Group:
    """A group of rows: how many, and the bytes that each column takes once it is decompressed."""

    rows: int
    sizes: dict[str, int]

    @property
    def nbytes(self) -> int:
        """Bytes of all columns, decompressed."""
        return sum(self.sizes.values())


def read_groups(path: Path) -> list[Group]:
    """The groups of rows of a file, in its order; raises `ValueError` for a footer that is none."""
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        stream.seek(max(end - 8, 0))
        last = stream.read(8)
        length = int.from_bytes(last[:4], "little")
        if last[4:] != _MAGIC or not 0 < length <= min(end - 8, _MOST_BYTES):
            raise ValueError("its end is not that of a Parquet file")
        stream.seek(end - 8 - length)
        data = stream.read(length)
    try:
        fields = _Reader(data).struct(0)
        return [_group(one) for one in fields[4]]
    except (IndexError, KeyError, TypeError, UnicodeDecodeError, AttributeError):
        raise ValueError("its footer is not complete") from None


def _group(fields: dict[int, Any]) -> Group:
    """RowGroup: 1 columns, 3 rows; ColumnChunk: 3 metadata; ColumnMetaData: 3 path, 6 size once decompressed."""
    sizes: dict[str, int] = {}
    for chunk in fields[1]:
        name, size = chunk[3][3][0].decode("utf-8"), int(chunk[3][6])
        sizes[name] = sizes.get(name, 0) + size
    rows = int(fields[3])
    if rows < 0 or min(sizes.values(), default=0) < 0:
        raise ValueError("its footer tells of fewer rows or bytes than none")
    return Group(rows, sizes)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while True:
            piece = self.byte()
            value |= (piece & 0x7F) << shift
            if piece < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise IndexError

    def whole(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def bytes(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise IndexError
        self.at += size
        return self.data[self.at - size : self.at]

    def struct(self, depth: int) -> dict[int, Any]:
        if depth > _MOST_DEPTH:
            raise IndexError
        found: dict[int, Any] = {}
        number = 0
        while (head := self.byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self.whole()
            kind = head & 0x0F
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self.value(kind, depth + 1)
        return found

    def value(self, kind: int, depth: int) -> Any:
        if kind in _WHOLE:
            return self.whole()
        if kind == _BINARY:
            return self.bytes(self.varint())
        if kind == _STRUCT:
            return self.struct(depth)
        if kind in (_LIST, _SET):
            return self.list(depth)
        if kind == _MAP:
            return self.map(depth)
        if kind in (_TRUE, _FALSE, _BYTE):
            return self.byte()
        if kind == _DOUBLE:
            return self.bytes(8)
        raise IndexError

    def list(self, depth: int) -> list[Any]:
        head = self.byte()
        size = self.varint() if head >> 4 == 15 else head >> 4
        if depth > _MOST_DEPTH or size > len(self.data) - self.at:  # an element takes a byte at least
            raise IndexError
        return [self.value(head & 0x0F, depth + 1) for _ in range(size)]

    def map(self, depth: int) -> None:
        size = self.varint()
        kinds = self.byte() if size else 0
        if depth > _MOST_DEPTH or size > len(self.data) - self.at:
            raise IndexError
        for _ in range(size):
            self.value(kinds >> 4, depth + 1)
            self.value(kinds & 0x0F, depth + 1)
