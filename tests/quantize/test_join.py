"""An encoder and a decoder become one graph that computes what the two compute in turn, or a sentence says why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.errors import LimitError, QSpecError
from qspec.quantize.join import join_files

F, N, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
Save = Callable[..., Path]
node = helper.make_node


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Saves a graph of nodes, ports as (name, type, shape) and arrays, under a name."""

    def write(name, nodes, inputs, outputs, *, opset=17, functions=(), **held):
        ports = [[helper.make_tensor_value_info(*port) for port in side] for side in (inputs, outputs)]
        tensors = [numpy_helper.from_array(array, key) for key, array in held.items()]
        opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid("own", 1)] if functions else [])]
        model = helper.make_model(
            helper.make_graph(nodes, "g", *ports, tensors),
            opset_imports=opsets,
            ir_version=8,
            functions=list(functions),
        )
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return write


def table(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(12, 6)).astype(np.float32)


ENCODER = [
    node("Gather", ["w", "input_ids"], ["hidden"], name="look"),
    node("Cast", ["attention_mask"], ["mask"], to=F),
    node("Unsqueeze", ["mask", "axes"], ["inside"]),
    node("Mul", ["hidden", "inside"], ["last_hidden_state"]),
]
READS = [("input_ids", N, ["n", "l"]), ("attention_mask", N, ["n", "l"])]
DECODER = [
    node("Gather", ["w", "input_ids"], ["hidden"], name="look"),
    node("ReduceSum", ["encoder_hidden_states", "axes"], ["sum"], keepdims=1),
    node("Cast", ["encoder_attention_mask"], ["mask"], to=F),
    node("ReduceSum", ["mask", "axes"], ["count"], keepdims=1),
    node("Unsqueeze", ["count", "axes"], ["wide"]),
    node("Div", ["sum", "wide"], ["mean"]),
    node("Add", ["hidden", "mean"], ["logits"]),
]
WRITES = [
    ("encoder_attention_mask", N, ["n", "l"]),
    ("input_ids", N, ["n", "d"]),
    ("encoder_hidden_states", F, ["n", "l", 6]),
]


@pytest.fixture
def halves(save: Save) -> tuple[Path, Path]:
    """An encoder and a decoder that call their inner values alike, as exporters do."""
    encoder = save(
        "encoder.onnx",
        ENCODER,
        READS,
        [("last_hidden_state", F, ["n", "l", 6])],
        w=table(0),
        axes=np.int64([2]),
    )
    decoder = save(
        "decoder.onnx", DECODER, WRITES, [("logits", F, ["n", "d", 6])], w=table(1), axes=np.int64([1])
    )
    return encoder, decoder


def run(path: Path, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feeds)


def test_the_joined_model_computes_what_both_compute_in_turn(halves, tmp_path):
    model = join_files(*halves, tmp_path / "model.onnx")
    assert [port.name for port in model.inputs] == ["input_ids", "attention_mask", "decoder_input_ids"]
    assert [port.name for port in model.outputs] == ["logits"]
    random = np.random.default_rng(2)
    ids, said = random.integers(0, 12, (3, 5)), random.integers(0, 12, (3, 2))
    mask = (np.arange(5) < np.array([[5], [2], [3]])).astype(np.int64)
    (hidden,) = run(halves[0], {"input_ids": ids, "attention_mask": mask})
    (apart,) = run(
        halves[1], {"input_ids": said, "encoder_hidden_states": hidden, "encoder_attention_mask": mask}
    )
    (joined,) = run(model.path, {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": said})
    np.testing.assert_array_equal(joined, apart)


def test_a_decoder_with_branches_keeps_what_they_read_from_outside(halves, save, tmp_path):
    branches = {
        name: helper.make_graph(
            [node("Add", ["x", "w"], ["y"]) if name == "then_branch" else node("Sub", ["x", "w"], ["y"])],
            name,
            [],
            [helper.make_tensor_value_info("y", F, None)],
        )
        for name in ("then_branch", "else_branch")
    }
    nodes = [
        node("ReduceSum", ["encoder_hidden_states", "axes"], ["x"], keepdims=1),
        node("If", ["use_cache_branch"], ["logits"], **branches),
        node("Identity", ["past.0"], ["present.0"]),
    ]
    inputs = [
        ("encoder_hidden_states", F, ["n", "l", 6]),
        ("past.0", F, ["n", 6]),
        ("use_cache_branch", B, [1]),
    ]
    outputs = [("logits", F, None), ("present.0", F, ["n", 6])]
    decoder = save("merged.onnx", nodes, inputs, outputs, w=np.ones(6, np.float32), axes=np.int64([1]))
    model = join_files(halves[0], decoder, tmp_path / "model.onnx")
    names = [port.name for port in model.inputs]
    assert names == ["input_ids", "attention_mask", "past.0", "use_cache_branch"]
    ids = np.arange(8).reshape(2, 4)
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "past.0": np.zeros((2, 6), np.float32)}
    total = table(0)[ids].sum(1, keepdims=True)
    for switch, sign in ((True, 1), (False, -1)):
        found = run(model.path, feeds | {"use_cache_branch": np.array([switch])})[0]
        np.testing.assert_allclose(found, total + sign, rtol=1e-5)


def test_sound_needs_no_mask_and_no_tokens_to_read(save, tmp_path):
    encoder = save(
        "encoder.onnx",
        [node("Relu", ["input_features"], ["last_hidden_state"])],
        [("input_features", F, ["n", 6, "t"])],
        [("last_hidden_state", F, ["n", 6, "t"])],
    )
    decoder = save(
        "decoder.onnx",
        [node("Gather", ["w", "input_ids"], ["a"]), node("ReduceMean", ["encoder_hidden_states"], ["b"], keepdims=0),
         node("Add", ["a", "b"], ["logits"])],
        [("input_ids", N, ["n", "d"]), ("encoder_hidden_states", F, ["n", 6, "t"])],
        [("logits", F, ["n", "d", 6])],
        w=table(3),
    )  # fmt: skip
    model = join_files(encoder, decoder, tmp_path / "model.onnx")
    assert [port.name for port in model.inputs] == ["input_features", "decoder_input_ids"]


def test_external_data_are_taken_in(halves, tmp_path):
    folder = tmp_path / "apart"
    folder.mkdir()
    onnx.save(
        onnx.load(halves[0]),
        folder / "encoder.onnx",
        save_as_external_data=True,
        location="w.bin",
        size_threshold=0,
    )
    one = join_files(*halves, tmp_path / "one.onnx")
    other = join_files(folder / "encoder.onnx", halves[1], tmp_path / "other.onnx")
    assert not other.external.files
    ids = np.arange(4).reshape(1, 4)
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "decoder_input_ids": ids}
    np.testing.assert_array_equal(run(one.path, feeds), run(other.path, feeds))


def refused(halves: tuple[Path, Path], tmp_path: Path) -> str:
    with pytest.raises(QSpecError) as caught:
        join_files(*halves, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
    return caught.value.message


def test_halves_that_do_not_meet_are_refused(halves, tmp_path):
    assert "No input of the decoder takes what the encoder writes" in refused(
        (halves[0], halves[0]), tmp_path
    )


def test_a_model_that_could_not_be_opened_is_not_written(save, tmp_path):
    encoder = save(
        "e.onnx", [node("Relu", ["x"], ["z"])], [("x", F, ["n"])], [("z", F, ["n"]), ("x", F, ["n"])]
    )
    decoder = save(
        "d.onnx", [node("Add", ["z", "x"], ["y"])], [("z", F, ["n"]), ("x", F, ["n"])], [("y", F, ["n"])]
    )
    assert "reads the value 'encoder/x'" in refused((encoder, decoder), tmp_path)


def test_versions_of_operators_that_differ_are_refused(halves, save, tmp_path):
    other = save("d.onnx", DECODER, WRITES, [("logits", F, None)], opset=18, w=table(1), axes=np.int64([1]))
    assert "version 17" in refused((halves[0], other), tmp_path)


def test_types_that_differ_are_refused(halves, save, tmp_path):
    ports = [(name, TensorProto.INT32 if "mask" in name else kind, shape) for name, kind, shape in WRITES]
    other = save("d.onnx", DECODER, ports, [("logits", F, None)], w=table(1), axes=np.int64([1]))
    assert "takes INT32 as encoder_attention_mask, and is given INT64" in refused(
        (halves[0], other), tmp_path
    )


def test_functions_of_one_name_that_differ_are_refused(save, tmp_path):
    def half(name, op, taken, given):
        body = helper.make_function(
            "own", "F", ["a"], ["b"], [node(op, ["a"], ["b"])], [helper.make_opsetid("", 17)]
        )
        return save(
            name,
            [node("F", [taken], [given], domain="own")],
            [(taken, F, ["n"])],
            [(given, F, ["n"])],
            functions=[body],
        )

    encoder = half("e.onnx", "Relu", "x", "z")
    assert "different functions called F" in refused((encoder, half("d.onnx", "Abs", "z", "y")), tmp_path)
    assert (
        len(join_files(encoder, half("d.onnx", "Relu", "z", "y"), tmp_path / "m.onnx").proto.functions) == 1
    )


def test_more_than_one_file_may_hold_is_a_named_cap(halves, tmp_path, monkeypatch):
    monkeypatch.setattr("qspec.quantize.graph.MOST_BYTES", 100)
    with pytest.raises(LimitError, match="cannot be rewritten here"):
        join_files(*halves, tmp_path / "model.onnx")
