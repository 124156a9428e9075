"""A small spec that runs, its model and its data: what the targets spoil."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SPEC = """qspec 1

model m { file: "m.onnx", quantized { file: "m.onnx" } }

dataset d { source: "d.npz", inputs { x: x }, label: y }

executor e {
  hardware: local
  runtime   { name: onnxruntime, provider: cpu, threads: 1 }
  model:    m
  precision: fp32
  baseline: fp32
  task:     image-classification
  metrics:  [top1]
  test-set  { data: d, composition: clean }
  strata    { class: by label }
}

claim c on e {
  loss(top1) <= 50 pp
  size <= 2 x baseline
}
"""


@cache
def linear_model() -> bytes:
    """`y = x @ w` for four features and three classes."""
    weight = numpy_helper.from_array(np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="n")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [weight],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    return bytes(model.SerializeToString())


@cache
def columns() -> bytes:
    """Eight rows that fit the model."""
    stream = io.BytesIO()
    values = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    np.savez(stream, x=values, y=np.arange(8) % 3)
    return stream.getvalue()
