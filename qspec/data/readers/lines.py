"""Plain text, one example a line, as translations and transcripts are passed on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from qspec.data.limits import Limits
from qspec.data.readers import registry
from qspec.data.readers.text import read_text
from qspec.data.table import Table


@registry.register("txt")
def read_lines(path: Path, limits: Limits) -> Table:
    """The column `text`, a line each, and `line`, its number from 1; an empty line is an empty text.

    Lines end in a line feed, with or without a carriage return; the end of the file ends no further line.
    """
    lines = read_text(path, limits).replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    limits.check("rows", len(lines), f"The number of lines of {path.name}")
    longest = max(map(len, lines), default=0)
    limits.check("decompressed_bytes", 4 * longest * len(lines), f"The text of {path.name}, held in bytes,")
    numbers = np.arange(1, len(lines) + 1, dtype=np.int64)
    return Table.of({"text": np.asarray(lines, dtype=np.str_), "line": numbers}, path.name)
