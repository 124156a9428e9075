"""Parquet columns come out as arrays, and what is no column is a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet

from qspec.data.limits import Limits
from qspec.data.source import open_table
from qspec.data.table import Table
from qspec.errors import LimitError, QSpecError


def write(folder: Path, **columns: object) -> Path:
    parquet.write_table(arrow.table(columns), folder / "x.parquet")
    return folder


def test_columns_of_every_kind_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        number=[1, 2, 3],
        share=[0.5, None, 1.0],
        flag=[True, False, True],
        word=["a", "b", "ä"],
        kind=arrow.array(["x", "y", "x"]).dictionary_encode(),
        vector=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        image=[[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[0, 0], [0, 0]]],
    )
    table = open_table(tmp_path, "x.parquet")
    assert table.rows == 3
    assert table.column("number").tolist() == [1, 2, 3]
    assert np.isnan(table.column("share")[1])
    assert table.column("flag").dtype == bool
    assert table.column("word").tolist() == ["a", "b", "ä"]
    assert table.column("kind").tolist() == ["x", "y", "x"]
    assert table.column("vector").shape == (3, 2)
    assert table.column("image").shape == (3, 2, 2)
    assert table.column("image")[1].tolist() == [[5, 6], [7, 8]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"n": [1, None]}, "missing"),
        ({"v": [[1], [1, 2]]}, "differ in length"),
        ({"s": [{"a": 1}]}, "not read"),
    ],
)
def test_what_is_no_column_is_a_sentence(tmp_path: Path, columns: dict[str, object], message: str) -> None:
    table = open_table(write(tmp_path, **columns), "x.parquet")
    with pytest.raises(QSpecError, match=message):
        table.column(next(iter(columns)))


def test_a_truncated_file_is_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, n=list(range(1000)))
    path = tmp_path / "x.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(QSpecError, match="not a complete Parquet"):
        open_table(tmp_path, "x.parquet")


def test_caps_hold_before_anything_is_decoded(tmp_path: Path) -> None:
    write(tmp_path, n=np.zeros(100_000))
    with pytest.raises(LimitError, match="decompressed-bytes"):
        open_table(tmp_path, "x.parquet", limits=Limits(decompressed_bytes=1000))


def test_a_column_of_another_length_than_the_footer_says_is_refused() -> None:
    table = Table({"y": lambda: np.zeros(3)}, rows=8, source="d.parquet")
    with pytest.raises(QSpecError, match="says that it has 8 rows, and its column 'y' holds 3"):
        table.column("y")


def misspelt() -> arrow.Array:
    """Two texts, the first of bytes that are no UTF-8."""
    good = arrow.array(["ab", "cd"])
    return arrow.Array.from_buffers(
        arrow.string(), 2, [None, good.buffers()[1], arrow.py_buffer(b"\xe1\x28cd")]
    )


@pytest.mark.parametrize(
    "column",
    [
        misspelt(),
        arrow.array([1 << 62, 0], arrow.timestamp("us")),
        arrow.array([2**31 - 1, 0], arrow.int32()).cast(arrow.date32()),
    ],
    ids=["no UTF-8", "a time past the last year", "a date past the last year"],
)
def test_a_value_that_cannot_be_read_is_a_sentence(tmp_path: Path, column: arrow.Array) -> None:
    table = open_table(write(tmp_path, a=column), "x.parquet")
    with pytest.raises(
        QSpecError, match=r"The column 'a' of x\.parquet (holds a value that|cannot be decoded)"
    ):
        table.column("a")
