"""Coverage: layers inside Loop and If, patterns for them, and weights of types that schemes do not take."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.execute.sessions import open_session
from qspec.quantize.graph import nested_layers, open_model
from qspec.quantize.patterns import select
from qspec.quantize.prepare import prepare
from qspec.quantize.realize import realize

INT8 = {"weights": {"type": "int8"}, "activations": {"type": "uint8"}}
MINMAX = {"method": "minmax"}
HALF = {"method": "cast", "weights": {"type": "fp16"}, "activations": {"type": "fp16"}}
SCHEMES = [
    {"method": "ptq-static", **INT8},
    {"method": "ptq-dynamic", **INT8},
    {"method": "weight-only", "weights": {"type": "int4"}},
    {"method": "weight-only", "weights": {"type": "nf4"}},
    {"method": "weight-only", "weights": {"type": "int4"}, "recipe": {"name": "gptq"}},
    {"method": "simulated", "weights": {"type": "int4"}, "activations": {"type": "int4"}},
    {"method": "weight-only", "pruning": {"sparsity": {"text": "50", "unit": "%"}}},
]


def calibration(precision):
    return {"method": "gptq"} if "recipe" in precision else MINMAX


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("precision", SCHEMES, ids=str)
def test_a_layer_in_a_loop_is_declared_and_missed_by_the_census_unless_excluded(
    looped, ask, precision, constant
):
    base = looped(constant=constant)
    request = ask(base, calibration=calibration(precision), **precision)
    made = realize(request)
    assert made.declared == ("head", "inner")
    report = census(made.path, base, made.declared, request.precision, simulated=made.simulated)
    assert report.missing == ("inner",) and not report.realized
    narrowed = ask(base, calibration=calibration(precision), exclude=["inn*"], **precision)
    made = realize(narrowed)
    assert made.declared == ("head",) and "inner" in made.arguments["excluded"]
    report = census(made.path, base, made.declared, narrowed.precision, simulated=made.simulated)
    assert report.realized and not report.missing


def test_a_rule_knows_the_layers_in_a_loop(looped, ask):
    floats = {"weights": {"type": "fp32"}, "activations": {"type": "fp32"}}
    request = ask(looped(), calibration=MINMAX, method="ptq-static", layers={"inner": floats}, **INT8)
    made = realize(request)
    report = census(made.path, request.model, made.declared, request.precision)
    assert report.realized and report.declared == 2


def test_a_cast_reaches_into_loops(looped, ask):
    request = ask(looped(), method="cast", weights={"type": "fp16"})
    made = realize(request)
    report = census(made.path, request.model, made.declared, request.precision)
    assert report.stored == report.declared == 2 and report.realized


def test_a_weight_that_only_the_main_graph_reads_is_dropped_beside_a_loop(looped, ask):
    made = realize(ask(looped(), method="weight-only", weights={"type": "int4"}))
    names = {tensor.name for tensor in onnx.load_model(made.path).graph.initializer}
    assert "head.weight" not in names and "inner.weight" in names


def test_nameless_nodes_in_a_loop_get_names_that_nodes_outside_do_not_have(looped):
    model = open_model(looped()).with_weights()
    body = model.graph.node[0].attribute[0].g
    for node in (*body.node, *model.graph.node):
        node.name = ""
    ready = prepare(model)
    (inner,) = nested_layers(ready)
    assert inner.name == "MatMul_1_" and [node.name for node in ready.graph.node] == ["Loop_0", "MatMul_1"]


@pytest.mark.parametrize("precision", SCHEMES[:-1], ids=str)
@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_weights_of_another_type_are_a_sentence_before_anything_is_made(mlp, ask, precision, kind):
    path = mlp()
    model = onnx.load_model(path)
    element = TensorProto.FLOAT16 if kind is np.float16 else TensorProto.DOUBLE
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(kind), tensor.name))
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.elem_type = element
    onnx.save_model(model, path)
    request = ask(path, calibration=calibration(precision), **precision)
    with pytest.raises(QSpecError, match=rf"The weights of /fc1/Gemm, /fc2/Gemm are {kind.__name__}, and"):
        realize(request)
    assert not request.output.exists()
    assert realize(ask(path, **SCHEMES[-1])).declared == ("/fc1/Gemm", "/fc2/Gemm")


def test_a_name_with_brackets_selects_itself():
    names = ["a/b c[0]", "a/b c0", "d"]
    assert "a/b c[0]" in select(["a/b c[0]"], names, role="exclude")
    assert select(["a/b c[[]0]"], names, role="exclude") == ["a/b c[0]"]


def test_advice_for_products_alone_names_the_operators_that_the_model_has(conv_net, ask):
    with pytest.raises(QSpecError) as raised:
        realize(ask(conv_net(), method="weight-only", weights={"type": "nf4"}))
    assert raised.value.hint is not None and "`operators: [Gemm]`" in raised.value.hint


@pytest.mark.parametrize("constant", [False, True])
def test_a_cast_leaves_the_loop_around_an_excluded_layer_in_floats(looped, ask, constant):
    base = looped(constant=constant)
    request = ask(base, **HALF, exclude=["inner"])
    made = realize(request)
    session = open_session(made.path)
    assert made.declared == ("head",) and session is not None
    report = census(made.path, base, made.declared, request.precision)
    assert report.realized and report.stored == 1
    floats = {"weights": {"type": "fp32"}, "activations": {"type": "fp32"}}
    ruled = ask(base, **HALF, layers={"inner": floats})
    report = census(realize(ruled).path, base, ("head", "inner"), ruled.precision)
    assert [layer.storage for layer in report.layers] == ["fp16", "fp32"] and report.stored == 2
