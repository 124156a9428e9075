"""Mixed precision: rules for single layers, kept by what is written or refused in a sentence."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.model.shorthand import per_group
from qspec.quantize.overrides import Overrides, check_kept
from qspec.quantize.realize import realize

INT8, U8, FP32 = {"type": "int8", "granularity": {"name": "per-channel"}}, {"type": "uint8"}, {"type": "fp32"}
STATIC = {"method": "ptq-static", "weights": INT8, "activations": U8}
FLOATS = {"weights": FP32, "activations": FP32}
MINMAX = {"method": "minmax"}


def stored(path):
    return {tensor.name: tensor.data_type for tensor in onnx.load_model(path).graph.initializer}


def test_static_types_of_single_layers_are_what_the_rule_says(conv_net, ask):
    rule = {"activations": {"type": "uint16"}, "weights": {"type": "int16"}}
    realized = realize(ask(conv_net(), calibration=MINMAX, layers={"/conv2/*": rule}, **STATIC))
    types = stored(realized.path)
    assert types["conv2.weight_quantized"] == TensorProto.INT16
    assert types["r1_zero_point"] == TensorProto.UINT16
    assert types["head.weight_quantized"] == TensorProto.INT8
    assert realized.arguments["overrides"] == {"conv2.weight": "QInt16", "r1": "QUInt16"}


def test_an_override_that_the_runtime_drops_is_a_sentence(conv_net, ask):
    realized = realize(ask(conv_net(), calibration=MINMAX, **STATIC))
    artifact = onnx.load_model(realized.path)
    with pytest.raises(
        QSpecError, match="tensor c1 was to be quantized to QUInt16, and the runtime left it as floats"
    ):
        check_kept(artifact, Overrides((), {"c1": "QUInt16"}))  # fused with its activation
    with pytest.raises(QSpecError, match="left it as UINT8"):
        check_kept(artifact, Overrides((), {"r1": "QUInt16"}))


def test_options_that_never_reach_the_quantizer_are_noticed(conv_net, ask, monkeypatch):
    monkeypatch.setattr("qspec.quantize.static.as_options", lambda *args, **more: {})
    rule = {"/conv2/*": {"activations": {"type": "uint16"}}}
    request = ask(conv_net(), calibration=MINMAX, layers=rule, **STATIC)
    with pytest.raises(QSpecError, match="r1 was to be quantized"):
        realize(request)
    assert not request.output.exists()


def test_layers_left_in_floats_pass_the_census_as_declared(conv_net, ask):
    request = ask(conv_net(), calibration=MINMAX, layers={"/conv1/*": FLOATS}, **STATIC)
    realized = realize(request)
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert report.realized
    assert [layer.arithmetic for layer in report.layers] == ["fp32", "int8", "int8"]


def test_dynamic_quantization_leaves_a_layer_in_floats(mlp, ask):
    said = {"method": "ptq-dynamic", "weights": {"type": "int8"}, "activations": U8}
    request = ask(mlp(), layers={"/fc1/*": FLOATS}, **said)
    realized = realize(request)
    assert realized.arguments["rules_in_floats"] == ["/fc1/Gemm"]
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert report.realized
    assert [layer.arithmetic for layer in report.layers] == ["fp32", "int8"]
    with pytest.raises(QSpecError, match="every layer that ptq-dynamic would quantize"):
        realize(ask(mlp(), layers={"*": FLOATS}, **said))


def test_a_cast_leaves_a_layer_in_floats(mlp, ask):
    half = {"method": "cast", "weights": {"type": "fp16"}, "activations": {"type": "fp16"}}
    realized = realize(ask(mlp(), layers={"/fc1/*": FLOATS}, **half))
    assert stored(realized.path)["fc1.weight"] == TensorProto.FLOAT
    assert stored(realized.path)["fc2.weight"] == TensorProto.FLOAT16


def test_weights_of_several_widths_stand_beside_each_other(mlp, ask):
    int4 = {"type": "int4", "granularity": per_group(32)}
    request = ask(mlp(), method="weight-only", weights=int4, layers={"/fc2/*": {"weights": INT8}})
    realized = realize(request)
    attributes = [item for node in onnx.load_model(realized.path).graph.node for item in node.attribute]
    bits = [item.i for item in attributes if item.name == "bits"]
    assert bits == [4, 8]
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert report.realized and [layer.storage for layer in report.layers] == ["int4", "int8"]


def test_rules_by_operator_type_and_the_last_one_wins(conv_net, ask):
    layers = {
        "*": {"weights": {"type": "int6"}, "operators": ["Conv"]},
        "/conv2/*": {"weights": {"type": "int2"}},
    }
    realized = realize(ask(conv_net(), method="simulated", weights={"type": "int8"}, layers=layers))
    assert [text.split()[0] for text in realized.arguments["weights"].values()] == ["int6", "int2", "int8"]
    values = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load_model(realized.path).graph.initializer}
    assert max(len(np.unique(row)) for row in values["conv2.weight_int2"]) <= 3


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (STATIC | {"layers": {"/haed/*": FLOATS}}, "its nodes are /conv1/Conv"),
        (STATIC | {"layers": {"/relu1/*": FLOATS}}, "'/relu1/\\*' in layers matches no node"),
        (STATIC | {"layers": {"/head/*": FLOATS | {"operators": ["Conv"]}}}, "selects no layer"),
        (STATIC | {"layers": {"/head/*": FLOATS | {"operators": ["Gemv"]}}}, "did you mean Gemm"),
        (STATIC | {"layers": {"/head/*": {}}}, "gives neither weights nor activations"),
        (STATIC | {"layers": {"/head/*": {"weights": FP32}}}, "quantizes both or none"),
        (
            STATIC | {"layers": {"/head/*": {"weights": {"type": "int8", "symmetric": False}}}},
            "changes symmetric",
        ),
        (STATIC | {"layers": {"/head/*": {"weights": {"type": "int3"}}}}, "no type for /head/Gemm int3"),
        (
            STATIC | {"format": "qoperator", "layers": {"/head/*": {"weights": {"type": "int16"}}}},
            "same types",
        ),
        (
            {"method": "ptq-dynamic", "weights": {"type": "int8"}, "layers": {"/head/*": {"weights": U8}}},
            "quantizes all layers alike",
        ),
        (
            {"method": "weight-only", "weights": INT8, "layers": {"/head/*": {"activations": U8}}},
            "gives all layers the same activations",
        ),
        (
            {"method": "weight-only", "weights": INT8, "layers": {"/head/*": {"weights": {"type": "nf4"}}}},
            "the precision says nf4",
        ),
    ],
)
def test_a_rule_that_cannot_be_kept_is_a_sentence(conv_net, ask, precision, said):
    request = ask(conv_net(), calibration=MINMAX, **precision)
    with pytest.raises(QSpecError, match=said):
        realize(request)
    assert not request.output.exists()


def test_layers_that_read_one_value_in_two_formats_are_a_sentence(attention, ask):
    rule = {"/query/*": {"activations": {"type": "uint16"}}}
    with pytest.raises(QSpecError, match="tensor tokens is read by layers that want it in different formats"):
        realize(ask(attention(), calibration=MINMAX, layers=rule, **STATIC))


def test_masked_attention_stays_in_floats_and_is_said_to(decoder, encoder, ask):
    masked = realize(ask(decoder(), calibration=MINMAX, **STATIC))
    assert masked.arguments["masks_in_floats"] == ["/mask/Add", "/attention/Softmax"]
    assert any("attention scores" in note for note in masked.notes)
    plain = realize(ask(encoder(), calibration=MINMAX, **STATIC))
    assert plain.arguments["masks_in_floats"] == [] and not plain.notes


@pytest.mark.parametrize(("lowest", "kept"), [(-5.0, False), (-1e4, True), (-1e9, True)])
def test_a_bias_before_a_softmax_is_a_mask_only_where_it_hides_what_it_is_added_to(
    decoder, ask, lowest, kept
):
    path = decoder()
    model = onnx.load_model(path)
    (mask,) = (one for one in model.graph.initializer if one.name == "mask")
    mask.CopyFrom(numpy_helper.from_array(np.triu(np.full((6, 6), lowest, np.float32), 1), "mask"))
    onnx.save_model(model, path)
    made = realize(ask(path, calibration=MINMAX, **STATIC))
    assert made.arguments["masks_in_floats"] == (["/mask/Add", "/attention/Softmax"] if kept else [])
