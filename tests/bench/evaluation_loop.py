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
from pathlib import Path

import numpy as np

from qspec.execute.evaluate import Rows, evaluate
from qspec.execute.memory import peak_memory
from qspec.execute.sessions import Arrays, Session, open_session

sys.path.insert(0, str(Path(__file__).resolve().parent))
import models

KINDS = tuple(models.BUILDERS)
BATCHES = (1, 32)
REPEATS = 15
PASS_SECONDS = 0.4
Loop = Callable[[list[Session], np.ndarray, int], None]


def answers(outputs: Arrays, rows: Rows) -> Arrays:
    """The most likely class of each example, or of each of its tokens."""
    (logits,) = outputs.values()
    return {"answer": logits.argmax(axis=-1)}


def likelihoods(outputs: Arrays, rows: Rows) -> Arrays:
    """The most likely class, and the negative logarithm of its likelihood, of each token the sum."""
    (logits,) = outputs.values()
    top = logits.max(axis=-1)
    nll = np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    return {**answers(outputs, rows), "nll": nll.reshape(len(nll), -1).sum(axis=1)}


def bare(sessions: list[Session], x: np.ndarray, batch: int) -> None:
    """The peer: the runtime's own method, both models, the same batches."""
    one, other = (session._inference for session in sessions)
    name = sessions[0].inputs[0].name
    for at in range(0, len(x), batch):
        feeds = {name: x[at : at + batch]}
        one.run(None, feeds)
        other.run(None, feeds)


def ours(sessions: list[Session], x: np.ndarray, batch: int) -> None:
    """The loop under test."""
    evaluate(sessions[0], sessions[1], {sessions[0].inputs[0].name: x}, answers, batch=batch)


def with_likelihoods(sessions: list[Session], x: np.ndarray, batch: int) -> None:
    """The same loop, with more arithmetic in the scores."""
    evaluate(sessions[0], sessions[1], {sessions[0].inputs[0].name: x}, likelihoods, batch=batch)


def opened(folder: Path, kind: str) -> list[Session]:
    """Both sessions of a kind of model."""
    paths = [folder / f"{kind}-{seed}.onnx".replace(" ", "-") for seed in (0, 1)]
    for seed, path in enumerate(paths):
        if not path.exists():
            models.save(path, kind, seed)
    return [open_session(path, threads=1) for path in paths]


def cpu_seconds(loop: Loop, sessions: list[Session], x: np.ndarray, batch: int) -> float:
    """CPU time of one pass."""
    gc.collect()
    before = time.process_time()
    loop(sessions, x, batch)
    return time.process_time() - before


LOOPS = (bare, ours, with_likelihoods)


def measure_time(folder: Path) -> None:
    """One line for each kind and batch: the time of a batch, and the median ratio of passes in turn."""
    for kind in KINDS:
        sessions = opened(folder, kind)
        for batch in BATCHES:
            x = models.examples(sessions[0], 16 * batch)
            bare(sessions, x, batch)
            per_batch = cpu_seconds(bare, sessions, x, batch) / 16
            count = max(16, int(PASS_SECONDS / per_batch))
            x = models.examples(sessions[0], count * batch)
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
                f"{kind:17} batch {batch:3}: {each:8.1f} us a model and batch, {ratio:.3f}x "
                f"(budget {allowed}) {'ok' if ratio <= allowed else 'OVER'}; with likelihoods {scored:.3f}x",
                flush=True,
            )


def measure_memory(folder: Path) -> None:
    """Peak memory of each loop in a process of its own, for each kind at two numbers of examples."""
    for kind in KINDS:
        for count in (1, 4):
            peaks = {}
            for name in ("bare", "ours"):
                command = [sys.executable, __file__, "child", name, str(folder), kind, str(count)]
                run = subprocess.run(command, capture_output=True, text=True, check=True)
                rows, peaks[name] = map(int, run.stdout.split())
            ratio = peaks["ours"] / peaks["bare"]
            print(
                f"{kind:17} memory, {rows:6,} examples: {peaks['bare'] / 1e6:.0f} and {peaks['ours'] / 1e6:.0f} MB, "
                f"{ratio:.3f}x (budget 1.3) {'ok' if ratio <= 1.3 else 'OVER'}",
                flush=True,
            )


def child(name: str, folder: Path, kind: str, count: int) -> None:
    """One loop over so many times 5 MB of zeros, then how many examples these are, and the peak."""
    sessions = opened(folder, kind)
    one = models.examples(sessions[0], 1)
    x = np.zeros((count * (5_000_000 // one.nbytes), *one.shape[1:]), one.dtype)[: 4000 * count]
    (bare if name == "bare" else ours)(sessions, x, 32)
    print(len(x), peak_memory())


def main() -> None:
    """Print both ratios for every kind of model and batch, and peak memory."""
    with tempfile.TemporaryDirectory() as scratch:
        measure_time(Path(scratch))
        measure_memory(Path(scratch))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], Path(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
    else:
        main()
