"""Scores belong to the weights that gave them, also where the weights lie in a file beside the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from qspec.execute.store import Store
from qspec.quantize.graph import open_model


def model_with_weights_beside(path: Path, values: np.ndarray) -> None:
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    weight.dims.extend(values.shape)
    for key, value in {"location": "w.bin", "offset": "0", "length": str(values.nbytes)}.items():
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [weight],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(made.SerializeToString())
    path.with_name("w.bin").write_bytes(values.tobytes())


def test_other_external_weights_are_another_model(tmp_path):
    path = tmp_path / "m.onnx"
    first = np.arange(12, dtype=np.float32).reshape(4, 3)
    model_with_weights_beside(path, first)
    before = open_model(path)
    content = before.content
    path.with_name("w.bin").write_bytes(first[::-1].tobytes())
    after = open_model(path)
    assert before.sha256 == after.sha256
    assert after.content != content


def test_weights_that_share_bytes_count_each(tmp_path):
    path = tmp_path / "m.onnx"
    model_with_weights_beside(path, np.zeros((4, 3), np.float32))
    proto = onnx.load_model(path, load_external_data=False)
    for number in range(9):
        proto.graph.initializer.add().CopyFrom(proto.graph.initializer[0])
        proto.graph.initializer[-1].name = f"w{number}"
    path.write_bytes(proto.SerializeToString())
    assert open_model(path).external.size == 10 * 48


SPEC = """qspec 1
model m {{ file: "m.onnx", quantized {{ file: "m.onnx" }} }}
dataset d {{ source: "d.npz", inputs {{ x: x }}, label: y }}
executor e {{
  hardware: local
  runtime   {{ name: onnxruntime, provider: cpu, threads: 1 }}
  model:    m
  precision: fp32
  baseline: fp32
  task:     image-classification
  metrics:  [top1]
  test-set  {{ data: d, composition: clean }}
}}
claim c on e {{ loss(top1) <= {bound} pp }}
"""


def test_a_run_with_other_external_weights_is_computed_anew(tmp_path):
    from qspec import api
    from qspec.execute.options import Options

    values = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    model_with_weights_beside(tmp_path / "m.onnx", values)
    inputs = np.random.default_rng(1).normal(size=(64, 4)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x=inputs, y=(inputs @ values).argmax(axis=1))
    (tmp_path / "s.qspec").write_text(SPEC.format(bound=50))
    store = tmp_path / "store"

    def top1() -> float:
        done = api.run(tmp_path / "s.qspec", options=Options(store=store), write=False)
        return float(done.executed[0].measured.results[0].baseline.value)

    assert top1() == 1.0
    entries = len(list(Store(store).entries()))
    assert top1() == 1.0
    assert len(list(Store(store).entries())) == entries
    (tmp_path / "w.bin").write_bytes(values[:, ::-1].tobytes())
    assert top1() < 1.0
