"""The census: what the runtime's optimized graph holds, told apart as storage and arithmetic."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.execute.census import DEFAULT_SETTINGS, census, optimized_graph
from qspec.execute.layers import INTEGER
from qspec.model.evaluation import Calibration
from qspec.model.precision import Precision
from qspec.quantize.graph import open_model
from qspec.quantize.request import Realized, Request
from qspec.quantize.static import quantize

CHANNEL = {"name": "per-channel"}


def form(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


Realize = Callable[..., tuple[Request, Realized]]


@pytest.fixture
def static(tmp_path: Path) -> Realize:
    def run(model: Path, weights: str = "int8", activations: str = "uint8", **precision: Any):
        port = open_model(model).inputs[0]
        shape = [16, *(size if isinstance(size, int) else 5 for size in port.shape[1:])]
        data = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
        request = Request(
            model=model,
            precision=Precision(
                method="ptq-static", weights=form(weights), activations=form(activations), **precision
            ),
            output=tmp_path / "quantized.onnx",
            calibration=Calibration(method="minmax"),
            batches=lambda: iter([{port.name: data}]),
        )
        return request, quantize(request)

    return run


def taken(request: Request, realized: Realized, **more: Any):
    return census(realized.path, request.model, realized.declared, request.precision, **more)


def test_convolutions_and_head_of_u8_s8_run_in_integers(conv_net, static):
    report = taken(*static(conv_net()))
    assert (report.declared, report.stored, report.computed) == (3, 3, 3)
    assert report.realized and not report.simulated and not report.missing
    assert {layer.op for layer in report.layers} == {"QLinearConv", "QGemm"}


def test_an_excluded_layer_is_not_counted(conv_net, static):
    report = taken(*static(conv_net(), exclude=["/head/*"]))
    assert [layer.name for layer in report.layers] == ["/conv1/Conv", "/conv2/Conv"]
    assert report.realized


def test_declaring_a_layer_that_stayed_in_floats_is_not_realized(conv_net, static):
    request, realized = static(conv_net(), exclude=["/conv1/Conv"])
    report = census(
        realized.path, request.model, ["/conv1/Conv", "/conv2/Conv", "/head/Gemm"], request.precision
    )
    assert not report.realized
    assert report.missing == ("/conv1/Conv",)
    assert report.layers[0].storage == "fp32"
    assert report.layers[0].arithmetic == "fp32"


def test_sixteen_bit_activations_are_stored_but_computed_in_floats(conv_net, static):
    report = taken(*static(conv_net(), activations="uint16"))
    assert (report.stored, report.computed, report.realized) == (3, 0, False)
    assert {layer.arithmetic for layer in report.layers} == {"fp32"}


def test_without_graph_optimization_nothing_runs_in_integers(conv_net, static):
    report = taken(*static(conv_net()), settings=DEFAULT_SETTINGS | {"graph_optimization": "none"})
    assert (report.stored, report.computed, report.realized) == (3, 0, False)


def test_matmul_weights_are_counted_and_products_of_activations_are_not(attention, static):
    report = taken(*static(attention()))
    assert [layer.name for layer in report.layers] == [
        "/query/MatMul",
        "/key/MatMul",
        "/value/MatMul",
        "/project/MatMul",
    ]
    assert report.realized


def test_a_float_base_counts_as_floats_under_fused_names(conv_net):
    base = conv_net()
    names = ["/conv1/Conv", "/conv2/Conv", "/head/Gemm"]
    report = census(base, base, names, Precision(weights=form("int8"), activations=form("uint8")))
    assert [layer.arithmetic for layer in report.layers] == ["fp32", "fp32", "fp32"]
    assert report.missing == tuple(names)


def test_an_unknown_declared_layer_is_a_sentence(conv_net):
    base = conv_net()
    with pytest.raises(QSpecError, match=r"/tail/Gemm.*no such weighted layer"):
        census(base, base, ["/tail/Gemm"], Precision(weights=form("int8")))


@pytest.mark.parametrize("activations", ["int8", "uint8", "int16"])
def test_the_count_is_that_of_the_graph_whatever_the_runtime_makes_of_the_type(conv_net, static, activations):
    request, realized = static(conv_net(), activations=activations)
    graph = optimized_graph(realized.path, DEFAULT_SETTINGS).graph
    integer = sum(node.op_type in INTEGER for node in graph.node)
    report = taken(request, realized)
    assert report.computed == (integer if activations != "int16" else 0)
    assert report.realized == (report.computed == report.declared)
