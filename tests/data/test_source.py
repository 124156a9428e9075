"""Opening data sets: digests, roots, and hostile or damaged archives."""

import struct
import zipfile

import numpy as np
import pytest

from qspec.canonical import file_digest
from qspec.data.limits import Limits
from qspec.data.source import open_dataset, open_table
from qspec.errors import LimitError, QSpecError
from qspec.model.artifact import Dataset


def opened(path, **more):
    return open_dataset(Dataset(source=path.name), path.parent, **more)


def test_columns_are_read_on_demand_and_cannot_be_written(archive):
    table = open_dataset(Dataset(source="digits.npz", sha256=file_digest(archive)), archive.parent)
    assert (table.rows, table.names) == (12, ["x", "label", "site", "length"])
    assert table.column("x").shape == (12, 2)
    with pytest.raises(ValueError, match="read-only"):
        table.column("x")[0] = 1


def test_a_wrong_digest_names_both(archive):
    with pytest.raises(QSpecError) as caught:
        open_dataset(Dataset(source="digits.npz", sha256="0" * 64), archive.parent)
    assert "0" * 64 in str(caught.value) and file_digest(archive) in str(caught.value)


def test_a_malformed_digest_is_told_from_a_wrong_one(archive):
    with pytest.raises(QSpecError, match="not 64 hexadecimal digits"):
        open_dataset(Dataset(source="digits.npz", sha256="9f2c…"), archive.parent)


@pytest.mark.parametrize("source", ["../digits.npz", "/etc/hostname", "a/../../digits.npz"])
def test_a_source_outside_the_root_is_refused(archive, source):
    root = archive.parent / "specs"
    root.mkdir()
    with pytest.raises(QSpecError, match="lies outside"):
        open_dataset(Dataset(source=source), root)


def test_a_link_out_of_the_root_is_refused(archive):
    root = archive.parent / "specs"
    root.mkdir()
    (root / "digits.npz").symlink_to(archive)
    with pytest.raises(QSpecError, match="lies outside"):
        open_dataset(Dataset(source="digits.npz"), root)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("absent.npz", "does not exist"),
        ("", "empty"),
        (".", "not a regular file"),
        ("hf://datasets/a/b@c/d.npz", "address"),
        ("notes.doc", "No reader"),
    ],
)
def test_a_source_that_cannot_be_read_is_a_sentence(archive, source, said):
    (archive.parent / "notes.doc").write_text("hello")
    with pytest.raises(QSpecError, match=said):
        open_dataset(Dataset(source=source), archive.parent)


def test_a_data_set_without_source_is_a_sentence(tmp_path):
    with pytest.raises(QSpecError, match="declares no source"):
        open_dataset(Dataset(), tmp_path)


def test_pickled_objects_are_refused_before_loading(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, x=np.array([{"a": 1}, None], dtype=object))
    with pytest.raises(QSpecError, match="pickled Python objects"):
        opened(path)


@pytest.mark.parametrize("keep", [0.2, 0.7, 0.99])
def test_a_truncated_archive_is_a_sentence(archive, keep):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(QSpecError, match="not a complete npz archive"):
        opened(archive)


def test_damage_inside_a_member_shows_when_the_column_is_read(tmp_path):
    path = tmp_path / "damaged.npz"
    np.savez(path, x=np.arange(1000))
    data = bytearray(path.read_bytes())
    data[600] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(QSpecError, match="not a complete npz archive"):
        opened(path).column("x")


def test_a_bomb_is_refused_by_its_declared_size(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros(4_000_000, dtype=np.uint8))
    assert path.stat().st_size < 10_000
    with pytest.raises(LimitError, match=r"over the cap decompressed-bytes of 1,000,000"):
        opened(path, limits=Limits(decompressed_bytes=1_000_000))


def test_a_header_that_declares_more_than_the_member_holds_is_refused(tmp_path):
    path = tmp_path / "liar.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }"
    padded = header.ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded)
    with pytest.raises(QSpecError, match="declares 8,000,000,000 bytes"):
        opened(path)


def test_columns_of_different_length_are_refused(tmp_path):
    path = tmp_path / "ragged.npz"
    np.savez(path, x=np.zeros(3), y=np.zeros(4))
    with pytest.raises(QSpecError, match="differ in length"):
        opened(path)


def test_a_scalar_is_no_column(tmp_path):
    path = tmp_path / "scalar.npz"
    np.savez(path, x=np.arange(3), version=np.float32(1))
    table = opened(path)
    assert (table.rows, table.column("x").tolist()) == (3, [0, 1, 2])
    with pytest.raises(QSpecError, match=r"'version'.*single value"):
        table.column("version")


def test_an_archive_of_scalars_alone_is_no_table(tmp_path):
    path = tmp_path / "scalar.npz"
    np.savez(path, version=np.float32(1))
    with pytest.raises(QSpecError, match=r"'version'.*single value"):
        opened(path)


def test_a_missing_column_is_named_with_the_nearest(table):
    with pytest.raises(QSpecError, match="did you mean label"):
        table.column("labels")


def test_a_single_array_is_the_column_data(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6).reshape(3, 2))
    assert opened(tmp_path / "x.npy").column("data").shape == (3, 2)


def test_a_truncated_array_is_a_sentence(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(100))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(QSpecError, match="cannot be read"):
        opened(path).column("data")


@pytest.mark.parametrize("character", [0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_texts_that_are_no_unicode_are_refused_when_they_are_read(tmp_path, character, order, save):
    texts = np.array(["ab", "cd"]).astype(f"{order}U2")
    texts.view(f"{order}u4")[2] = character
    save(tmp_path / "texts.npz", texts=texts, good=np.array(["\ud7ff", "\U0010ffff"]))
    table = open_table(tmp_path, "texts.npz")
    assert table.column("good").tolist() == ["\ud7ff", "\U0010ffff"]
    for read in (lambda: table.column("texts"), lambda: table.take("texts", np.array([1]))):
        with pytest.raises(QSpecError, match="holds a text that is no Unicode"):
            read()
    np.save(tmp_path / "texts.npy", texts)
    with pytest.raises(QSpecError, match="holds a text that is no Unicode"):
        open_table(tmp_path, "texts.npy").take("data", np.array([1]))


def test_half_a_character_in_json_lines_is_refused(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": "\\ud83d\\ude00"}\n{"a": "\\ud800"}\n')
    with pytest.raises(QSpecError, match="is not JSON"):
        open_table(tmp_path, "t.jsonl").column("a")
