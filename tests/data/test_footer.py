"""The footer of Parquet files as pyarrow tells it, and refused where it is none."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet

from qspec.data.limits import DEFAULT_LIMITS
from qspec.data.readers.footer import read_groups
from qspec.data.readers.parquet import read_parquet
from qspec.errors import QSpecError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = 1000
    table = arrow.table(
        {
            "x": arrow.array(np.zeros((rows, 4)).tolist(), arrow.list_(arrow.float32())),
            "y": np.arange(rows),
            "a.b": ["text"] * rows,
            "s": [{"p": 1, "q": "é"}] * rows,
        }
    )
    parquet.write_table(table, tmp_path / "d.parquet", row_group_size=300, compression="gzip")
    return tmp_path / "d.parquet"


def test_groups_are_those_that_pyarrow_tells(file):
    metadata = parquet.ParquetFile(file).metadata
    groups = read_groups(file)
    assert [group.rows for group in groups] == [300, 300, 300, 100]
    for index, group in enumerate(groups):
        told = metadata.row_group(index)
        assert group.nbytes == told.total_byte_size
        wanted: dict[str, int] = {}
        for chunk in map(told.column, range(told.num_columns)):
            name = {"a.b": "a.b"}.get(chunk.path_in_schema, chunk.path_in_schema.partition(".")[0])
            wanted[name] = wanted.get(name, 0) + chunk.total_uncompressed_size
        assert group.sizes == wanted


def test_a_damaged_footer_is_a_sentence_or_a_file_that_can_be_read(file):
    good = file.read_bytes()
    start = len(good) - 8 - int.from_bytes(good[-8:-4], "little")
    rng = random.Random(0)
    for _ in range(400):
        changed = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            changed[rng.randrange(start, len(good))] ^= 1 << rng.randrange(8)
        file.write_bytes(changed)
        try:
            read_groups(file)
        except ValueError as error:
            assert str(error).startswith("its ")


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"PAR1" + bytes(4) + b"PAR1", b"\xff\xff\xff\x7fPAR1", b"x" * 100]
)
def test_what_has_no_footer_is_refused(tmp_path, data):
    (tmp_path / "d.parquet").write_bytes(data)
    with pytest.raises(ValueError, match="its end is not"):
        read_groups(tmp_path / "d.parquet")
    with pytest.raises(QSpecError, match="not a complete Parquet file"):
        read_parquet(tmp_path / "d.parquet", DEFAULT_LIMITS)
