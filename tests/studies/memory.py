"""Prints the peak memory of whole evaluations of ten thousand, a hundred thousand and a million examples.

Each runs in a process of its own: data read, both models run, scored and judged. Beside the peak stands what the
scores of those examples take, which is all that may grow. `python tests/studies/memory.py COUNT…` for other counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import qspec
from qspec.execute.memory import peak_memory
from qspec.execute.options import Options

COUNTS = (10_000, 100_000, 1_000_000)
BLOCK = 50_000
FLOAT = TensorProto.FLOAT
PIXELS, WIDTH = 28 * 28, 64

SPEC = """qspec 1

model m {{
  file: "base.onnx"
  quantized {{ file: "quantized.onnx" }}
}}

dataset d {{
  {data}
}}

executor e {{
  hardware: local
  runtime   {{ name: onnxruntime, provider: cpu, threads: 1 }}
  model:    m
  precision: fp32
  baseline: fp32
  task:     {task}
  metrics:  [{metrics}]
  test-set  {{ data: d, composition: clean }}
  pipeline  {{ {pipeline} }}
}}

claim c on e {{
  loss({first}) <= 50 pp
}}
"""


def linear(path: Path, inner: int, outer: int, seed: int) -> None:
    """`y = x @ w` at random weights, a little apart for either seed."""
    w = np.random.default_rng(0).normal(size=(inner, outer))
    w = (w + 0.1 * np.random.default_rng(seed).normal(size=w.shape)).astype(np.float32)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [value("x", FLOAT, ["n", inner])],
        [value("y", FLOAT, ["n", outer])],
        [numpy_helper.from_array(w, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def archive(path: Path, count: int, **columns: np.ndarray) -> None:
    """An archive of a column `x` (count, 784) of bytes, written block by block, and of others."""
    import zipfile

    from numpy.lib import format as npy

    generator = np.random.default_rng(1)
    with zipfile.ZipFile(path, "w", allowZip64=True) as file:
        with file.open("x.npy", "w", force_zip64=True) as stream:
            header = {"descr": "|u1", "fortran_order": False, "shape": (count, PIXELS)}
            npy.write_array_header_1_0(stream, header)
            for start in range(0, count, BLOCK):
                stream.write(generator.bytes(min(BLOCK, count - start) * PIXELS))
        for name, column in columns.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as stream:
                npy.write_array(stream, column)


def classification(folder: Path, count: int) -> str:
    """Images of bytes, scaled and cast on the way, in ten classes."""
    archive(folder / "d.npz", count, y=np.random.default_rng(2).integers(0, 10, count))
    for name, seed in (("base.onnx", 1), ("quantized.onnx", 2)):
        linear(folder / name, PIXELS, 10, seed)
    return SPEC.format(
        data='source: "d.npz"\n  inputs { x: x }\n  label: y',
        task="image-classification",
        metrics="top1, nll, f1(macro)",
        first="top1",
        pipeline="pre: [scale(divide: 255)]",
    )


def retrieval(folder: Path, count: int) -> str:
    """A corpus of so many passages, and five hundred queries."""
    archive(folder / "corpus.npz", count)
    archive(folder / "queries.npz", 500)
    passage = np.random.default_rng(2).integers(0, count, 500)
    np.savez(folder / "relevance.npz", query=np.arange(500), passage=passage)
    for name, seed in (("base.onnx", 1), ("quantized.onnx", 2)):
        linear(folder / name, PIXELS, WIDTH, seed)
    tables = ", ".join(f'{name}: "{name}.npz"' for name in ("corpus", "queries", "relevance"))
    return SPEC.format(
        data=f"tables {{ {tables} }}\n  inputs {{ x: x }}",
        task="retrieval",
        metrics="recall@100, mrr",
        first="recall@100",
        pipeline="pre: [scale(divide: 255)], post: [l2-normalize]",
    )


def regression(folder: Path, count: int) -> str:
    """Images whose true values are images: the targets are read as they are asked for, too."""
    archive(folder / "d.npz", count)
    for name, seed in (("base.onnx", 1), ("quantized.onnx", 2)):
        linear(folder / name, PIXELS, PIXELS, seed)
    return SPEC.format(
        data='source: "d.npz"\n  inputs { x: x }\n  label: x',
        task="super-resolution",
        metrics="mse",
        first="mse",
        pipeline="pre: [scale(divide: 255)]",
    ).replace("<= 50 pp", "<= 1e9")


TASKS = {f.__name__: f for f in (classification, retrieval, regression)}


def child(task: str, folder: Path, count: int) -> None:
    """One evaluation; its peak, and the bytes of its scores."""
    spec = folder / "s.qspec"
    spec.write_text(TASKS[task](folder, count), encoding="utf-8")
    before = peak_memory() or 0
    qspec.run(spec, options=Options(store=folder / "store"), write=False)
    scores = sum(path.stat().st_size for path in (folder / "store").rglob("scores.npz"))
    print(json.dumps({"before": before, "peak": peak_memory(), "scores": scores}))


def main() -> None:
    """One line for each task and count."""
    counts = [int(text) for text in sys.argv[1:]] or COUNTS
    for task in TASKS:
        for count in counts:
            with tempfile.TemporaryDirectory() as scratch:
                command = [sys.executable, __file__, "child", task, scratch, str(count)]
                run = subprocess.run(command, capture_output=True, text=True, check=False)
                if run.returncode:
                    sys.exit(run.stderr)
                found = json.loads(run.stdout)
            print(
                f"{task:15} {count:>9,} examples: peak {found['peak'] / 1e6:6.0f} MB, of which {found['before'] / 1e6:.0f} "
                f"before, scores {found['scores'] / 1e6:6.1f} MB",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
