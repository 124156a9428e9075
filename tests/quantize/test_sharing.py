"""Constants that several nodes read: each layer gets what was asked for it, and what comes out alike is stored once."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.execute.census import census
from qspec.model.shorthand import per_group
from qspec.quantize.blocks import round_to_nearest
from qspec.quantize.realize import realize
from qspec.quantize.sharing import Constants, separate

WIDTH = 32
STATIC = {"method": "ptq-static", "weights": {"type": "int8"}, "activations": {"type": "uint8"}}
INT4 = {"method": "weight-only", "weights": {"type": "int4", "granularity": per_group(32)}}
MINMAX = {"method": "minmax"}


def values(seed: int, *shape: int) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)


def save(path: Path, nodes, tensors, shapes, opset: int = 17) -> Path:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes]
    constants = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save_model(model, path)
    return path


def run(path: Path, **feed: np.ndarray) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


def off(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def constants(path: Path) -> dict[str, np.ndarray]:
    tensors = onnx.load_model(path).graph.initializer
    assert len({tensor.name for tensor in tensors}) == len(tensors)
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors}


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    """`x` (batch, 32) through the weight S twice, and through W: products s1, s2 and head."""
    products = [("x", "S", "h1", "s1"), ("h1", "S", "h2", "s2"), ("h2", "W", "y", "head")]
    nodes = [helper.make_node("MatMul", [a, b], [c], name=name) for a, b, c, name in products]
    shapes = [("x", ["batch", WIDTH]), ("y", ["batch", 4])]
    tensors = {"S": values(1, WIDTH, WIDTH), "W": values(2, WIDTH, 4)}
    return save(tmp_path / "twice.onnx", nodes, tensors, shapes)


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    """`image` (batch, 4, 6, 6) through the filter K twice."""

    def build(opset: int = 17) -> Path:
        three = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
        nodes = [
            helper.make_node("Conv", ["image", "K"], ["a"], name="c1", **three),
            helper.make_node("Conv", ["a", "K"], ["b"], name="c2", **three),
        ]
        shapes = [(name, ["batch", 4, 6, 6]) for name in ("image", "b")]
        return save(tmp_path / "filters.onnx", nodes, {"K": values(3, 4, 4, 3, 3)}, shapes, opset)

    return build


X = values(9, 16, WIDTH) * 6


def rounded(weight: np.ndarray, bits: int, size: int, *, symmetric: bool) -> np.ndarray:
    """A product's weight, (inputs, outputs), as blocks of its columns store it."""
    return round_to_nearest(weight.T.copy(), bits, size, symmetric=symmetric).dequantized().T


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        ({"type": "int4", "granularity": per_group(32), "symmetric": False}, (4, 32, False)),
        ({"type": "int8", "granularity": per_group(16)}, (8, 16, True)),
        ({"type": "int4", "granularity": per_group(16)}, (4, 16, True)),
    ],
)
def test_layers_that_share_a_weight_keep_the_codes_of_their_own_rules(twice, ask, rule, other):
    request = ask(twice, **INT4, layers={"s2": {"weights": rule}})
    realized = realize(request)
    stored = constants(twice)
    first, head = (rounded(stored[name], 4, 32, symmetric=True) for name in ("S", "W"))
    bits, size, symmetric = other
    second = rounded(stored["S"], bits, size, symmetric=symmetric)
    assert off(run(realized.path, x=X), X @ first @ second @ head) < 1e-5
    constants(realized.path)
    assert census(realized.path, twice, realized.declared, request.precision).realized


def test_codes_that_layers_share_are_stored_once(twice, ask):
    realized = realize(ask(twice, **INT4))
    stored = constants(realized.path)
    assert sorted(stored) == ["S_Q4", "S_scales", "W_Q4", "W_scales"]
    first, head = (rounded(constants(twice)[name], 4, 32, symmetric=True) for name in ("S", "W"))
    assert off(run(realized.path, x=X), X @ first @ first @ head) < 1e-5


def test_each_layer_keeps_the_solution_that_was_found_for_its_inputs(twice, ask):
    recipe = {"recipe": {"name": "gptq"}}
    both = realize(ask(twice, calibration={"method": "gptq"}, **INT4, **recipe))
    read = {node.name: list(node.input[1:]) for node in onnx.load_model(both.path).graph.node}
    stored = {name: [constants(both.path)[one].tobytes() for one in names] for name, names in read.items()}
    assert stored["s1"] != stored["s2"]
    for name, others in (("s1", ["s2", "head"]), ("s2", ["s1", "head"])):
        alone = realize(ask(twice, calibration={"method": "gptq"}, **INT4, **recipe, exclude=others)).path
        (node,) = [node for node in onnx.load_model(alone).graph.node if node.name == name]
        assert stored[name] == [constants(alone)[one].tobytes() for one in node.input[1:]]


def test_nf4_codes_that_layers_share_are_stored_once(twice, ask):
    realized = realize(ask(twice, method="weight-only", weights={"type": "nf4"}))
    assert sorted(constants(realized.path)) == ["S_absmax", "S_nf4", "W_absmax", "W_nf4"]
    assert off(run(realized.path, x=X), run(twice, x=X)) < 0.2


@pytest.mark.parametrize("recipe", [None, "gptq"])
@pytest.mark.parametrize("kind", ["int4", "int8"])
@pytest.mark.parametrize("opset", [11, 17])
def test_convolutions_may_share_a_filter(filters, ask, kind, recipe, opset):
    base = filters(opset)
    precision = {"method": "weight-only", "weights": {"type": kind, "granularity": per_group(16)}}
    asked = {"recipe": {"name": recipe}} if recipe else {}
    request = ask(base, calibration={"method": recipe} if recipe else None, **precision, **asked)
    realized = realize(request)
    names = [name for name in constants(realized.path) if name.startswith(f"K_Q{kind[-1]}")]
    assert len(names) == (2 if recipe else 1)
    image = np.random.default_rng(5).standard_normal((3, 4, 6, 6)).astype(np.float32)
    assert off(run(realized.path, image=image), run(base, image=image)) < (0.25 if kind == "int4" else 0.02)
    assert census(realized.path, base, realized.declared, request.precision).realized


SCHEMES = {
    "static": (STATIC, MINMAX),
    "qoperator": (STATIC | {"format": "qoperator"}, MINMAX),
    "smoothquant": (STATIC | {"recipe": {"name": "smoothquant"}}, MINMAX),
    "adaround": (STATIC | {"recipe": {"name": "adaround", "named": {"iterations": {"text": "20"}}}}, MINMAX),
    "dynamic": (STATIC | {"method": "ptq-dynamic"}, None),
    "int4": (INT4, None),
    "gptq": (INT4 | {"recipe": {"name": "gptq"}}, {"method": "gptq"}),
    "awq": (INT4 | {"recipe": {"name": "awq"}}, {"method": "awq"}),
    "pruning": ({"method": "weight-only", "pruning": {"sparsity": {"text": "80", "unit": "%"}}}, None),
    "simulated": ({"simulated": True, "weights": {"type": "int3"}}, None),
    "cast": ({"method": "cast", "weights": {"type": "fp16"}}, None),
}


@pytest.mark.parametrize("excluded", ["s1", "s2"])
@pytest.mark.parametrize("name", SCHEMES)
def test_an_excluded_layer_keeps_the_weight_that_it_shares(twice, ask, name, excluded):
    precision, calibration = SCHEMES[name]
    request = ask(twice, calibration=calibration, **precision, exclude=[excluded])
    realized = realize(request)
    (node,) = [node for node in onnx.load_model(realized.path).graph.node if node.name == excluded]
    np.testing.assert_array_equal(constants(realized.path)[node.input[1]], constants(twice)["S"])
    report = census(realized.path, twice, realized.declared, request.precision, simulated=realized.simulated)
    assert report.realized and report.declared == 2, str(report)


def test_a_layer_that_a_rule_leaves_in_floats_keeps_the_weight_that_it_shares(twice, ask):
    floats = {"weights": {"type": "fp32"}, "activations": {"type": "fp32"}}
    realized = realize(ask(twice, calibration=MINMAX, **STATIC, layers={"s2": floats}))
    (node,) = [node for node in onnx.load_model(realized.path).graph.node if node.name == "s2"]
    np.testing.assert_array_equal(constants(realized.path)[node.input[1]], constants(twice)["S"])


@pytest.mark.parametrize("form", ["qdq", "qoperator"])
def test_layers_that_share_a_bias_quantize_it_in_their_own_units(tmp_path, ask, form):
    nodes = [
        helper.make_node("Gemm", ["x", "A", "b"], ["h"], name="g1"),
        helper.make_node("Gemm", ["h", "B", "b"], ["y"], name="g2"),
    ]
    tensors = {"A": values(4, WIDTH, WIDTH), "B": values(5, WIDTH, WIDTH) * 20, "b": np.full(WIDTH, 9, "f4")}
    shapes = [("x", ["batch", WIDTH]), ("y", ["batch", WIDTH])]
    base = save(tmp_path / "bias.onnx", nodes, tensors, shapes)
    realized = realize(ask(base, calibration=MINMAX, **STATIC, format=form))
    wanted = (X @ tensors["A"] + 9) @ tensors["B"] + 9
    assert off(run(realized.path, x=X), wanted) < 0.1


def test_a_constant_is_stored_once_and_a_name_is_given_once(twice):
    graph = onnx.load_model(twice).graph
    shelf = Constants(graph)
    one, two = np.arange(3, dtype=np.int64), np.arange(3, dtype=np.int32)
    assert [shelf.put("k", one), shelf.put("k", one), shelf.put("k", two)] == ["k", "k", "k_"]
    assert [shelf.put("h1", one), shelf.put("x", one)] == [
        "h1_",
        "x_",
    ]  # values that nodes make, or that are fed
    assert [shelf.value("v"), shelf.value("v"), shelf.value("S")] == ["v", "v_", "S_"]
    assert [tensor.name for tensor in graph.initializer] == ["S", "W", "k", "k_", "h1_", "x_"]


def test_a_node_set_apart_takes_its_subgraphs_along(twice):
    graph = onnx.load_model(twice).graph
    outer = helper.make_node("MatMul", ["h1", "S"], ["o"])
    shadowed = helper.make_node("MatMul", ["h1", "S"], ["o"])
    bodies = [
        helper.make_graph([outer], "then", [], [helper.make_empty_tensor_value_info("o")]),
        helper.make_graph(
            [shadowed],
            "else",
            [],
            [helper.make_empty_tensor_value_info("o")],
            [numpy_helper.from_array(np.eye(WIDTH, dtype=np.float32), "S")],
        ),
    ]
    graph.node.append(
        helper.make_node("If", ["c"], ["z"], name="if", then_branch=bodies[0], else_branch=bodies[1])
    )
    separate(graph, ["S", "W"], ["if", "head"])
    assert [node.input[1] for node in graph.node[:3]] == ["S", "S", "W"]  # nothing else reads W
    inner = [attribute.g.node[0].input[1] for attribute in graph.node[3].attribute]
    assert sorted(inner) == ["S", "apart/S"]
    assert graph.initializer[-1].name == "apart/S"
