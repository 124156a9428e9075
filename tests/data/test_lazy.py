"""Large columns are read by the rows that are asked for, and come out as if they had been read whole."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from qspec.data import examples, table
from qspec.data.pipeline import Steps
from qspec.data.source import open_table
from qspec.data.table import ByRows, Table
from qspec.errors import QSpecError
from qspec.lang.read_back import metric_term
from qspec.model.artifact import Columns, Dataset
from qspec.model.evaluation import Pipeline

X = np.random.default_rng(0).normal(size=(50, 3, 2)).astype(np.float32)
WORDS = np.asarray([f"word {i} ü" * (i % 3 + 1) for i in range(50)])
DATASET = Dataset(inputs=Columns(image="x"))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every column is too large to be held whole."""
    monkeypatch.setattr(table, "WHOLE", 0)
    monkeypatch.setattr(examples, "WHOLE", 0)


def archive(path: Path, compressed: bool = False) -> None:
    (np.savez_compressed if compressed else np.savez)(path, x=X, w=WORDS, f=np.asfortranarray(X[:, 0]))


def saved(path: Path) -> Table:
    """The same columns in a file of the kind that the path names."""
    if path.suffix == ".npy":
        np.save(path, X)
    elif path.suffix == ".npz":
        archive(path)
    else:
        columns = {"x": pa.array(X.tolist(), pa.list_(pa.list_(pa.float32()))), "w": pa.array(WORDS.tolist())}
        parquet.write_table(pa.table(columns), path, row_group_size=7)
    return open_table(path.parent, path.name)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.parquet"])
@pytest.mark.parametrize(
    "rows", [[0], [49], [3, 4, 5, 9], [20, 3, 3, 48, 0], list(range(50)), []], ids=lambda rows: str(len(rows))
)
def test_rows_are_read_in_the_order_asked_for(name: str, rows: list[int], tmp_path: Path) -> None:
    opened, at = saved(tmp_path / name), np.asarray(rows, np.int64)
    column = "data" if name == "a.npy" else "x"
    assert isinstance(opened._loaders[column], ByRows)
    assert np.array_equal(opened.take(column, at), X[at])
    if name != "a.npy":
        assert opened.take("w", at).tolist() == WORDS[at].tolist()
    assert not opened._columns, "nothing was read whole"
    assert np.array_equal(opened.column(column), X)


def test_what_does_not_lie_by_rows_is_read_whole(tmp_path: Path) -> None:
    archive(tmp_path / "a.npz")
    archive(tmp_path / "c.npz", compressed=True)
    stored, packed = open_table(tmp_path, "a.npz"), open_table(tmp_path, "c.npz")
    assert not isinstance(stored._loaders["f"], ByRows)
    assert not isinstance(packed._loaders["x"], ByRows)
    at = np.asarray([7, 2])
    assert np.array_equal(stored.take("f", at), X[at, 0])
    assert np.array_equal(packed.take("x", at), X[at])


def test_a_file_cut_short_behind_our_back_is_a_sentence(tmp_path: Path) -> None:
    opened = saved(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-10])
    assert np.array_equal(opened.take("data", np.arange(40)), X[:40])
    with pytest.raises(QSpecError, match=r"a\.npy ends before row 49"):
        opened.take("data", np.arange(50))


def test_a_member_that_is_not_where_the_index_says_is_a_sentence(tmp_path: Path) -> None:
    archive(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        place = file.getinfo("w.npy").header_offset
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[place : place + 4] = b"none"
    (tmp_path / "a.npz").write_bytes(bytes(data))
    with pytest.raises(QSpecError, match="not a complete npz archive"):
        open_table(tmp_path, "a.npz")


def lazy(array: np.ndarray, *steps: str) -> Any:
    """The one input of a data set over an array, after some transforms."""
    terms = [term for text in steps if (term := metric_term(text)) is not None]
    pipeline = Steps(Pipeline(pre=terms))
    rows = np.arange(len(array), dtype=np.int64)[::-1]
    return examples.columns(DATASET, Table.of({"x": array}), rows, pipeline)["image"]


def test_inputs_are_transformed_as_they_are_asked_for() -> None:
    column = lazy(X, "reshape(6)", "scale(2)")
    assert isinstance(column, examples.Lazy)
    expected = 2 * X[::-1].reshape(50, 6)
    assert (len(column), column.shape, column.dtype) == (50, (50, 6), np.float32)
    assert np.array_equal(column[10:20], expected[10:20])
    assert np.array_equal(column[np.asarray([4, 1])], expected[[4, 1]])


def test_an_input_that_is_not_finite_is_named_by_its_place_among_all() -> None:
    bad = X.copy()
    bad[5] = np.nan
    column = lazy(bad)
    assert np.array_equal(column[0:44], X[::-1][:44])
    with pytest.raises(QSpecError, match="first in example 44"):
        column[40:50]


def test_examples_of_other_shapes_than_the_first_are_refused(tmp_path: Path) -> None:
    lists = pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0, 7.0]], pa.list_(pa.float32()))
    parquet.write_table(pa.table({"x": lists}), tmp_path / "a.parquet", row_group_size=1)
    opened = open_table(tmp_path, "a.parquet")
    column = examples.columns(DATASET, opened, np.arange(3))["image"]
    assert column[0:2].tolist() == [[1, 2], [3, 4]]
    with pytest.raises(QSpecError, match=r"differ in shape: \(3,\) and \(2,\)"):
        column[2:3]
    with pytest.raises(QSpecError, match="differ in length"):
        column[0:3]


def test_no_more_is_in_memory_than_is_asked_for(tmp_path: Path) -> None:
    opened = saved(tmp_path / "a.npz")
    column = examples.columns(DATASET, opened, np.arange(50))["image"]
    assert [len(column[start : start + 8]) for start in range(0, 50, 8)] == [8] * 6 + [2]
    assert not opened._columns


def test_a_step_for_an_input_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(QSpecError, match="A transform is for the input picture"):
        lazy(X, "scale(2, input: picture)")
