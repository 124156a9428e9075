"""The caps that keep a hostile data set or model file from filling memory or disk."""

from __future__ import annotations

from dataclasses import dataclass

from qspec import errors

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on what is read; each error names its cap and says how to raise it."""

    file_bytes: int = 16 * GIB
    """Size of one file on disk, in bytes."""
    decompressed_bytes: int = 8 * GIB
    """Size of one column once decompressed, in bytes."""
    columns: int = 4096
    """Columns of a table."""
    rows: int = 100_000_000
    """Rows of a table."""
    text_bytes: int = GIB
    """Size of a text file (CSV, JSON lines), which is held in memory whole, in bytes."""
    nodes: int = 200_000
    """Nodes of a graph, its functions written out."""
    image_pixels: int = 64_000_000
    """Pixels of one image, whatever the size of its file."""
    strata: int = 10_000
    """Strata of one stratification."""

    def check(self, cap: str, value: int, what: str) -> None:
        """Raise `LimitError` when `value` is over the cap named `cap`; `what` names the thing that is too big."""
        name = cap.replace("_", "-")
        most = errors.cap(name, int(getattr(self, cap)))
        if value > most:
            raise errors.LimitError.over(name, most, f"{what} comes to {value:,}")


DEFAULT_LIMITS = Limits()
"""The caps that hold unless others are given."""
