"""A key-value cache in a format of its own, and accumulators that state a fact or are refused."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from qspec.errors import QSpecError
from qspec.quantize.cache import kept_values
from qspec.quantize.realize import realize

W8A8 = {"method": "ptq-static", "weights": {"type": "int8"}, "activations": {"type": "uint8"}}


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize(("kind", "most"), [("int8", 127), ("int4", 7)])
def test_keys_and_values_are_rounded_and_nothing_else(attention, ask, kind, most):
    base = attention()
    realized = realize(ask(base, method="simulated", kv_cache={"type": kind}))
    w = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load_model(base).graph.initializer}
    x = np.random.default_rng(2).standard_normal((2, 6, 32)).astype(np.float32)

    def kept(values: np.ndarray) -> np.ndarray:
        scale = np.abs(values).max(-1, keepdims=True) / most
        return np.rint(values / scale) * scale

    keys, values = kept(x @ w["key"]), kept(x @ w["value"])
    expected = softmax((x @ w["query"]) @ keys.transpose(0, 2, 1)) @ values @ w["project"]
    session = ort.InferenceSession(realized.path, providers=["CPUExecutionProvider"])
    assert session.run(None, {"tokens": x})[0] == pytest.approx(expected, abs=1e-4)
    assert realized.simulated and realized.arguments["kv_cache"] == ["k", "v"]


def test_masked_attention_has_its_keys_and_values_too(decoder, ask):
    graph = onnx.load_model(decoder()).graph
    assert [(one.reader, one.value) for one in kept_values(graph)] == [
        ("/attention/Transpose", "k"),
        ("/attention/mix/MatMul", "v"),
    ]


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        ({"method": "simulated", "kv_cache": {"type": "int8"}}, "no attention in which keys and values"),
        (W8A8 | {"kv_cache": {"type": "int8"}}, "does nothing with kv-cache"),
        (
            W8A8 | {"accumulators": {"type": "int16"}},
            "summed in int32 by the runtime, and the precision says int16",
        ),
        (
            {"method": "weight-only", "weights": {"type": "int4"}, "accumulators": {"type": "fp16"}},
            "summed in fp32",
        ),
    ],
)
def test_what_cannot_be_kept_so_is_a_sentence(conv_net, ask, precision, said):
    request = ask(conv_net(), calibration={"method": "minmax"}, **precision)
    with pytest.raises(QSpecError, match=said):
        realize(request)
    assert not request.output.exists()


@pytest.mark.parametrize(
    "precision",
    [
        W8A8 | {"accumulators": {"type": "int32"}},
        {"method": "weight-only", "weights": {"type": "int4"}, "accumulators": {"type": "fp32"}},
        {"method": "simulated", "weights": {"type": "int4"}, "accumulators": {"type": "fp32"}},
    ],
)
def test_accumulators_that_are_as_declared_change_nothing(conv_net, ask, precision):
    base = conv_net()
    said = realize(ask(base, calibration={"method": "minmax"}, **precision)).path.read_bytes()
    unsaid = {name: value for name, value in precision.items() if name != "accumulators"}
    assert realize(ask(base, calibration={"method": "minmax"}, **unsaid)).path.read_bytes() == said
