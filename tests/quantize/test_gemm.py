"""The forms of Gemm: factors, biases of every legal shape, shared and transposed operands, all against numpy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.errors import QSpecError
from qspec.quantize.gemm import gemm_to_matmul, plain_gemms
from qspec.quantize.realize import realize

ROWS, WIDTH, OUTPUTS = 48, 16, 4
RNG = np.random.default_rng(3)
X = RNG.standard_normal((ROWS, WIDTH)).astype(np.float32)
W = RNG.standard_normal((WIDTH, OUTPUTS)).astype(np.float32)
B = 3 * RNG.standard_normal(OUTPUTS).astype(np.float32)
STATIC = {"method": "ptq-static", "activations": {"type": "uint8"}}


def gemm(
    path: Path,
    bias: np.ndarray | None = B,
    *,
    weight: np.ndarray = W,
    opset: int = 17,
    listed: bool = False,
    **attributes,
) -> Path:
    """A model of one Gemm, `x` to `y`; with `listed` its constants are inputs too."""
    tensors = {"W": weight} | ({"b": bias} if bias is not None else {})
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        for name, shape in (
            ("x", (ROWS, WIDTH)),
            ("y", (ROWS, OUTPUTS)),
            *((name, array.shape) for name, array in tensors.items()),
        )
    ]
    node = helper.make_node("Gemm", ["x", *tensors], ["y"], name="fc", **attributes)
    constants = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    inputs = [ports[0], *(ports[2:] if listed else [])]
    graph = helper.make_graph([node], "g", inputs, ports[1:2], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save_model(model, path)
    return path


def run(path: Path) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, {"x": X})[0]


@pytest.fixture
def made(ask):
    """Realizes a model, calibrated on the very inputs that are compared."""

    def make(base: Path, ranges: str = "minmax", **precision):
        request = ask(base, calibration={"method": ranges}, **precision)
        return realize(replace(request, batches=lambda: iter([{"x": X}])))

    return make


def off(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


FORMS = {
    "beta": ({"beta": 4.0}, X @ W + 4 * B),
    "alpha": ({"alpha": 0.25}, 0.25 * (X @ W) + B),
    "both": ({"alpha": 2.0, "beta": -0.5}, 2 * (X @ W) - B / 2),
    "no product": ({"alpha": 0.5, "beta": 0.0}, X @ W / 2),
    "transposed": ({"alpha": 0.5, "beta": 3.0, "transB": 1}, X @ W / 2 + 3 * B),
}
PRECISIONS = {
    "qdq": STATIC | {"weights": {"type": "int8"}},
    "per channel": STATIC | {"weights": {"type": "int8", "granularity": {"name": "per-channel"}}},
    "qoperator": STATIC | {"weights": {"type": "int8"}, "format": "qoperator"},
    "smoothquant": STATIC | {"weights": {"type": "int8"}, "recipe": {"name": "smoothquant"}},
    "adaround": STATIC
    | {"weights": {"type": "int8"}, "recipe": {"name": "adaround", "named": {"iterations": {"text": "20"}}}},
    "dynamic": STATIC | {"method": "ptq-dynamic", "weights": {"type": "int8"}},
    "weight-only": {"method": "weight-only", "weights": {"type": "int8"}},
}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("form", FORMS)
def test_factors_are_part_of_what_is_quantized(tmp_path, made, form, precision):
    attributes, wanted = FORMS[form]
    base = gemm(tmp_path / "g.onnx", weight=W.T.copy() if "transB" in attributes else W, **attributes)
    assert off(run(base), wanted) < 1e-5
    realized = made(base, **PRECISIONS[precision])
    assert off(run(realized.path), wanted) < 0.05


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", [(), (1,), (OUTPUTS,), (1, OUTPUTS), (1, 1), (ROWS, 1), (ROWS, OUTPUTS)])
def test_a_bias_may_have_every_legal_shape(tmp_path, made, shape, precision):
    bias = np.resize(B, shape)
    realized = made(gemm(tmp_path / "g.onnx", bias), **PRECISIONS[precision])
    assert off(run(realized.path), X @ W + bias) < 0.05


@pytest.mark.parametrize(
    "precision",
    [
        *PRECISIONS.values(),
        {"method": "weight-only", "weights": {"type": "int4"}, "recipe": {"name": "gptq"}},
        {"method": "weight-only", "weights": {"type": "int4"}, "recipe": {"name": "awq"}},
        {"method": "weight-only", "weights": {"type": "nf4"}},
        {"method": "cast", "weights": {"type": "fp16"}},
        {"simulated": True, "weights": {"type": "int6"}},
    ],
)
def test_constants_that_are_listed_as_inputs_are_constants(tmp_path, made, precision):
    name = precision.get("recipe", {}).get("name")
    method = name if name in ("gptq", "awq") else "minmax"
    path = gemm(tmp_path / "g.onnx", listed=True)
    old = onnx.load_model(path)
    old.ir_version = 3  # the last that asks for it
    onnx.save_model(old, path)
    realized = made(path, method, **precision)
    assert [port.name for port in onnx.load_model(realized.path).graph.input] == ["x"]
    assert off(run(realized.path), X @ W + B) < 0.15


def test_an_old_opset_has_no_scales_for_channels(tmp_path, made):
    base = gemm(tmp_path / "g.onnx", opset=11)
    with pytest.raises(QSpecError, match=r"written in opset 11, and channels .* from 13 on"):
        made(base, **PRECISIONS["per channel"])
    realized = made(base, **PRECISIONS["qdq"])
    assert off(run(realized.path), X @ W + B) < 0.05


def test_a_gemm_that_is_plain_already_is_left_as_it_is(tmp_path):
    graph = onnx.load_model(gemm(tmp_path / "g.onnx")).graph
    before = graph.SerializeToString()
    plain_gemms(graph)
    assert graph.SerializeToString() == before


def test_factors_of_computed_operands_stay(tmp_path):
    model = onnx.load_model(gemm(tmp_path / "g.onnx", alpha=2.0, beta=3.0))
    graph = model.graph
    graph.node[0].input[2] = "computed"
    plain_gemms(graph)
    assert {item.name: item.f for item in graph.node[0].attribute} == {"beta": 3.0}
    np.testing.assert_array_equal(numpy_helper.to_array(graph.initializer[-1]), 2 * W)


def test_two_gemms_that_turn_one_weight_read_one_turned_weight(tmp_path):
    graph = onnx.load_model(gemm(tmp_path / "g.onnx", weight=W.T.copy(), transB=1)).graph
    other = graph.node.add()
    other.CopyFrom(graph.node[0])
    other.name, other.output[0] = "fc2", "z"
    assert gemm_to_matmul(graph, ["fc", "fc2"]) == ["fc", "fc2"]
    assert [tensor.name for tensor in graph.initializer] == ["b", "W_transposed"]
