"""LLM.int8(): outliers apart from the rest, as numpy decomposes the product."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.quantize.realize import realize

LLM = {
    "method": "ptq-dynamic",
    "simulated": True,
    "recipe": {"name": "llm.int8"},
    "weights": {"type": "int8"},
    "activations": {"type": "int8"},
}


@pytest.fixture
def product(tmp_path):
    """`y = x @ w`, x of shape (batch, length, 24)."""
    w = np.random.default_rng(0).standard_normal((24, 10)).astype(np.float32)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "length", 24])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", "length", 10])
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="/product/MatMul")
    graph = helper.make_graph([node], "g", [x], [y], [numpy_helper.from_array(w, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save_model(model, tmp_path / "product.onnx")
    return tmp_path / "product.onnx", w


def outputs(path, x):
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


@pytest.mark.parametrize("threshold", [None, "2"])
def test_the_product_is_that_of_its_two_parts(product, ask, threshold):
    path, w = product
    recipe = {"name": "llm.int8"} | ({"named": {"threshold": {"text": threshold}}} if threshold else {})
    request = ask(path, **(LLM | {"recipe": recipe}))
    realized = realize(request)
    x = np.random.default_rng(1).standard_normal((2, 5, 24)).astype(np.float32)
    x[0, 3, 7] = 40
    outlying = np.abs(x).max((0, 1)) >= float(threshold or 6)
    assert outlying[7] and outlying.sum() == (1 if threshold is None else outlying.sum())
    usual = np.where(outlying, 0, x)
    token = np.abs(usual).max(-1, keepdims=True) / 127
    column = np.abs(w).max(0) / 127
    integers = (np.rint(usual / token) * token) @ (np.rint(w / column) * column)
    expected = integers + np.where(outlying, x, 0) @ w.astype(np.float16).astype(np.float32)
    assert outputs(realized.path, x) == pytest.approx(expected, abs=2e-4)
    report = census(realized.path, path, realized.declared, request.precision, simulated=True)
    assert report.realized and not report.missing


def test_outliers_apart_err_less_than_one_scale_a_token_for_all(product, ask):
    path, w = product
    x = np.random.default_rng(1).standard_normal((2, 5, 24)).astype(np.float32)
    x[:, :, 7] *= 60
    apart = realize(ask(path, **LLM)).path.rename(path.parent / "apart.onnx")
    forms = {
        "weights": {"type": "int8"},
        "activations": {"type": "int8", "granularity": {"name": "per-token"}},
    }
    together = realize(ask(path, method="simulated", **forms)).path
    reference = x @ w
    errors = [float(np.linalg.norm(outputs(one, x) - reference)) for one in (apart, together)]
    assert errors[0] < 0.2 * errors[1]


def test_gemm_layers_are_decomposed_and_rules_leave_layers_alone(mlp, ask):
    realized = realize(ask(mlp(), **LLM))
    assert realized.arguments["gemm_to_matmul"] == ["/fc1/Gemm", "/fc2/Gemm"]
    floats = {"weights": {"type": "fp32"}, "activations": {"type": "fp32"}}
    mixed = realize(ask(mlp(), layers={"/fc1/*": floats}, **LLM))
    assert mixed.arguments["rules_in_floats"] == ["/fc1/Gemm"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"simulated": None}, "can only be simulated"),
        ({"weights": {"type": "int4"}}, "has weights of int8 per-channel"),
        ({"activations": {"type": "uint8"}}, "has activations of int8 per-token"),
        ({"recipe": {"name": "llm.int8", "positional": [{"text": "0"}]}}, "not one that can be followed"),
        ({"recipe": {"name": "llm.int8", "named": {"alpha": {"text": "1"}}}}, "not one that can be followed"),
    ],
)
def test_what_llm_int8_cannot_do_is_a_sentence(mlp, ask, change, said):
    request = ask(mlp(), **(LLM | change))
    with pytest.raises(QSpecError, match=said):
        realize(request)
    assert not request.output.exists()


def test_convolutions_are_refused_unless_products_are_named(conv_net, ask):
    with pytest.raises(QSpecError, match="covers the convolution"):
        realize(ask(conv_net(), **LLM))
    assert realize(ask(conv_net(), operators=["Gemm"], **LLM)).declared == ("/head/Gemm",)
