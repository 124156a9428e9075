from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.errors import QSpecError
from qspec.execute.evaluate import evaluate, evaluate_one
from qspec.execute.refusals import Refusals
from qspec.execute.scoring import _rowwise as scored_rows
from qspec.execute.sessions import open_session
from qspec.execute.slots import Slots

ROWS = 1501


@pytest.fixture
def built(tmp_path):
    """Opens a model of these nodes; the input x and the outputs have as many columns as are said."""

    def build(nodes, outputs, *, columns=5, tensors=None, kind=TensorProto.FLOAT):
        graph = helper.make_graph(
            [helper.make_node(op, taken, given, **attributes) for op, taken, given, attributes in nodes],
            "g",
            [helper.make_tensor_value_info("x", kind, ["n", columns])],
            [helper.make_tensor_value_info(name, of, shape) for name, (of, shape) in outputs.items()],
            [numpy_helper.from_array(np.asarray(array), name) for name, array in (tensors or {}).items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        path = tmp_path / "built.onnx"
        onnx.save(model, str(path))
        return open_session(path, threads=1)

    return build


def everything(outputs, rows):
    """The outputs themselves: views into whatever memory they are in."""
    return outputs


def by_hand(session, x, batch):
    """The outputs of every batch by the runtime's own method, joined."""
    parts = [session.run({"x": x[at : at + batch]}) for at in range(0, len(x), batch)]
    return {port.name: np.concatenate([part[i] for part in parts]) for i, port in enumerate(session.outputs)}


def floats(shape=("n", 5)):
    return TensorProto.FLOAT, list(shape)


MODELS = {
    "computed": ([("Exp", ["x"], ["y"], {})], {"y": floats()}),
    "the input itself": ([("Identity", ["x"], ["y"], {})], {"y": floats()}),
    "reshaped": (
        [("Tanh", ["x"], ["t"], {}), ("Reshape", ["t", "shape"], ["y"], {})],
        {"y": floats(("n", 5, 1))},
    ),
    "given twice": (
        [("Exp", ["x"], ["y"], {}), ("Identity", ["y"], ["z"], {})],
        {"y": floats(), "z": floats()},
    ),
    "of several types": (
        [
            ("Exp", ["x"], ["y"], {}),
            ("ArgMax", ["x"], ["top"], {"axis": 1, "keepdims": 0}),
            ("IsInf", ["y"], ["large"], {}),
            ("Cast", ["y"], ["half"], {"to": TensorProto.FLOAT16}),
        ],
        {
            "y": floats(),
            "top": (TensorProto.INT64, ["n"]),
            "large": (TensorProto.BOOL, ["n", 5]),
            "half": (TensorProto.FLOAT16, ["n", 5]),
        },
    ),
}
TENSORS = {"reshaped": {"shape": np.array([-1, 5, 1])}}


@pytest.mark.parametrize("batch", [1, 3, 16, 409])
@pytest.mark.parametrize("name", MODELS)
def test_outputs_in_slots_are_bit_for_bit_what_the_runtime_returns(built, name, batch):
    nodes, outputs = MODELS[name]
    session = built(nodes, outputs, tensors=TENSORS.get(name))
    x = np.random.default_rng(1).normal(size=(ROWS, 5)).astype(np.float32)
    expected = by_hand(session, x, batch)
    found = evaluate(session, session, {"x": x}, everything, batch=batch)
    for scores in (found.baseline, found.quantized):
        assert scores.keys() == expected.keys()
        for port, array in expected.items():
            assert scores[port].dtype == array.dtype
            assert scores[port].tobytes() == array.tobytes()


def test_an_output_that_is_the_same_for_every_batch_is_kept_for_each(built):
    session = built(
        [("Exp", ["x"], ["y"], {})],
        {"y": floats(), "c": floats((4, 2))},
        tensors={"c": np.arange(8, dtype=np.float32).reshape(4, 2)},
    )
    x = np.random.default_rng(2).normal(size=(40, 5)).astype(np.float32)
    scores = evaluate_one(session, {"x": x}, everything, batch=4)
    assert np.array_equal(scores["c"], np.tile(np.arange(8).reshape(4, 2), (10, 1)))
    assert np.array_equal(scores["y"], by_hand(session, x, 4)["y"])


def test_an_input_that_lies_scattered_in_memory_is_read_as_it_is(built):
    session = built([("Exp", ["x"], ["y"], {})], {"y": floats()})
    x = np.random.default_rng(3).normal(size=(5, ROWS)).astype(np.float32).T
    assert not x[:4].flags.c_contiguous
    assert np.array_equal(
        evaluate_one(session, {"x": x}, everything, batch=4)["y"], by_hand(session, x, 4)["y"]
    )


def test_the_quantized_models_reducer_may_look_at_what_was_kept_of_the_baseline(linear):
    x = np.random.default_rng(4).normal(size=(3000, 4)).astype(np.float32)
    first, second = open_session(linear("first.onnx", seed=1)), open_session(linear("second.onnx", seed=2))
    before = []

    def baseline(outputs, rows):
        before[:] = [outputs["y"].copy()]
        return outputs

    def quantized(outputs, rows):
        return {"lost": before[0] - outputs["y"]}

    for batch in (1, 16):
        found = evaluate(first, second, {"x": x}, baseline, batch=batch, reduce_quantized=quantized)
        base, other = (by_hand(session, x, batch)["y"] for session in (first, second))
        assert np.array_equal(found.baseline["y"], base)
        assert np.array_equal(found.quantized["lost"], base - other)


def test_columns_that_are_views_of_outputs_are_kept_as_they_were(linear):
    x = np.random.default_rng(5).normal(size=(3000, 4)).astype(np.float32)
    first, second = open_session(linear("first.onnx", seed=1)), open_session(linear("second.onnx", seed=2))
    view = SimpleNamespace(columns=lambda predictions: predictions[:, :1])
    metric = SimpleNamespace(name="view", of_pair=False, baseline=view, quantized=view)
    runner = SimpleNamespace(
        predictions=lambda outputs, rows: outputs["y"],
        answers=lambda predictions: None,
        inputs=lambda: {"x": x},
    )
    scores = scored_rows(runner, (first, second), [metric], 1, None, Refusals())
    assert np.array_equal(scores.baseline["view"], by_hand(first, x, 1)["y"][:, :1])
    assert np.array_equal(scores.quantized["view"], by_hand(second, x, 1)["y"][:, :1])


def test_an_output_whose_shape_follows_from_the_data_is_a_sentence(built):
    nodes = [
        ("Greater", ["x", "zero"], ["which"], {}),
        ("Cast", ["which"], ["number"], {"to": TensorProto.INT64}),
        ("ReduceSum", ["number"], ["most"], {"keepdims": 1}),
        ("Reshape", ["most", "flat"], ["size"], {}),
        ("ConstantOfShape", ["size"], ["ones"], {}),
        ("Unsqueeze", ["ones", "axis"], ["y"], {}),
    ]
    session = built(
        nodes,
        {"y": floats((1, "many"))},
        tensors={"zero": np.float32(0), "flat": np.array([1]), "axis": np.array([0])},
    )
    x = np.ones((50, 5), np.float32)
    assert evaluate_one(session, {"x": x}, everything, batch=1)["y"].shape == (50, 5)
    x[30, 2:] = -1
    with pytest.raises(QSpecError, match=r"'y' of built\.onnx changes its shape from batch to batch"):
        evaluate_one(session, {"x": x}, everything, batch=1)


def test_a_batch_that_fails_in_the_middle_of_a_block_is_named(built):
    session = built(
        [("Gather", ["table", "x"], ["y"], {})],
        {"y": floats(("n", 1))},
        columns=1,
        kind=TensorProto.INT64,
        tensors={"table": np.arange(10, dtype=np.float32)},
    )
    x = np.zeros((ROWS, 1), np.int64)
    assert len(evaluate_one(session, {"x": x}, everything, batch=1)["y"]) == ROWS
    x[317] = 10
    with pytest.raises(QSpecError, match=r"fails on the batch that starts with example 317, inputs"):
        evaluate_one(session, {"x": x}, everything, batch=1)


def test_nan_is_found_wherever_it_stands(built):
    session = built([("Log", ["x"], ["y"], {})], {"y": floats()})
    for row in (0, 1, 200, ROWS - 1):
        x = np.ones((ROWS, 5), np.float32)
        x[row, 4] = -1
        with pytest.raises(QSpecError, match=rf"NaN in its output 'y' .* example {row}\b"):
            evaluate_one(session, {"x": x}, everything, batch=1)


def test_only_numbers_with_a_row_for_each_example_are_written_into_slots(built):
    session = built([("Exp", ["x"], ["y"], {})], {"y": floats()})
    single = np.dtype(np.float32)
    assert Slots.layouts(session, [np.zeros((4, 5), single)], 4) == [((4, 5), single)]
    for other in (
        np.zeros((1, 5), single),
        np.array(["a"] * 4, object),
        np.float32(1),
        np.zeros((4, 0), single),
    ):
        assert Slots.layouts(session, [other], 4) == []


def test_texts_go_through_the_runtimes_own_method(built):
    session = built(
        [("Identity", ["x"], ["y"], {})],
        {"y": (TensorProto.STRING, ["n", 1])},
        columns=1,
        kind=TensorProto.STRING,
    )
    x = np.array([[f"text {i}"] for i in range(90)], object)
    assert evaluate_one(session, {"x": x}, everything, batch=4)["y"].tolist() == x.tolist()


def test_slots_are_as_far_apart_as_the_runtime_aligns_its_own_memory(built):
    session = built([("Exp", ["x"], ["y"], {})], {"y": floats()})
    slots = Slots(session, [((3, 5), np.dtype(np.float32))], 100, {})
    assert slots.batches == 128
    addresses = {view.data_ptr() for ((_, view),) in slots._views}
    assert len(addresses) == 32
    assert {address % 64 for address in addresses} == {0}


def test_inputs_that_may_not_be_written_to_are_read(built, tmp_path):
    session = built([("Exp", ["x"], ["y"], {})], {"y": floats()})
    x = np.random.default_rng(6).normal(size=(ROWS, 5)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    for column in (np.load(tmp_path / "x.npy", mmap_mode="r"), np.broadcast_to(x[:1], x.shape)):
        assert np.array_equal(
            evaluate_one(session, {"x": column}, everything, batch=4)["y"],
            by_hand(session, np.array(column), 4)["y"],
        )
