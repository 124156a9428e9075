"""AdaRound: roundings that lessen the error of the products, kept by the static quantizer; what layers read as rows."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.errors import QSpecError
from qspec.model.precision import Precision
from qspec.quantize.adaptive import learn
from qspec.quantize.adaround import iterations_of
from qspec.quantize.realize import realize
from qspec.quantize.taps import taps_of

W8 = {"type": "int8", "granularity": {"name": "per-channel"}}
STATIC = {
    "method": "ptq-static",
    "activations": {"type": "uint8"},
    "recipe": {"name": "adaround", "named": {"iterations": {"text": "60"}}},
}
ADAROUND = {"method": "adaround"}


def problem(bits: int = 3, rows: int = 12, columns: int = 40):
    """Weights over their steps, the steps, and second moments of correlated inputs."""
    generator = np.random.default_rng(0)
    mixing = generator.standard_normal((10, columns))
    x = generator.standard_normal((400, 10)) @ mixing + 0.3 * generator.standard_normal((400, columns))
    weight = generator.standard_normal((rows, columns))
    most = 2 ** (bits - 1) - 1
    steps = np.broadcast_to(np.abs(weight).max(1, keepdims=True) / most, weight.shape)
    return weight / steps, steps, x.T @ x, x, most


def test_learned_rounding_lessens_the_error_of_every_row():
    scaled, steps, gram, x, most = problem()
    learned = learn(scaled, steps, gram, (-most, most), 400)
    nearest = np.clip(np.rint(scaled), -most, most)

    def errors(codes: np.ndarray) -> np.ndarray:
        return (((codes - scaled) * steps @ x.T) ** 2).sum(1)

    assert (errors(learned) <= errors(nearest) + 1e-9).all()
    assert errors(learned).sum() < 0.5 * errors(nearest).sum()
    assert (np.abs(learned - scaled) < 1 + 1e-9).all() and (np.abs(learned) <= most).all()


def test_weights_on_their_codes_and_inputs_without_variance_are_left_alone():
    scaled, steps, gram, _, most = problem()
    whole = np.rint(scaled)
    assert (learn(whole, steps, gram, (-most, most), 20) == whole).all()
    assert (learn(scaled, steps, np.zeros_like(gram), (-most, most), 20) == np.clip(whole, -most, most)).all()


@pytest.mark.parametrize("granularity", ["per-channel", "per-tensor"])
@pytest.mark.parametrize(("span", "most"), [("full", 127), ("reduced", 64)])
def test_the_static_quantizer_keeps_the_codes_that_were_learned(conv_net, ask, granularity, span, most):
    weights = {"type": "int8", "granularity": {"name": granularity}, "range": span}
    base = conv_net()
    plain = realize(
        ask(base, calibration={"method": "minmax"}, **(STATIC | {"weights": weights, "recipe": None}))
    )
    before = _codes(plain.path)
    realized = realize(ask(base, calibration=ADAROUND, weights=weights, **STATIC))
    after = _codes(realized.path)
    assert realized.arguments["rounded"] == ["/conv1/Conv", "/conv2/Conv", "/head/Gemm"]
    changed = 0
    for name, (codes, scale) in after.items():
        assert scale == pytest.approx(before[name][1], rel=1e-6)
        assert np.abs(codes.astype(int) - before[name][0]).max() <= 1
        assert np.abs(codes.astype(int)).max() == most
        changed += int((codes != before[name][0]).sum())
    assert changed > 0


def _codes(path):
    stored = {t.name: numpy_helper.to_array(t) for t in onnx.load_model(path).graph.initializer}
    names = ("conv1.weight", "conv2.weight", "head.weight")
    return {name: (stored[f"{name}_quantized"], stored[f"{name}_scale"]) for name in names}


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"pads": [1, 0, 2, 1]},
        {"strides": [2, 1]},
        {"dilations": [2, 1], "pads": [1, 1, 1, 1]},
        {"group": 2},
    ],
)
def test_rows_times_weights_are_the_convolution(attributes):
    generator = np.random.default_rng(1)
    groups = attributes.get("group", 1)
    x = generator.standard_normal((3, 4, 7, 6)).astype(np.float32)
    w = generator.standard_normal((6, 4 // groups, 3, 2)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="/conv", **attributes)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, {"x": x})[0]
    taps = taps_of(node, w.shape)
    assert len(taps) == groups
    parts = zip(taps, np.split(w.reshape(6, -1), groups), strict=True)
    made = np.concatenate([tap.rows(x) @ part.T for tap, part in parts], axis=1)
    assert made == pytest.approx(np.moveaxis(y, 1, -1).reshape(-1, 6), abs=1e-4)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (helper.make_node("Conv", ["x", "w"], ["y"], name="/c", auto_pad="SAME_UPPER"), "leaves its padding"),
        (helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="/c"), "cannot be cut into rows"),
        (helper.make_node("Gemm", ["x", "w"], ["y"], name="/c", transA=1), "cannot be cut into rows"),
    ],
)
def test_a_layer_whose_rows_cannot_be_told_is_a_sentence(node, said):
    with pytest.raises(QSpecError, match=said):
        taps_of(node, (4, 4, 3, 3))


@pytest.mark.parametrize(
    "said",
    [
        {"positional": [{"text": "0"}]},
        {"named": {"rounds": {"text": "9"}}},
        {"positional": [{"text": "1.5"}]},
    ],
)
def test_iterations_that_are_none_are_a_sentence(said):
    with pytest.raises(QSpecError, match="not one that can be followed"):
        iterations_of(Precision(recipe={"name": "adaround", **said}))


@pytest.mark.parametrize(
    ("change", "calibration", "said"),
    [
        ({"weights": {"type": "int8", "symmetric": False}}, ADAROUND, "rounds symmetric weights"),
        ({"weights": {"type": "uint8"}}, ADAROUND, "no type of weights uint8"),
        ({"weights": W8}, {"method": "gptq"}, "has no calibration method gptq"),
        ({"weights": W8}, None, "no calibration method|states no calibration"),
    ],
)
def test_what_adaround_cannot_do_is_a_sentence(conv_net, ask, change, calibration, said):
    request = ask(conv_net(), calibration=calibration, **(STATIC | change))
    with pytest.raises(QSpecError, match=said):
        realize(request)
    assert not request.output.exists()
