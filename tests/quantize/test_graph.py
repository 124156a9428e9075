"""Opening models that may be hostile, and getting their graphs ready."""

import tracemalloc

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.canonical import file_digest
from qspec.data.limits import Limits
from qspec.errors import LimitError, QSpecError
from qspec.quantize import graph
from qspec.quantize.graph import load_model, open_model, weighted_layers
from qspec.quantize.prepare import prepare
from qspec.quantize.realize import realize


def run(model, **feed):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    data = model.SerializeToString()
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


def test_ports_and_layers_are_listed(conv_net):
    path = conv_net()
    model = load_model(path.name, path.parent, file_digest(path))
    assert [str(port) for port in model.inputs] == ["image float32 [batch, 1, 8, 8]"]
    assert model.outputs[0].shape == ("batch", 10)
    layers = weighted_layers(model.proto)
    assert [layer.name for layer in layers] == ["/conv1/Conv", "/conv2/Conv", "/head/Gemm"]
    assert layers[0].aliases == ("c1", "r1")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.999])
def test_a_truncated_model_is_a_sentence(conv_net, keep):
    path = conv_net()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(QSpecError, match=r"not a complete ONNX model|no ONNX graph"):
        open_model(path)


@pytest.mark.parametrize("data", [b"", b"hello, world\n", b"\x08\x07", b"\x00" * 50])
def test_a_file_that_is_no_model_is_a_sentence(tmp_path, data):
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(QSpecError, match="ONNX"):
        open_model(tmp_path / "m.onnx")


def test_size_digest_and_root_are_checked(conv_net):
    path = conv_net()
    with pytest.raises(LimitError, match="file-bytes"):
        open_model(path, limits=Limits(file_bytes=100))
    with pytest.raises(QSpecError, match="the spec declares"):
        load_model(path.name, path.parent, "f" * 64)
    with pytest.raises(QSpecError, match="lies outside"):
        load_model("../conv.onnx", path.parent)


def with_external(path, location):
    model = onnx.load_model(path)
    onnx.save_model(
        model,
        path,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
        convert_attribute=True,
    )
    model = onnx.load_model(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    onnx.save_model(model, path)


def test_external_data_beside_the_model_count_and_load(conv_net):
    path = conv_net()
    plain = open_model(path)
    with_external(path, "weights.bin")
    model = open_model(path)
    assert model.external.files == (path.parent / "weights.bin",)
    assert model.size > plain.size - 2000
    assert model.with_weights().graph.initializer[0].raw_data == plain.proto.graph.initializer[0].raw_data


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "link.bin", "absent.bin", ""])
def test_external_data_elsewhere_are_refused(conv_net, tmp_path, location):
    folder = tmp_path / "models"
    folder.mkdir()
    path = conv_net().rename(folder / "m.onnx")
    (tmp_path / "secret.bin").write_bytes(b"\0" * 100_000)
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    with_external(path, location)
    with pytest.raises(QSpecError, match="external data"):
        open_model(path)


def test_custom_operators_are_refused_and_local_functions_are_not(conv_net):
    path = conv_net()
    model = onnx.load_model(path)
    model.graph.node[1].domain = "acme.ops"
    onnx.save_model(model, path)
    with pytest.raises(QSpecError, match=r"operator Relu of the domain 'acme\.ops'"):
        open_model(path)
    body = [helper.make_node("Relu", ["x"], ["y"])]
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("acme.ops", "Relu", ["x"], ["y"], body, opsets))
    onnx.save_model(model, path)
    assert open_model(path).inputs


def test_custom_operators_hidden_in_a_subgraph_are_refused(conv_net):
    path = conv_net()
    model = onnx.load_model(path)
    value = helper.make_tensor_value_info("o", TensorProto.FLOAT, None)
    inner = helper.make_graph(
        [helper.make_node("Evil", ["logits"], ["o"], domain="acme.ops")], "b", [], [value]
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "flag"))
    model.graph.node.append(helper.make_node("If", ["flag"], ["out"], then_branch=inner, else_branch=inner))
    onnx.save_model(model, path)
    with pytest.raises(QSpecError, match="operator Evil"):
        open_model(path)


def test_batch_norms_are_folded_with_the_same_results(conv_net):
    model = open_model(conv_net(norm=True)).proto
    ready = prepare(model)
    assert "BatchNormalization" not in {node.op_type for node in ready.graph.node}
    assert "gamma" not in {tensor.name for tensor in ready.graph.initializer}
    image = np.random.default_rng(0).standard_normal((3, 1, 8, 8)).astype(np.float32)
    assert run(ready, image=image) == pytest.approx(run(model, image=image), abs=1e-4)


def test_constants_are_no_inputs_of_a_prepared_model(mlp):
    model = open_model(mlp()).proto
    model.ir_version = 3
    for tensor in model.graph.initializer:
        model.graph.input.append(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        )
    ready = prepare(model)
    assert [port.name for port in ready.graph.input] == ["x"] and ready.ir_version == 4
    onnx.checker.check_model(ready)
    x = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float32)
    assert run(ready, x=x) == pytest.approx(run(model, x=x), abs=1e-6)


def test_nameless_and_doubly_named_nodes_get_names_and_constants_become_weights(mlp):
    model = open_model(mlp()).proto
    model.graph.node[0].name = ""
    model.graph.node[1].name = "/fc2/Gemm"
    weight = model.graph.initializer[0]
    model.graph.node.insert(0, helper.make_node("Constant", [], [weight.name], value=weight))
    del model.graph.initializer[0]
    ready = prepare(model)
    names = [node.name for node in ready.graph.node]
    assert names == ["Gemm_0", "/fc2/Gemm", "Gemm_2"]
    assert [layer.name for layer in weighted_layers(ready)] == ["Gemm_0", "Gemm_2"]


def test_a_model_too_large_to_rewrite_is_a_sentence(mlp, monkeypatch):
    monkeypatch.setattr(graph, "MOST_BYTES", 1000)
    with pytest.raises(LimitError, match="cannot be rewritten here"):
        prepare(open_model(mlp()).proto)


def test_external_data_beyond_what_can_be_rewritten_are_refused_before_they_are_read(conv_net, ask):
    path = conv_net()
    with_external(path, "weights.bin")
    with (path.parent / "weights.bin").open("r+b") as file:
        file.truncate(2_100_000_000)  # a hole, which takes no space
    tracemalloc.start()
    with pytest.raises(LimitError, match="cannot be rewritten here"):
        realize(ask(path, method="cast", weights={"type": "fp16"}))
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()
