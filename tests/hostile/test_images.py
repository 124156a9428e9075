"""Images that are small as files and large as pixels, that lie about what they are, or lie elsewhere."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from .conftest import GIB, MIB

SPEC_PARTS = {"data": "img", "executor": "pipeline { pre: [decode-image(grey)] }"}


def png(width: int, height: int, rows: int) -> bytes:
    """A PNG of that declared size with so many rows of black, or as much of them as 16 MiB hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    data = (
        b"".join(packer.compress(bytes(min(width + 1, 16 * MIB // rows))) for _ in range(rows))
        + packer.flush()
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture
def pictures(work, spec):
    """A folder of two classes, one image each, one of which is given; the spec that reads it."""

    def write(content: bytes, name: str = "1.png") -> Path:
        path = spec(**SPEC_PARTS)
        path.write_text(
            path.read_text()
            .replace("inputs { x: x }", "inputs { x: image }")
            .replace("label: y", "label: label")
        )
        for folder in ("a", "b"):
            (work / "img" / folder).mkdir(parents=True)
        (work / "img" / "a" / name).write_bytes(content)
        (work / "img" / "b" / "2.png").write_bytes(png(4, 4, 4))
        return path

    return write


@pytest.mark.parametrize("size", [(20_000, 20_000), (60_000, 60_000), (1 << 30, 1 << 30)])
def test_pixels_are_counted_before_they_are_decoded(size, pictures, attack):
    done = attack("execute", pictures(png(*size, rows=10)), memory=GIB)
    done.refused(r"over the cap image-pixels of 64,000,000(.|\n)*QSPEC_LIMITS=image-pixels=")
    assert done.peak < 300 * MIB


def test_a_damaged_image_is_a_sentence(pictures, attack):
    attack("execute", pictures(png(64, 64, 2)[:-40])).refused("1.png")


def test_a_format_that_is_not_read_is_not_decoded_under_another_name(pictures, attack):
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(stream, "TIFF")
    attack("execute", pictures(stream.getvalue())).refused("1.png")


def test_an_image_behind_a_link_out_of_the_folder_is_not_read(work, pictures, attack):
    path = pictures(png(4, 4, 4))
    (work.parent / "outside" / "o.png").write_bytes(png(4, 4, 4))
    (work / "img" / "a" / "3.png").symlink_to(work.parent / "outside" / "o.png")
    attack("execute", path).refused("lies outside")


def test_good_images_run(work, pictures, attack):
    from onnx import TensorProto, helper, numpy_helper

    path = pictures(png(4, 4, 4))
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["r"], axes=[1, 2], keepdims=0),
        helper.make_node("Concat", ["r", "r"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["batch", 4, 4, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(np.zeros(1, np.float32), "unused")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (work / "m.onnx").write_bytes(model.SerializeToString())
    assert attack("execute", path, "--no-write").code == 0
