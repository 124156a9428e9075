"""The quickstart's data set and model are what their licence file, README and specs say they are."""

from __future__ import annotations

import hashlib
import re
import runpy
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

SPECS = Path(__file__).resolve().parents[2] / "specs"
DATA = SPECS / "data" / "digits.npz"
MODEL = SPECS / "models" / "digits-cnn.onnx"
TRAIN, TEST = slice(0, 898), slice(898, 1797)

Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    with np.load(DATA, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SPECS / "train_digits.py"))


def test_licence_names_the_digests_of_both_files() -> None:
    licence = (SPECS / "data" / "LICENSE-digits.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", licence, flags=re.MULTILINE))
    actual = {
        path.relative_to(SPECS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (DATA, MODEL)
    }
    assert stated == actual


def test_arrays_have_the_documented_types_shapes_and_ranges(arrays: Arrays) -> None:
    assert {name: (array.dtype.str, array.shape) for name, array in arrays.items()} == {
        "x": ("<f4", (1797, 1, 8, 8)),
        "y": ("<i8", (1797,)),
    }
    sixteenths = arrays["x"] * 16
    assert np.array_equal(sixteenths, np.round(sixteenths))
    assert (arrays["x"].min(), arrays["x"].max()) == (0.0, 1.0)
    assert np.array_equal(np.unique(arrays["y"]), np.arange(10))


def test_splits_cover_all_rows_and_share_no_image(arrays: Arrays) -> None:
    train, test = ({image.tobytes() for image in arrays["x"][rows]} for rows in (TRAIN, TEST))
    assert (len(train), len(test)) == (898, 899)
    assert not train & test


def test_each_split_holds_enough_images_of_every_class(arrays: Arrays) -> None:
    for rows in (TRAIN, TEST):
        assert np.bincount(arrays["y"][rows], minlength=10).min() >= 80


def test_splits_are_the_halves_of_the_source_file(arrays: Arrays) -> None:
    from sklearn.datasets import load_digits

    source = (load_digits().images / 16).astype(np.float32)
    for rows in (TRAIN, TEST):
        expected = sorted(image.tobytes() for image in source[rows])
        assert sorted(image.tobytes() for image in arrays["x"][rows]) == expected


def test_script_rebuilds_the_same_arrays(script: dict[str, Any], arrays: Arrays) -> None:
    rebuilt: Arrays = script["load_arrays"]()
    assert rebuilt.keys() == arrays.keys()
    assert all(np.array_equal(rebuilt[name], arrays[name]) for name in arrays)


def test_archive_bytes_do_not_depend_on_the_clock(
    script: dict[str, Any], arrays: Arrays, tmp_path: Path
) -> None:
    paths = tmp_path / "first.npz", tmp_path / "second.npz"
    for path in paths:
        script["write_archive"](arrays, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(DATA) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_model_is_one_small_file_with_the_names_the_specs_use() -> None:
    assert MODEL.stat().st_size < 2_000_000
    model = onnx.load(MODEL, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version >= 17
    layers = [node.name for node in model.graph.node if node.op_type in ("Conv", "Gemm")]
    assert layers == ["/conv1/Conv", "/conv2/Conv", "/conv3/Conv", "/head/Gemm"]


def test_model_maps_any_batch_of_images_to_logits(arrays: Arrays) -> None:
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    ports = [
        [(port.name, port.type, port.shape) for port in side]
        for side in (session.get_inputs(), session.get_outputs())
    ]
    assert ports == [
        [("image", "tensor(float)", ["batch", 1, 8, 8])],
        [("logits", "tensor(float)", ["batch", 10])],
    ]
    for size in (1, 3, 32):
        (logits,) = session.run(None, {"image": arrays["x"][:size]})
        assert logits.shape == (size, 10)


def test_model_classifies_the_held_out_split(arrays: Arrays) -> None:
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"image": arrays["x"][TEST]})
    assert (logits.argmax(axis=1) == arrays["y"][TEST]).mean() > 0.95
