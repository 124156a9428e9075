"""Weight-only quantization in blocks: stored as declared, computed as the codes say, ragged sizes included."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.model.shorthand import per_group
from qspec.quantize.graph import open_model
from qspec.quantize.realize import realize


def weights(kind: str = "int4", group: int | None = 32, **more):
    granularity = per_group(group) if group else {"name": "per-channel"}
    return {"method": "weight-only", "weights": {"type": kind, "granularity": granularity, **more}}


def operators(path):
    return Counter(node.op_type for node in onnx.load_model(path).graph.node)


def outputs(path, **feed):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


def error(base, quantized, **feed):
    reference = outputs(base, **feed)
    return float(np.linalg.norm(outputs(quantized, **feed) - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize(("kind", "most"), [("int8", 0.02), ("uint8", 0.02), ("int4", 0.2), ("uint4", 0.2)])
@pytest.mark.parametrize("group", [16, 32, 48, 256, None])
def test_gemm_layers_of_ragged_width_become_blocks_and_stay_close(mlp, ask, kind, most, group):
    base = mlp(width=100, hidden=20)
    request = ask(base, **weights(kind, group))
    realized = realize(request)
    assert operators(realized.path)["MatMulNBits"] == 2
    assert realized.arguments["gemm_to_matmul"] == ["/fc1/Gemm", "/fc2/Gemm"]
    x = np.random.default_rng(1).standard_normal((6, 100)).astype(np.float32)
    assert error(base, realized.path, x=x) < most
    report = census(realized.path, base, realized.declared, request.precision)
    assert report.realized and (report.stored, report.computed) == (2, 0)


def test_narrower_codes_err_more(mlp, ask):
    base = mlp(width=128)
    x = np.random.default_rng(1).standard_normal((6, 128)).astype(np.float32)
    errors = [error(base, realize(ask(base, **weights(kind))).path, x=x) for kind in ("int8", "int4", "int2")]
    assert errors == sorted(errors) and errors[2] > errors[1] > errors[0]


@pytest.mark.parametrize("kind", ["int8", "int4"])
@pytest.mark.parametrize("group", [32, None])
def test_convolutions_store_blocks_too(conv_net, ask, kind, group):
    base = conv_net()
    request = ask(base, **weights(kind, group))
    realized = realize(request)
    assert realized.declared == ("/conv1/Conv", "/conv2/Conv", "/head/Gemm")
    image = np.random.default_rng(1).standard_normal((4, 1, 8, 8)).astype(np.float32)
    assert error(base, realized.path, image=image) < (0.03 if kind == "int8" else 0.3)
    report = census(realized.path, base, realized.declared, request.precision)
    assert report.realized and report.stored == 3
    assert {layer.arithmetic for layer in report.layers} == {"fp32"}
    ratio = open_model(realized.path).size / open_model(base).size
    assert ratio < (0.5 if kind == "int8" else 0.4)


def test_two_bit_convolutions_are_missed_by_the_census_and_not_passed_over(conv_net, ask):
    request = ask(conv_net(), **weights("int2"))
    realized = realize(request)
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert not report.realized
    assert report.missing == ("/conv1/Conv", "/conv2/Conv")


def test_excluding_or_naming_operators_narrows_what_is_declared(conv_net, ask):
    narrowed = realize(ask(conv_net(), operators=["Gemm"], **weights()))
    assert narrowed.declared == ("/head/Gemm",)
    excluded = realize(ask(conv_net(), exclude=["/conv*"], **weights()))
    assert excluded.declared == ("/head/Gemm",)


def test_dynamic_activations_over_four_bit_weights_are_multiplied_in_integers(attention, ask):
    precision = weights(group=32) | {
        "method": "ptq-dynamic",
        "activations": {"type": "int8", "granularity": {"name": "per-token"}},
    }
    request = ask(attention(), **precision)
    realized = realize(request)
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert report.realized and report.computed == 4


def test_repeating_gives_the_same_bytes(attention, ask, tmp_path):
    request = ask(attention(), **weights())
    first = realize(request).path.read_bytes()
    assert realize(request).path.read_bytes() == first
    assert {path.name for path in tmp_path.iterdir()} == {"attention.onnx", "quantized.onnx"}


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (weights("int3"), "int2, int4, int8"),
        (weights(group=40), "multiple of 16"),
        (weights("nf8"), "says nf8"),
        (weights() | {"activations": {"type": "uint8"}}, "leaves activations in floats"),
        (weights(range="reduced"), "does nothing with range"),
        (
            weights() | {"method": "ptq-dynamic", "activations": {"type": "uint8"}},
            r"the precision says uint8\.",
        ),
        (weights() | {"kv_cache": {"type": "int8"}}, "does nothing with kv-cache"),
        (weights() | {"recipe": {"name": "awqq"}}, "recipe awqq cannot be realized"),
        (weights() | {"quantizer": {"name": "llm-compressor", "pin": "0.8"}}, "made by llm-compressor @ 0.8"),
        (weights() | {"exclude": ["/conv9/*"]}, "matches no node"),
        (weights() | {"operators": ["Gemv"]}, "did you mean Gemm"),
        (weights() | {"operators": ["MatMul"]}, "no operator of type 'MatMul'"),
    ],
)
def test_what_cannot_be_done_as_said_is_a_sentence(mlp, ask, tmp_path, precision, said):
    with pytest.raises(QSpecError, match=said):
        realize(ask(mlp(), **precision))
    assert {path.name for path in tmp_path.iterdir()} == {"mlp.onnx"}


def test_a_gemm_that_transposes_its_input_is_refused_unless_excluded(mlp, ask):
    path = mlp()
    model = onnx.load_model(path)
    model.graph.node[0].attribute.append(onnx.helper.make_attribute("transA", 1))
    onnx.save_model(model, path)
    with pytest.raises(QSpecError, match="/fc1/Gemm is a Gemm that transposes its input"):
        realize(ask(path, **weights()))
    assert realize(ask(path, exclude=["/fc1/*"], **weights())).declared == ("/fc2/Gemm",)
