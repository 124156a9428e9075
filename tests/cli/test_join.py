"""`qspec join`: two files in, one model and its digest out, or a sentence and nothing written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from .conftest import Run


def half(path: Path, taken: str, given: str) -> Path:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in (taken, given)]
    graph = helper.make_graph([helper.make_node("Relu", [taken], [given])], "g", ports[:1], ports[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_the_joined_model_is_written_and_described(run: Run, tmp_path: Path) -> None:
    encoder, decoder = half(tmp_path / "e.onnx", "x", "z"), half(tmp_path / "d.onnx", "z", "y")
    done = run("join", encoder, decoder, "--output", tmp_path / "m.onnx")
    digest = hashlib.sha256((tmp_path / "m.onnx").read_bytes()).hexdigest()
    assert (done.code, done.err) == (0, f"written: {tmp_path / 'm.onnx'}\n")
    assert done.out == f"takes  x float32 [n, 3]\ngives  y float32 [n, 3]\nsha256 {digest}\n"


def test_halves_that_do_not_fit_are_a_sentence(run: Run, tmp_path: Path) -> None:
    encoder = half(tmp_path / "e.onnx", "x", "z")
    done = run("join", encoder, encoder, "--output", tmp_path / "m.onnx")
    assert done.code == 2
    assert "No input of the decoder takes what the encoder writes" in done.err
    assert not (tmp_path / "m.onnx").exists()


def test_a_file_that_is_no_model_is_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "e.onnx").write_bytes(b"no model")
    done = run("join", tmp_path / "e.onnx", tmp_path / "e.onnx", "--output", tmp_path / "m.onnx")
    assert done.code == 2
    assert "Traceback" not in done.err
