"""CSV and JSON lines: types of columns, and what is wrong with a file, by line."""

import numpy as np
import pytest

from qspec.data.limits import Limits
from qspec.data.source import open_table
from qspec.errors import LimitError, QSpecError


def read(tmp_path, name, text, **more):
    (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return open_table(tmp_path, name, **more)


def test_csv_columns_take_the_narrowest_type_that_fits_all_cells(tmp_path):
    table = read(tmp_path, "a.csv", '\ufeffid,score,site\n1,0.5,"A, north"\n2,,B\n')
    assert table.column("id").dtype == np.int64
    assert np.isnan(table.column("score")[1])
    assert list(table.column("site")) == ["A, north", "B"]


def test_jsonl_columns_hold_lists_of_one_shape(tmp_path):
    table = read(tmp_path, "a.jsonl", '{"x": [1, 2], "y": true}\n\n{"x": [3, 4], "y": false}\n')
    assert table.column("x").shape == (2, 2)
    assert table.column("y").dtype == np.bool_


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "no header line"),
        ("a.csv", "a,a\n1,2\n", "names a column twice"),
        ("a.csv", "a,b\n1,2\n3\n", r"a\.csv:3:1: QS900: A row of a\.csv has 1 cells"),
        ("a.csv", 'a\n"open\n', "not comma-separated values"),
        ("a.csv", b"a\n\xff\xfe\n", "not UTF-8"),
        ("a.jsonl", '{"a": 1}\n{"a": ', r"a\.jsonl:2:1: .*not JSON"),
        ("a.jsonl", '{"a": NaN}\n', "NaN is no JSON number"),
        ("a.jsonl", "[1]\n", "not a JSON object"),
        ("a.jsonl", '{"a": 1}\n{"b": 1}\n', "differs from the first in the keys a, b"),
        ("a.jsonl", '{"a": 1}\n{"a": "x"}\n', "mixes kinds of values: int, str"),
        ("a.jsonl", '{"a": [1]}\n{"a": [1, 2]}\n', "cannot be held as one array"),
        ("a.jsonl", '{"a": {"b": 1}}\n', "mixes kinds of values: dict"),
        ("a.jsonl", '{"a": 99999999999999999999999}\n', "cannot be held as one array"),
        ("a.jsonl", "", "holds no columns"),
        ("a.jsonl", "[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_text_file_is_a_sentence_with_its_line(tmp_path, name, text, said):
    with pytest.raises(QSpecError, match=said):
        read(tmp_path, name, text)


def test_text_files_have_a_cap(tmp_path):
    with pytest.raises(LimitError, match="text-bytes"):
        read(tmp_path, "a.csv", "a\n" + "1\n" * 100, limits=Limits(text_bytes=50))
