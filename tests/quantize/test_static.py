"""Static quantization: the file is really quantized, the same on every run, and every misuse is a sentence."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from qspec.quantize.static import quantize

W8A8 = {
    "method": "ptq-static",
    "weights": {"type": "int8", "granularity": {"name": "per-channel"}},
    "activations": {"type": "uint8"},
}
MINMAX = {"method": "minmax"}


def operators(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_model(path).graph.node)


def outputs(path: Path, **feed: np.ndarray) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


def relative_error(base: Path, quantized: Path, **feed: np.ndarray) -> float:
    reference = outputs(base, **feed)
    return float(np.linalg.norm(outputs(quantized, **feed) - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_each_calibration_method_quantizes_every_layer_and_stays_close(conv_net, ask, method):
    base = conv_net()
    realized = quantize(ask(base, calibration={"method": method}, **W8A8))
    assert realized.declared == ("/conv1/Conv", "/conv2/Conv", "/head/Gemm")
    assert operators(realized.path)["QuantizeLinear"] >= 4
    stored = {t.name: t.data_type for t in onnx.load_model(realized.path).graph.initializer}
    assert stored["conv2.weight_quantized"] == onnx.TensorProto.INT8
    image = np.random.default_rng(9).standard_normal((8, 1, 8, 8)).astype(np.float32)
    assert relative_error(base, realized.path, image=image) < 0.2
    assert realized.arguments["calibration_examples"] == 48


def test_qoperator_writes_integer_operators(conv_net, ask):
    realized = quantize(ask(conv_net(), calibration=MINMAX, format="qoperator", **W8A8))
    assert operators(realized.path)["QLinearConv"] == 2


def test_repeating_gives_the_same_bytes_and_leaves_only_the_artifact(conv_net, ask, tmp_path):
    request = ask(conv_net(), calibration={"method": "entropy"}, **W8A8)
    first = quantize(request).path.read_bytes()
    before = {path.name for path in tmp_path.iterdir()}
    assert quantize(request).path.read_bytes() == first
    assert {path.name for path in tmp_path.iterdir()} == before == {"conv.onnx", "quantized.onnx"}
    assert first != request.model.read_bytes()
