"""A source text with its lines, so that an offset can be told as people and editors count."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

from qspec.errors import LimitError, Place, QSpecError, cap

MAX_BYTES = 4 << 20


class Span(NamedTuple):
    """Half-open range of character offsets into a source text."""

    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """The text of one document and the path it came from."""

    path: str
    text: str

    @cached_property
    def line_starts(self) -> array[int]:
        """Offset of the first character of every line."""
        starts = array("L", [0])
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from one, the column in characters."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def place(self, offset: int) -> Place:
        """The offset as a place that an error can name."""
        return Place(self.path, *self.position(offset))

    def line(self, number: int) -> str:
        """The text of line `number`, counted from one, without its line end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


def read_capped(stream: IO[bytes], where: Place) -> bytes:
    """All of a stream; raises `LimitError` for more than a spec may have, and reads no further.

    A pipe or a device tells no size, so the cap is on what is read.
    """
    most = cap("spec-bytes", MAX_BYTES)
    data = stream.read(most + 1)
    if len(data) > most:
        raise LimitError.over("spec-bytes", most, "The file has more bytes than a spec may have", place=where)
    return data


def read_source(path: Path) -> Source:
    """Read a document; raises `QSpecError` for a folder, a missing file, other encodings, or an oversized file."""
    where = Place(str(path))
    try:
        if path.is_dir():
            raise QSpecError(
                "This is a directory, and a spec is a file.",
                place=where,
                hint=f"name a file, for example {path}/*.qspec",
            )
        with path.open("rb") as stream:
            data = read_capped(stream, where)
    except FileNotFoundError:
        raise QSpecError(
            "There is no such file.", place=where, hint="check the path; `qspec init` writes a new spec"
        ) from None
    except OSError as error:
        raise QSpecError(f"The file cannot be read: {error.strerror}.", place=where) from None
    except ValueError:
        raise QSpecError("This is no path: it holds a null character.", place=where) from None
    return decode_source(data, str(path))


def decode_source(data: bytes, path: str) -> Source:
    """Decode UTF-8 (a byte-order mark is dropped); raises `QSpecError` naming the first byte that is not."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise QSpecError(
            f"Byte 0x{data[error.start]:02x} is not UTF-8, which every spec is written in.",
            place=Place(path, line, column),
            hint="save the file as UTF-8",
        ) from None
    return Source(path, text)
