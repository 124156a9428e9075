"""Prints what the paired evaluation loop costs over a bare `session.run` loop: CPU time and peak memory.

The peer runs both models on the same batches with `InferenceSession.run` and drops what they return. Ours also
looks for NaN and keeps an answer for each example; that is held against the budget. A second ratio adds the
arithmetic of a likelihood for each example, which is the metric's work and not the loop's.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from qspec.execute.evaluate import Rows, evaluate
from qspec.execute.memory import peak_memory
from qspec.execute.sessions import Arrays, Session, open_session

SIZES = {"small": (64, 16, 2), "medium": (256, 256, 4), "large": (1024, 1024, 6)}
BATCHES = (1, 32)
REPEATS = 15
PASS_SECONDS = 0.4
Loop = Callable[[list[Session], np.ndarray, int], None]


def perceptron(path: Path, inner: int, width: int, layers: int, seed: int) -> None:
    """A multilayer perceptron with ten outputs, at random weights."""
    generator = np.random.default_rng(seed)
    nodes, weights, at = [], [], "x"
    sizes = [inner, *[width] * layers, 10]
    for i, (rows, columns) in enumerate(pairwise(sizes)):
        matrix = (generator.normal(size=(rows, columns)) / rows**0.5).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, f"w{i}"))
        nodes += [
            helper.make_node("MatMul", [at, f"w{i}"], [f"m{i}"]),
            helper.make_node("Relu", [f"m{i}"], [f"r{i}"]),
        ]
        at = f"r{i}"
    nodes[-1] = helper.make_node("Identity", [f"m{len(sizes) - 2}"], [at])
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "perceptron",
        [value("x", TensorProto.FLOAT, ["n", inner])],
        [value(at, TensorProto.FLOAT, ["n", 10])],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def answers(outputs: Arrays, rows: Rows) -> Arrays:
    """The most likely class of each example."""
    (logits,) = outputs.values()
    return {"answer": logits.argmax(axis=1)}


def likelihoods(outputs: Arrays, rows: Rows) -> Arrays:
    """The most likely class, and the negative logarithm of its likelihood."""
    (logits,) = outputs.values()
    top = logits.max(axis=1)
    return {**answers(outputs, rows), "nll": np.log(np.exp(logits - top[:, None]).sum(axis=1))}


def bare(sessions: list[Session], x: np.ndarray, batch: int) -> None:
    """The peer: the runtime's own method, both models, the same batches."""
    one, other = (session._inference for session in sessions)
    for at in range(0, len(x), batch):
        feeds = {"x": x[at : at + batch]}
        one.run(None, feeds)
        other.run(None, feeds)


def ours(sessions: list[Session], x: np.ndarray, batch: int) -> None:
    """The loop under test."""
    evaluate(sessions[0], sessions[1], {"x": x}, answers, batch=batch)


def with_likelihoods(sessions: list[Session], x: np.ndarray, batch: int) -> None:
    """The same loop, with more arithmetic in the scores."""
    evaluate(sessions[0], sessions[1], {"x": x}, likelihoods, batch=batch)


def opened(folder: Path, size: str) -> tuple[list[Session], int]:
    """Both sessions of a size, and the width of their input."""
    inner, width, layers = SIZES[size]
    paths = [folder / f"{size}-{seed}.onnx" for seed in (0, 1)]
    for seed, path in enumerate(paths):
        if not path.exists():
            perceptron(path, inner, width, layers, seed)
    return [open_session(path, threads=1) for path in paths], inner


def cpu_seconds(loop: Loop, sessions: list[Session], x: np.ndarray, batch: int) -> float:
    """CPU time of one pass."""
    gc.collect()
    before = time.process_time()
    loop(sessions, x, batch)
    return time.process_time() - before


LOOPS = (bare, ours, with_likelihoods)


def measure_time(folder: Path) -> None:
    """One line for each size and batch: the time of a batch, and the median ratio of passes in turn."""
    for size in SIZES:
        sessions, inner = opened(folder, size)
        for batch in BATCHES:
            x = np.random.default_rng(0).normal(size=(64 * batch, inner)).astype(np.float32)
            bare(sessions, x, batch)
            per_batch = cpu_seconds(bare, sessions, x, batch) / 64
            count = max(64, int(PASS_SECONDS / per_batch))
            x = np.random.default_rng(0).normal(size=(count * batch, inner)).astype(np.float32)
            passes = [
                {loop: cpu_seconds(loop, sessions, x, batch) for loop in (LOOPS if turn % 2 else LOOPS[::-1])}
                for turn in range(REPEATS)
            ]
            ratio, scored = (
                statistics.median(took[loop] / took[bare] for took in passes)
                for loop in (ours, with_likelihoods)
            )
            each = statistics.median(took[bare] for took in passes) / count / 2 * 1e6
            allowed = 1.15 if each < 100 else 1.05
            print(
                f"{size:7} batch {batch:3}: {each:8.1f} us a model and batch, {ratio:.3f}x "
                f"(budget {allowed}) {'ok' if ratio <= allowed else 'OVER'}; with likelihoods {scored:.3f}x"
            )


def measure_memory(folder: Path) -> None:
    """Peak memory of each loop in a process of its own, at two numbers of examples."""
    for count in (20_000, 80_000):
        peaks = {}
        for name in ("bare", "ours"):
            command = [sys.executable, __file__, "child", name, str(folder), str(count)]
            peaks[name] = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        ratio = peaks["ours"] / peaks["bare"]
        print(
            f"memory, {count} examples: {peaks['bare'] / 1e6:.0f} and {peaks['ours'] / 1e6:.0f} MB, "
            f"{ratio:.3f}x (budget 1.3) {'ok' if ratio <= 1.3 else 'OVER'}"
        )


def child(name: str, folder: Path, count: int) -> None:
    """One loop over zeros, then the peak."""
    sessions, inner = opened(folder, "small")
    (bare if name == "bare" else ours)(sessions, np.zeros((count, inner), np.float32), 32)
    print(peak_memory())


def main() -> None:
    """Print both ratios for every model size and batch, and peak memory."""
    with tempfile.TemporaryDirectory() as scratch:
        measure_time(Path(scratch))
        measure_memory(Path(scratch))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
