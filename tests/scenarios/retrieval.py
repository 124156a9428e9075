"""Writes a retrieval model whose recall@100 an 8-bit dynamic quantization keeps, and whose recall@1 it loses.

`python tests/scenarios/retrieval.py FOLDER`. Passages come in topics of twenty that lie close together, and a query
lies closest to one of them. Rounding activations blurs what tells the passages of a topic apart, and no topic.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TOPICS, PASSAGES, QUERIES, WIDTH = 150, 20, 1500, 48
APART, NEAR = 0.010, 0.006

SPEC = """qspec 1

model encoder {
  file: "encoder.onnx"
}

dataset passages {
  tables { corpus: "corpus.npz", queries: "queries.npz", relevance: "relevance.npz" }
  inputs { x: x }
}

executor encoder-int8 {
  hardware:    local
  runtime      { name: onnxruntime, provider: cpu, threads: 1 }
  model:       encoder
  precision    {
    method:      ptq-dynamic
    weights:     int8  { granularity: per-channel, symmetric: true }
    activations: uint8 { granularity: per-tensor }
  }
  baseline:    fp32
  calibration: not-applicable "dynamic quantization reads no data"
  task:        retrieval
  metrics:     [recall@1, recall@10, recall@100]
  pipeline     { post: [l2-normalize] }
  test-set     { data: passages, composition: clean }
}

claim still-found on encoder-int8 {
  loss(recall@100) <= 1 pp
  loss(recall@1)   <= 1 pp
}
"""


def encoder(path: Path) -> None:
    """Two layers at random weights: `x` (n, 48) to `embedding` (n, 48)."""
    random = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(
            (random.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32), f"w{place}"
        )
        for place, shape in enumerate([(WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)])
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w0"], ["up"], name="/up/MatMul"),
        helper.make_node("Tanh", ["up"], ["bent"], name="/Tanh"),
        helper.make_node("MatMul", ["bent", "w1"], ["embedding"], name="/down/MatMul"),
    ]
    value = helper.make_tensor_value_info
    ports = [value(name, TensorProto.FLOAT, ["n", WIDTH]) for name in ("x", "embedding")]
    graph = helper.make_graph(nodes, "encoder", ports[:1], ports[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def write(folder: Path) -> None:
    """The model, the three tables and the spec."""
    encoder(folder / "encoder.onnx")
    random = np.random.default_rng(1)
    centres = random.normal(size=(TOPICS, 1, WIDTH))
    corpus = (centres + APART * random.normal(size=(TOPICS, PASSAGES, WIDTH))).reshape(-1, WIDTH)
    wanted = random.integers(0, len(corpus), QUERIES)
    queries = corpus[wanted] + NEAR * random.normal(size=(QUERIES, WIDTH))
    np.savez(folder / "corpus.npz", x=corpus.astype(np.float32))
    np.savez(folder / "queries.npz", x=queries.astype(np.float32))
    np.savez(folder / "relevance.npz", query=np.arange(QUERIES), passage=wanted)
    (folder / "still-found.qspec").write_text(SPEC, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
