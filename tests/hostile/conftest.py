"""Attacks: a spec beside hostile files, run in a process with limits, and what lies outside its folder watched."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

GIB = 1 << 30
MIB = 1 << 20

SPEC = """qspec 1

model m {{ file: "{model}", quantized {{ file: "{model}" }} }}

dataset d {{
  source: "{data}"
  inputs {{ x: x }}
  label: y
  {dataset}
}}

executor e {{
  hardware: local
  runtime   {{ name: onnxruntime, provider: cpu, threads: 1 }}
  model:    m
  precision: fp32
  baseline: fp32
  task:     image-classification
  metrics:  [top1]
  test-set  {{ data: d{split}, composition: clean }}
  {executor}
}}

claim c on e {{
  {claim}
}}
"""


@dataclass(frozen=True)
class Done:
    """What an attack came to: exit status, streams, processor seconds, and peak memory in bytes."""

    code: int
    out: str
    err: str
    seconds: float
    peak: int

    def refused(self, pattern: str) -> None:
        """Exit 2 and one sentence with the pattern in it; neither a traceback nor a fault of our own."""
        assert self.code == 2, self
        assert "Traceback" not in self.err + self.out, self.err
        assert "fault in qspec" not in self.err, self.err
        assert re.search(pattern, self.err + self.out), self.err + self.out


Attack = Callable[..., Done]


@pytest.fixture(scope="session")
def server() -> Iterator[subprocess.Popen[str]]:
    """The process that forks the attacks."""
    command = [sys.executable, str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder of the spec; beside it lie `outside`, which nothing may touch, and the cache."""
    folder, outside = tmp_path / "work", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    return folder


def _outside(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in (folder.parent / "outside").rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def attack(server: subprocess.Popen[str], work: Path, tmp_path: Path) -> Attack:
    """Runs `qspec ARGUMENTS…` in the folder with limits of memory and processor time.

    What goes beyond a limit is killed, so that an exit status alone says that time was bounded; the limits leave room
    for a busy machine.
    """

    def run(*arguments: object, memory: int = 3 * GIB, seconds: int = 10, **environment: str) -> Done:
        before = _outside(work)
        streams = tmp_path / "streams"
        streams.mkdir(exist_ok=True)
        order = {
            "arguments": [str(argument) for argument in arguments],
            "folder": str(work),
            "streams": str(streams),
            "memory": memory,
            "seconds": seconds,
            "environment": {"QSPEC_CACHE": str(tmp_path / "cache"), **environment},
        }
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        reply = json.loads(server.stdout.readline())
        out, err = (
            (streams / name).read_text(encoding="utf-8", errors="replace")
            if (streams / name).exists()
            else ""
            for name in ("out", "err")
        )
        assert _outside(work) == before, "something outside the folder was touched"
        return Done(reply["code"], out, err, reply["seconds"], reply["peak"])

    return run


Spec = Callable[..., Path]


@pytest.fixture
def spec(work: Path) -> Spec:
    """Writes a spec that runs, with parts of it replaced, beside a model and data that are good unless replaced."""
    linear_model(work / "m.onnx")
    np.savez(work / "d.npz", **columns())

    def write(**parts: str) -> Path:
        usual = {"model": "m.onnx", "data": "d.npz", "dataset": "", "split": "", "executor": ""}
        text = SPEC.format(**{**usual, "claim": "size <= 2 x baseline", **parts})
        path = work / "s.qspec"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def columns(rows: int = 8) -> dict[str, np.ndarray]:
    """Columns that fit the model."""
    generator = np.random.default_rng(0)
    return {"x": generator.normal(size=(rows, 4)).astype(np.float32), "y": np.arange(rows) % 3}


def weight(name: str = "w", **external: str) -> TensorProto:
    """A weight of four by three; in a file of its own where a location is given."""
    values = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    tensor: TensorProto = numpy_helper.from_array(values, name)
    if external:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in external.items():
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
    return tensor


def save_model(
    path: Path,
    nodes: list[onnx.NodeProto],
    tensors: list[TensorProto] | None = None,
    *,
    shape: tuple[int | str, ...] = ("batch", 4),
    functions: list[onnx.FunctionProto] | None = None,
    domains: tuple[str, ...] = (),
) -> Path:
    """A model from `x` to `y`, written without being checked."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        tensors or [],
    )
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions or [])
    path.write_bytes(model.SerializeToString())
    return path


def linear_model(path: Path, tensor: TensorProto | None = None) -> Path:
    """`y = x @ w`."""
    return save_model(path, [helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor or weight()])
