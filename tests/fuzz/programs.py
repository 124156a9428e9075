"""Exported programs (`.pt2`) with accidents in their description, their archive and their bytes, read and then run."""

from __future__ import annotations

import io
import json
import random
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path

import data
import numpy as np
from arrays import damaged
from harness import Case
from onnx import TensorProto, helper

from qspec.execute.evaluate import evaluate_one
from qspec.execute.program import read_program
from qspec.execute.reference import open_reference
from qspec.execute.sessions import open_session

OPERATORS = [
    "torch.ops.aten.repeat.default", "torch.ops.aten.full.default", "torch.ops.aten.from_file.default", "os.system",
    "torch.ops.aten.add.Tensor", "torch.ops.aten.relu_.default", "torch.ops.aten.view.default", "_operator.mul",
    "torch.ops.aten.as_strided.default", "torch.ops.profiler._record_function_enter", "torch.ops.aten", "math.trunc",
]  # fmt: skip


@cache
def exported() -> dict[str, bytes]:
    """The members of a program's archive, in order."""
    import torch

    torch.set_num_threads(1)  # children are forked, and threads are not

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.outer = torch.nn.Linear(4, 6), torch.nn.Linear(6, 3)
            self.register_buffer("scale", torch.linspace(0, 1, 6))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden = self.inner(x).relu() * self.scale
            made: torch.Tensor = self.outer(torch.cat([hidden[:, :3], hidden[:, 3:]], 1)).softmax(-1)
            return made

    with tempfile.TemporaryDirectory(prefix="qspec-fuzz-program-") as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(place) / "m.pt2"
        batch = torch.export.Dim("batch", min=1, max=1024)
        torch.export.save(
            torch.export.export(Network(), (torch.zeros(2, 4),), dynamic_shapes=({0: batch},)), path
        )
        with zipfile.ZipFile(path) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}


@cache
def peer() -> bytes:
    """The ONNX model that the program is a reference of."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor("w", TensorProto.FLOAT, [4, 3], np.ones(12))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def read(folder: Path) -> None:
    """The program as data."""
    read_program(folder / "m.pt2")


def run(folder: Path) -> None:
    """The program, on two examples."""
    session = open_reference(folder / "m.pt2", open_session(folder / "m.onnx", threads=1))
    x = np.ones((2, 4), np.float32)
    evaluate_one(session, {"x": x}, lambda outputs, rows: {"y": outputs["y"]}, batch=2)


def described(content: bytes, rng: random.Random) -> bytes:
    """A description in JSON with accidents, of its operators among others."""
    found = json.loads(content)
    if "graph_module" in found and rng.random() < 0.4:
        nodes = found["graph_module"]["graph"]["nodes"]
        rng.choice(nodes)["target"] = rng.choice(OPERATORS)
    if rng.random() < 0.7:
        found = data.mutate(found, rng)
    return data.encoded(data.text(found, rng))


def programs(rng: random.Random) -> Case:
    """A program with accidents in one of its members, in its archive, or in both."""
    members = dict(exported())
    if rng.random() < 0.75:
        name = rng.choice(list(members))
        member = members[name]
        members[name] = described(member, rng) if name.endswith(".json") else damaged(member + b" ", rng)
    stream = io.BytesIO()
    method = zipfile.ZIP_STORED if rng.random() < 0.95 else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    content = stream.getvalue()
    if rng.random() < 0.35:
        content = damaged(content, rng)
    return Case({"m.pt2": content, "m.onnx": peer()}, [read, run])


def prepare() -> None:
    """Export the program once, before children are forked."""
    exported()
