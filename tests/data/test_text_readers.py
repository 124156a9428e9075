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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"x": 1, "a": 1}\n\n{"x": 2}\n', r"a\.jsonl:3:1: QS900: A line of a\.jsonl has no key 'a'"),
        ('{"x": 1}\n{"x": 2, "a": 1}\n', r"a\.jsonl:1:1: .*no key 'a'"),
        ('{"x": 1, "a": 1}\n{"x": 2, "a": "x"}\n', "mixes kinds of values: int, str"),
        ('{"x": 1, "a": "x"}\n{"x": 2, "a": null}\n', r"has 1 missing values \(null\) among 2"),
        ('{"x": 1, "a": [1]}\n{"x": 2, "a": [1, 2]}\n', "cannot be held as one array"),
        ('{"x": 1, "a": {"b": 1}}\n{"x": 2, "a": {"b": 1}}\n', "mixes kinds of values: dict"),
        ('{"x": 1, "a": 9007199254740993}\n{"x": 2, "a": null}\n', "an integer that no float holds"),
    ],
)
def test_a_column_that_cannot_be_held_is_an_error_only_where_it_is_asked_for(tmp_path, text, said):
    table = read(tmp_path, "a.jsonl", text)
    assert table.column("x").tolist() == [1, 2]
    with pytest.raises(QSpecError, match=said):
        table.column("a")


def test_keys_that_come_and_go_are_counted_among_the_columns(tmp_path):
    text = "".join(f'{{"k{number}": 1}}\n' for number in range(9))
    with pytest.raises(LimitError, match=r"columns of a\.jsonl comes to 5"):
        read(tmp_path, "a.jsonl", text, limits=Limits(columns=4))
    assert read(tmp_path, "a.jsonl", text).rows == 9


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        (["1", "-2", "+3", " 4"], "int64", [1, -2, 3, 4]),
        (["0.50", ".5", "5.", "1e-3", "-Inf"], "float64", [0.5, 0.5, 5.0, 0.001, -np.inf]),
        (["1_0", "10"], "<U3", ["1_0", "10"]),
        (["01", "1"], "<U2", ["01", "1"]),
        (["007.5", "1"], "<U5", ["007.5", "1"]),
        (["\u0661", "1"], "<U1", ["\u0661", "1"]),
        (["18446744073709551615", "1"], "uint64", [18446744073709551615, 1]),
        (["-9223372036854775808", "1"], "int64", [-9223372036854775808, 1]),
        (["18446744073709551615", "-1"], "<U20", ["18446744073709551615", "-1"]),
        (["18446744073709551616", "1"], "<U20", ["18446744073709551616", "1"]),
        (["9" * 5000, "1"], "<U5000", ["9" * 5000, "1"]),
        (["9007199254740993", ""], "<U16", ["9007199254740993", ""]),
        (["9007199254740992", "0.5"], "float64", [2.0**53, 0.5]),
    ],
)
def test_only_decimal_literals_without_loss_are_numbers(tmp_path, cells, dtype, values):
    table = read(tmp_path, "a.csv", "a,b\n" + "".join(f"{cell},1\n" for cell in cells))
    assert table.column("a").dtype == np.dtype(dtype)
    assert table.column("a").tolist() == values


def test_a_column_of_nothing_is_one_of_missing_numbers(tmp_path):
    assert np.isnan(read(tmp_path, "a.csv", "a,b\n,1\n ,2\n").column("a")).all()
    assert np.isnan(read(tmp_path, "a.jsonl", '{"a": null}\n').column("a")).all()


def test_integers_of_json_take_the_first_type_that_holds_them(tmp_path):
    table = read(tmp_path, "a.jsonl", '{"a": 18446744073709551615, "b": 99999999999999999999}\n')
    assert (table.column("a").dtype, table.column("a").tolist()) == (np.uint64, [18446744073709551615])
    assert table.column("b").tolist() == ["99999999999999999999"]
