"""Casting to fp16: half the size, inputs and outputs unchanged, simulated where the processor widens it."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.census import census
from qspec.execute.layers import find_layers
from qspec.quantize.bfloat import bits_of
from qspec.quantize.cast import quantize
from qspec.quantize.graph import open_model, weighted_layers

FP16 = {"method": "cast", "weights": {"type": "fp16"}, "activations": {"type": "fp16"}}


def test_weights_are_stored_in_half_the_bytes_and_ports_stay(conv_net, ask):
    request = ask(conv_net(), **FP16)
    realized = quantize(request)
    base, half = open_model(request.model), open_model(realized.path)
    assert half.size < 0.65 * base.size
    assert (half.inputs, half.outputs) == (base.inputs, base.outputs)


def test_fp16_that_the_processor_widens_is_simulated(conv_net, ask):
    request = ask(conv_net(), **FP16)
    realized = quantize(request)
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert report.stored == report.declared == 3
    assert report.realized
    assert report.simulated == (report.computed < 3)


def test_an_excluded_layer_keeps_its_floats(conv_net, ask):
    realized = quantize(ask(conv_net(), exclude=["/head/Gemm"], **FP16))
    types = {t.name: t.data_type for t in onnx.load_model(realized.path).graph.initializer}
    assert types["head.weight"] == onnx.TensorProto.FLOAT
    assert types["conv2.weight"] == onnx.TensorProto.FLOAT16
    assert "/head/Gemm" not in realized.declared


@pytest.mark.parametrize("kind", ["bf16", "fp8-e4m3"])
def test_formats_whose_graphs_do_not_load_are_refused(conv_net, ask, kind):
    with pytest.raises(NotExecutableError, match=kind):
        quantize(ask(conv_net(), method="cast", weights={"type": kind}))


def test_bf16_is_cast_where_the_provider_opens_it(mlp, ask):
    request = ask(mlp(), method="cast", weights={"type": "bf16"}, activations={"type": "bf16"})
    opened = []
    realized = quantize(replace(request, opens=opened.append))
    assert len(opened) == 1 and realized.arguments["type"] == "bf16"
    model = onnx.load_model(realized.path)
    onnx.checker.check_model(model)
    types = {t.name: t.data_type for t in model.graph.initializer}
    assert types["fc1.weight_bf16"] == types["fc2.bias_bf16"] == onnx.TensorProto.BFLOAT16
    report = find_layers(model, weighted_layers(open_model(request.model).proto))
    assert {(layer.storage, layer.arithmetic) for layer in report.values()} == {("bf16", "bf16")}


def test_bits_of_bf16_are_those_of_the_type():
    values = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    assert (bits_of(values) == values.astype(ml_dtypes.bfloat16).view(np.uint16)).all()


def test_weights_beyond_the_range_of_fp16_are_refused(mlp, ask):
    path = mlp()
    model = onnx.load_model(path)
    first = model.graph.initializer[0]
    first.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(first) * np.float32(1e6), first.name))
    onnx.save_model(model, path)
    with pytest.raises(QSpecError, match=r"fc1\.weight holds values beyond 65504"):
        quantize(ask(path, **FP16))


def overflowing(path, stays):
    model = onnx.load_model(path)
    (tensor,) = (one for one in model.graph.initializer if one.name == stays)
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1e7), stays))
    onnx.save_model(model, path)
    return path


def test_what_a_layer_in_floats_alone_reads_may_be_beyond_fp16(mlp, ask):
    base = overflowing(mlp(), "fc1.weight")
    with pytest.raises(QSpecError, match=r"fc1\.weight holds values beyond 65504"):
        quantize(ask(base, **FP16))
    realized = quantize(ask(base, exclude=["/fc1/Gemm"], **FP16))
    kept = {t.name: numpy_helper.to_array(t) for t in onnx.load_model(realized.path).graph.initializer}
    assert kept["fc1.weight"].dtype == np.float32 and np.abs(kept["fc1.weight"]).max() > 65504
    assert kept["fc2.weight"].dtype == np.float16


@pytest.mark.parametrize(
    ("weights", "activations", "said"),
    [
        ("fp32", "fp32", "casts it to fp32, which changes nothing"),
        ("int8", "fp16", "casts weights to int8"),
        ("fp16", "fp32", "gives them fp16 and fp32"),
    ],
)
def test_what_is_no_cast_is_said_to_be_none(mlp, ask, weights, activations, said):
    with pytest.raises(QSpecError, match=said) as raised:
        quantize(ask(mlp(), method="cast", weights={"type": weights}, activations={"type": activations}))
    assert not isinstance(raised.value, NotExecutableError)
