"""Small files that would be large in memory are refused by a cap that has a name and can be raised."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pytest
from numpy.lib import format as npy_format
from pyarrow import parquet

from .conftest import GIB, MIB, columns


def header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    """The header of an array of that shape."""
    stream = io.BytesIO()
    npy_format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def zeros_member(path: Path, shape: tuple[int, ...], size: int) -> None:
    """An archive with one array of zeros, `size` bytes of them, deflated."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as stream:
        stream.write(header(shape))
        for _ in range(size // MIB):
            stream.write(bytes(MIB))


def test_an_array_over_the_cap_is_refused_before_it_is_decompressed(work, spec, attack):
    path = spec()
    zeros_member(work / "d.npz", (64, MIB), 256 * MIB)
    assert (work / "d.npz").stat().st_size < MIB
    done = attack("execute", path, memory=GIB, QSPEC_LIMITS="decompressed-bytes=100_000_000")
    done.refused(r"over the cap decompressed-bytes of 100,000,000(.|\n)*QSPEC_LIMITS=decompressed-bytes=")
    assert done.peak < 100 * MIB


def test_an_archive_that_lies_about_its_sizes_is_refused(work, spec, attack):
    path = spec()
    zeros_member(work / "d.npz", (1 << 40, 1 << 20), MIB)
    attack("execute", path, memory=GIB).refused("decompressed-bytes")
    zeros_member(work / "d.npz", (1 << 20,), MIB)
    attack("execute", path, memory=GIB).refused("declares 4,194,304 bytes")
    data = bytearray((work / "d.npz").read_bytes())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 0x7FFFFFFF)
    (work / "d.npz").write_bytes(data)
    attack("execute", path, memory=GIB).refused("d.npz")


def test_a_hundred_thousand_members_are_refused(work, spec, attack):
    path = spec()
    with zipfile.ZipFile(work / "d.npz", "w") as archive:
        for number in range(5000):
            archive.writestr(f"{number}.npy", b"")
    attack("execute", path).refused("over the cap columns of 4,096")


def test_memory_that_is_not_there_is_a_sentence(work, spec, attack):
    path = spec()
    zeros_member(work / "d.npz", (512, MIB // 4), 512 * MIB)
    with zipfile.ZipFile(work / "d.npz", "a") as archive:
        archive.writestr("y.npy", header((512,), "<i8") + bytes(8 * 512))
    attack("execute", path, memory=400 * MIB).refused("too little memory|cannot be read|Unable to allocate")


def test_runs_of_one_value_in_parquet_are_counted(work, spec, attack):
    table = arrow.table({"x": arrow.array(np.zeros(20_000_000, np.int64)).dictionary_encode()})
    parquet.write_table(table, work / "d.parquet", compression="zstd")
    assert (work / "d.parquet").stat().st_size < MIB
    done = attack("execute", spec(data="d.parquet"), memory=GIB, QSPEC_LIMITS="rows=1000000")
    done.refused("over the cap rows")
    done = attack("execute", spec(data="d.parquet"), memory=GIB, QSPEC_LIMITS="decompressed-bytes=50_000_000")
    done.refused("over the cap decompressed-bytes")


def test_texts_of_one_great_length_in_parquet_are_counted(work, spec, attack):
    texts = arrow.array(["a" * 10_000_000] * 20).dictionary_encode()
    parquet.write_table(
        arrow.table({"x": texts, "y": list(range(20))}), work / "d.parquet", compression="zstd"
    )
    done = attack(
        "execute", spec(data="d.parquet"), memory=GIB, QSPEC_LIMITS="decompressed-bytes=100_000_000"
    )
    done.refused("cap decompressed-bytes|too little memory")


@pytest.mark.parametrize("name", ["d.npz.gz", "d.csv.gz", "d.jsonl.bz2", "d.jsonl.zst", "d.tar", "d.gz"])
def test_compressed_files_have_no_reader(name, work, spec, attack):
    (work / name).write_bytes(gzip.compress(bytes(10 * MIB)))
    attack("execute", spec(data=name)).refused("No reader knows files such as")


def test_damage_is_a_sentence(work, spec, attack):
    path = spec()
    np.savez_compressed(work / "d.npz", **columns())
    data = (work / "d.npz").read_bytes()
    (work / "d.npz").write_bytes(data[:60] + zlib.compress(b"x" * 99)[:20] + data[80:])
    attack("execute", path).refused("d.npz")


def test_a_line_of_json_as_long_as_memory_is_refused(work, spec, attack):
    (work / "d.jsonl").write_text('{"x": "' + "a" * 20_000_000 + '"}\n')
    done = attack("execute", spec(data="d.jsonl"), QSPEC_LIMITS="text-bytes=10_000_000")
    done.refused("over the cap text-bytes of 10,000,000")


def test_deep_json_lines_are_a_sentence(work, spec, attack):
    (work / "d.jsonl").write_text("[" * 200_000 + "\n")
    attack("execute", spec(data="d.jsonl")).refused("not JSON")
    (work / "d.jsonl").write_text('{"x": ' + "9" * 10_000 + "}\n")
    attack("execute", spec(data="d.jsonl")).refused("d.jsonl")
    (work / "d.jsonl").write_text(
        "".join('{"x": "' + "a" * (1_000_000 if n == 0 else 1) + '"}\n' for n in range(20_000))
    )
    done = attack("execute", spec(data="d.jsonl"), memory=2 * GIB)
    done.refused("d.jsonl|memory")


def test_a_cap_that_is_no_number_is_a_sentence(spec, attack):
    attack("execute", spec(), QSPEC_LIMITS="rows=many").refused("QSPEC_LIMITS gives the cap rows")
