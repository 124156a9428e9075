"""Plain text is one example a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qspec.data.limits import Limits
from qspec.data.source import open_table
from qspec.errors import LimitError


def test_each_line_is_an_example(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes("eins\r\n\r\ndrei ü\n".encode())
    table = open_table(tmp_path, "t.txt")
    assert table.column("text").tolist() == ["eins", "", "drei ü"]
    assert np.array_equal(table.column("line"), [1, 2, 3])


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes("a\rb\u2028c\x0cd\x85e\r\nf\r\r\n".encode())
    assert open_table(tmp_path, "t.txt").column("text").tolist() == ["a\rb\u2028c\x0cd\x85e", "f\r"]


def test_one_long_line_among_many_may_not_fill_memory(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("a\n" * 1000 + "b" * 1000)
    with pytest.raises(LimitError, match="decompressed-bytes"):
        open_table(tmp_path, "t.txt", limits=Limits(decompressed_bytes=1 << 20))
