"""Dynamic quantization: Gemm layers included, operators and layers outside the precision left alone."""

from collections import Counter

import onnx
import pytest

from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.quantize.dynamic import quantize

W8 = {"method": "ptq-dynamic", "weights": {"type": "int8"}, "activations": {"type": "uint8"}}


def operators(path):
    return Counter(node.op_type for node in onnx.load_model(path).graph.node)


def test_gemm_layers_are_rewritten_and_run_in_integers(mlp, ask):
    request = ask(mlp(), **W8)
    realized = quantize(request)
    assert realized.declared == ("/fc1/Gemm", "/fc2/Gemm")
    assert operators(realized.path)["MatMulInteger"] == 2
    assert realized.arguments["gemm_to_matmul"] == ["/fc1/Gemm", "/fc2/Gemm"]
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert report.realized and report.computed == 2
    assert any("batch" in note for note in realized.notes)


def test_an_excluded_gemm_stays_in_floats_and_is_not_declared(mlp, ask):
    realized = quantize(ask(mlp(), exclude=["/fc2/*"], **W8))
    assert realized.declared == ("/fc1/Gemm",)
    assert operators(realized.path)["MatMulInteger"] == 1
    assert operators(realized.path)["MatMul"] == 1


def test_naming_gemm_as_operator_leaves_convolutions_alone(conv_net, ask):
    realized = quantize(ask(conv_net(), operators=["Gemm"], **W8))
    assert realized.declared == ("/head/Gemm",)
    assert operators(realized.path)["Conv"] == 2
    assert operators(realized.path)["MatMulInteger"] == 1


def test_attention_products_of_activations_stay_in_floats(attention, ask):
    realized = quantize(ask(attention(), **W8))
    assert operators(realized.path)["MatMulInteger"] == 4
    assert operators(realized.path)["MatMul"] == 2


def test_repeating_gives_the_same_bytes(attention, ask):
    request = ask(attention(), **W8)
    first = quantize(request).path.read_bytes()
    assert quantize(request).path.read_bytes() == first != request.model.read_bytes()


@pytest.mark.parametrize(
    ("activations", "said"),
    [
        ({"type": "int8", "symmetric": True}, "cannot make int8, symmetric"),
        ({"type": "uint16"}, "cannot make uint16"),
        ({"type": "uint8", "granularity": {"name": "per-token"}}, "cannot quantize activations per-token"),
    ],
)
def test_activations_that_the_runtime_would_not_make_are_refused(mlp, ask, activations, said):
    with pytest.raises(QSpecError, match=said):
        quantize(ask(mlp(), **(W8 | {"activations": activations})))
