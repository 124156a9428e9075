"""Emulated formats: the values of each against independent types, and graphs against arrays."""

import ml_dtypes
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from qspec.errors import QSpecError
from qspec.model.expression import Term
from qspec.model.precision import TensorFormat
from qspec.model.quantity import Quantity
from qspec.model.shorthand import per_group
from qspec.quantize.emulate.activations import Span, round_activation
from qspec.quantize.emulate.formats import emulation
from qspec.quantize.emulate.granules import as_rows, cut_up
from qspec.quantize.emulate.grids import FLOATING, TABLES
from qspec.quantize.emulate.ranges import round_under
from qspec.quantize.emulate.weights import round_matrix
from qspec.quantize.realize import realize
from qspec.quantize.weave import Weaver

TYPES = {
    "fp8-e4m3": ml_dtypes.float8_e4m3fn,
    "fp8-e5m2": ml_dtypes.float8_e5m2,
    "fp6-e2m3": ml_dtypes.float6_e2m3fn,
    "fp6-e3m2": ml_dtypes.float6_e3m2fn,
    "fp4-e2m1": ml_dtypes.float4_e2m1fn,
    "bf16": ml_dtypes.bfloat16,
    "fp16": np.float16,
}
PER_TOKEN, PER_TENSOR, PER_CHANNEL = (Term(name=f"per-{what}") for what in ("token", "tensor", "channel"))


def wide(count: int = 4000) -> np.ndarray:
    generator = np.random.default_rng(0)
    values = generator.standard_normal(count) * np.exp2(generator.integers(-20, 12, count))
    return np.concatenate([values, np.exp2(np.arange(-20.0, 12)), [0.0]]).astype(np.float32)


def how(kind: str, what: str = "weights", **parts):
    return emulation(TensorFormat(type=kind, **parts), what, "simulated")


@pytest.mark.parametrize("name", TYPES)
def test_floating_grids_hold_the_values_of_the_type(name):
    grid = FLOATING[name]
    expected = np.clip(wide(), -grid.most, grid.most).astype(TYPES[name]).astype(np.float32)
    assert (grid.round(wide()) == expected).all()


def test_nf4_is_the_runtimes_table():
    codes = np.arange(16, dtype=np.uint8)
    packed = (codes[0::2] << 4) | codes[1::2]
    node = helper.make_node(
        "MatMulBnb4", ["x", "b", "a"], ["y"], domain="com.microsoft", K=16, N=1, block_size=16, quant_type=1
    )
    tensors = [
        onnx.numpy_helper.from_array(packed, "b"),
        onnx.numpy_helper.from_array(np.ones(1, np.float32), "a"),
    ]
    values = run([node], tensors, np.eye(16, dtype=np.float32), contrib=True)[:, 0]
    assert values == pytest.approx(TABLES["nf4"].entries, abs=1e-6)


@pytest.mark.parametrize("kind", ["mxfp4", "mxfp8"])
def test_microscaling_blocks_are_those_of_the_specification(kind):
    element = {"mxfp4": ml_dtypes.float4_e2m1fn, "mxfp8": ml_dtypes.float8_e4m3fn}[kind]
    most = float(ml_dtypes.finfo(element).max)
    values = np.random.default_rng(1).standard_normal((6, 64)).astype(np.float32) * 3
    blocks = values.reshape(-1, 32)
    scales = np.exp2(np.floor(np.log2(np.abs(blocks).max(1))) - np.floor(np.log2(most)))[:, None]
    assert (scales.astype(ml_dtypes.float8_e8m0fnu).astype(np.float64) == scales).all()
    expected = np.clip(blocks / scales, -most, most).astype(element).astype(np.float32) * scales
    assert (round_matrix(values, how(kind)) == expected.reshape(values.shape)).all()


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("signed", [True, False])
def test_uniform_weights_have_two_to_the_bits_values_and_err_by_half_a_step(bits, signed):
    values = np.random.default_rng(2).standard_normal((3, 500)).astype(np.float32)
    kind = f"{'' if signed else 'u'}int{bits}"
    rounded = round_matrix(values, how(kind, granularity=PER_CHANNEL))
    span = 2 * np.abs(values).max(1) / (2**bits - 2) if signed else np.ptp(values, axis=1) / (2**bits - 1)
    assert max(len(np.unique(row)) for row in rounded) <= 2**bits
    assert (np.abs(rounded - values) <= span[:, None] * (0.5 if signed else 1) + 1e-6).all()


def test_binary_and_ternary_weights_are_those_of_their_papers():
    values = np.array([[0.5, -1.5, 1.0, -0.1]], dtype=np.float32)
    assert round_matrix(values, how("binary")) == pytest.approx(np.array([[0.775, -0.775, 0.775, -0.775]]))
    assert round_matrix(values, how("ternary")) == pytest.approx(np.array([[0, -1.25, 1.25, 0]]))
    ragged = round_matrix(values, how("binary", granularity=per_group(3)))  # the filling counts for nothing
    assert ragged == pytest.approx(np.array([[1, -1, 1, -0.1]]))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 6), st.integers(1, 12))
def test_cutting_up_loses_nothing(rows, columns, high, wide):
    matrix = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)
    blocks = Term(name="per-block", positional=[Quantity.of(str(high)), Quantity.of(str(wide))])
    for term in (PER_TENSOR, PER_CHANNEL, per_group(wide), blocks):
        granules, restore = cut_up(matrix, term)
        assert (restore(granules) == matrix).all()


@pytest.mark.parametrize(
    ("op", "shape", "attributes", "rows"),
    [
        ("MatMul", (5, 7), {}, (7, 5)),
        ("MatMul", (2, 5, 7), {}, (14, 5)),
        ("Gemm", (5, 7), {}, (7, 5)),
        ("Gemm", (7, 5), {"transB": 1}, (7, 5)),
        ("Conv", (7, 5, 3, 3), {}, (7, 45)),
        ("ConvTranspose", (5, 7, 3, 3), {}, (7, 45)),
    ],
)
def test_rows_are_output_channels_whatever_the_operator(op, shape, attributes, rows):
    weight = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    matrix, restore = as_rows(helper.make_node(op, ["x", "w"], ["y"], **attributes), weight)
    assert matrix.shape == rows
    assert (restore(matrix) == weight).all()


def run(nodes, tensors, x, *, opset=17, contrib=False):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * x.ndim)],
        [helper.make_empty_tensor_value_info(nodes[-1].output[0])],
        tensors,
    )
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid("com.microsoft", 1)] if contrib else [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
        None, {"x": x}
    )[0]


def in_graph(x, emulated, span=None, *, op="MatMul", opset=17):
    graph = onnx.GraphProto()
    weave = Weaver(graph, "w", opset)
    channels = x.shape[1] if op == "Conv" else x.shape[-1]
    round_activation(weave, "x", emulated, span, channels, op)
    return run(weave.nodes, list(graph.initializer), x, opset=opset)


@pytest.mark.parametrize("opset", [13, 17, 18])
@pytest.mark.parametrize(
    "kind", ["int8", "int4", "uint8", "uint3", "fp8-e4m3", "fp8-e5m2", "nf4", "fp4", "mxfp4", "nvfp4"]
)
def test_dynamic_activations_in_the_graph_are_those_of_arrays(kind, opset):
    x = np.random.default_rng(3).standard_normal((4, 6, 64)).astype(np.float32) * 5
    grouped = kind in ("mxfp4", "nvfp4", "nf4", "fp4")
    emulated = how(kind, "activations") if grouped else how(kind, "activations", granularity=PER_TOKEN)
    rows = how(kind) if grouped else how(kind, granularity=PER_CHANNEL)
    expected = round_matrix(x.reshape(-1, 64), rows).reshape(x.shape)
    assert in_graph(x, emulated, opset=opset) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kind", ["bf16", "fp16", "tf32"])
def test_wide_floats_in_the_graph_are_those_of_arrays(kind):
    x = wide().reshape(1, -1)
    assert (in_graph(x, how(kind, "activations")) == FLOATING[kind].round(x)).all()


def test_exponents_at_powers_of_two_are_exact():
    x = np.repeat(np.exp2(np.arange(-20, 20, dtype=np.float32))[:, None], 32, axis=1)
    assert (in_graph(x, how("mxfp4", "activations")) == x).all()


@pytest.mark.parametrize("kind", ["int8", "uint8", "uint4", "fp8-e4m3", "nf4"])
def test_static_activations_saturate_at_the_range_chosen(kind):
    x = np.linspace(-3, 5, 200, dtype=np.float32).reshape(2, 100)
    emulated = how(kind, "activations", granularity=PER_TENSOR)
    span = Span(-1.0, 2.0)
    rounded = in_graph(x, emulated, span)
    assert rounded == pytest.approx(round_under(x, emulated, span), abs=1e-6)
    assert rounded.max() == pytest.approx(2.0, abs=0.02)


def test_convolutions_share_scales_between_channels_of_one_place():
    x = np.random.default_rng(4).standard_normal((2, 64, 3, 5)).astype(np.float32)
    rows = x.transpose(0, 2, 3, 1).reshape(-1, 64)
    expected = round_matrix(rows, how("mxfp4")).reshape(2, 3, 5, 64).transpose(0, 3, 1, 2)
    assert in_graph(x, how("mxfp4", "activations"), op="Conv") == pytest.approx(expected, abs=1e-6)


def test_scales_are_rounded_to_their_own_format():
    values = np.random.default_rng(5).standard_normal((4, 64)).astype(np.float32)
    scaled = how("int4", granularity=per_group(16), scale={"type": "fp16"})
    steps = np.abs(round_matrix(values, scaled).reshape(-1, 16)).max(1) / 7
    assert steps.astype(np.float16).astype(np.float32) == pytest.approx(steps, rel=1e-6)


@pytest.mark.parametrize(
    ("weights", "activations", "said"),
    [
        ({"type": "int12"}, None, "int12 of weights cannot be emulated"),
        ({"type": "q4_9"}, None, "q4_9 of weights cannot be emulated"),
        ({"type": "int4", "granularity": {"name": "per-layer"}}, None, "no granularity per-layer"),
        ({"type": "int4", "granularity": {"name": "per-group"}}, None, "does not say how large"),
        ({"type": "int4", "granularity": {"name": "per-token"}}, None, "no weights per-token"),
        ({"type": "int4", "range": "reduced"}, None, "does nothing with range"),
        ({"type": "nf4", "symmetric": False}, None, "no zero point"),
        ({"type": "int4", "scale": {"type": "int8"}}, None, "cannot round scales to int8"),
        ({"type": "int4", "scale": {"type": "e8m0"}}, None, "belong to floating elements"),
        ({"type": "int4"}, {"type": "ternary"}, "cannot be rounded to ternary"),
        ({"type": "int4"}, {"type": "int8", "granularity": PER_CHANNEL}, "cannot be rounded per-channel"),
        ({"type": "int4"}, {"type": "int8", "granularity": PER_TOKEN}, "have no tokens"),
        ({"type": "fp32"}, None, "no format that the scheme"),
    ],
)
def test_what_cannot_be_emulated_is_a_sentence(conv_net, ask, weights, activations, said):
    more = {"activations": activations} if activations else {}
    request = ask(conv_net(), method="simulated", weights=weights, **more)
    with pytest.raises(QSpecError, match=said):
        realize(request)
    assert not request.output.exists()


def test_static_ranges_need_data_and_a_method_that_is_known(mlp, ask):
    said = {
        "method": "ptq-static",
        "simulated": True,
        "weights": {"type": "int5"},
        "activations": {"type": "uint5"},
    }
    with pytest.raises(QSpecError, match="states no calibration method"):
        realize(ask(mlp(), **said))
    with pytest.raises(QSpecError, match="by minmax or percentile or mse, and the calibration says entropy"):
        realize(ask(mlp(), calibration={"method": "entropy"}, **said))


def test_an_activation_per_tensor_without_data_is_said_to_depend_on_its_batch(mlp, ask):
    said = {"weights": {"type": "int8"}, "activations": {"type": "uint8"}}
    dynamic = realize(ask(mlp(), method="ptq-dynamic", simulated=True, **said))
    assert "share a batch" in dynamic.notes[0]
    static = realize(ask(mlp(), method="simulated", calibration={"method": "minmax"}, **said))
    assert not static.notes and static.arguments["calibration_examples"] == 48


def test_a_model_that_fails_on_the_calibration_data_is_a_sentence(tmp_path, ask):
    node, tensor = helper.make_node, onnx.numpy_helper.from_array
    constants = [tensor(np.array([3, -1]), "shape"), tensor(np.ones((5, 2), np.float32), "w")]
    nodes = [node("Reshape", ["x", "shape"], ["rows"]), node("MatMul", ["rows", "w"], ["y"], name="product")]
    ports = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", ["n", 5]), ("y", None))
    ]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], constants)
    onnx.save_model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9),
        tmp_path / "m.onnx",
    )
    said = {"method": "simulated", "weights": {"type": "int8"}, "activations": {"type": "int8"}}
    with pytest.raises(
        QSpecError, match=r"base model fails on calibration data, inputs .*\[40, 5\].*Reshape"
    ):
        realize(ask(tmp_path / "m.onnx", calibration={"method": "minmax"}, examples=40, **said))
