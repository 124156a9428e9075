"""A reference model of PyTorch runs as data, tells the cost of the export apart, and runs no code of its file."""

from __future__ import annotations

import json
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.evaluate import evaluate_one
from qspec.execute.program import read_program
from qspec.execute.reference import open_reference
from qspec.execute.sessions import open_session

F = TensorProto.FLOAT
Save = Callable[..., Path]


class Linear(torch.nn.Module):
    """`y = x @ w`."""

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.from_numpy(weights))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.w


class Attention(torch.nn.Module):
    """Two inputs and two outputs, sizes that are computed, a buffer that is not kept, work in place."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(20, 8)
        self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.register_buffer("places", torch.linspace(-1, 1, 32 * 8).reshape(1, 32, 8), persistent=False)

    def forward(self, ids: torch.Tensor, scale: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        places = self.places
        assert isinstance(places, torch.Tensor)
        hidden = self.layer(self.embed(ids) + places[:, : ids.shape[1]])
        left, right = hidden.chunk(2, dim=-1)
        return torch.cat([left, right.mul(2).relu_()], -1) * scale[:, None, None], hidden.mean(1)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Exports a module with a free batch and saves it."""

    def write(module: torch.nn.Module, *inputs: torch.Tensor, name: str = "model.pt2") -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            free = tuple({0: torch.export.Dim("batch")} for _ in inputs)
            program = torch.export.export(module.eval(), inputs, dynamic_shapes=free)
            torch.export.save(program, tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def weights() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(4, 3)).astype(np.float32)


def rewritten(
    path: Path, change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    """The archive with its members changed, beside it."""
    other = path.with_name(f"other-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return other


def edited(path: Path, edit: Callable[[dict[str, Any]], None], member: str = "models/model.json") -> Path:
    """The archive with one JSON member edited."""

    def change(name: str, data: bytes) -> bytes:
        if not name.endswith(member):
            return data
        described = json.loads(data)
        edit(described)
        return json.dumps(described).encode()

    return rewritten(path, change)


def nodes(described: dict[str, Any]) -> list[dict[str, Any]]:
    return described["graph_module"]["graph"]["nodes"]


def test_a_program_gives_what_pytorch_gives(save: Save, graph, tmp_path: Path):
    torch.manual_seed(0)
    module, ids = Attention(), torch.arange(24).reshape(2, 12) % 20
    path = save(module, ids, torch.tensor([1.0, 2.0]))
    like = graph(
        "like.onnx",
        [
            helper.make_node("Cast", ["ids"], ["y"], to=F),
            helper.make_node("Identity", ["scale"], ["z"]),
        ],
        [("scale", F, ["b"]), ("ids", TensorProto.INT64, ["b", 12])],
        [("y", F, ["b", 12]), ("z", F, ["b"])],
    )
    session = open_reference(path, open_session(like, threads=1))
    more = (torch.arange(36).reshape(3, 12) * 7) % 20
    scale = torch.tensor([0.5, 1.0, 2.0])
    found = session.run({"ids": more.numpy(), "scale": scale.numpy()})
    with torch.inference_mode():
        wanted = module(more, scale)
    assert [port.name for port in session.outputs] == ["y", "z"]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-5, atol=1e-6)
    again = session.run({"ids": more.numpy(), "scale": scale.numpy()})
    assert all(np.array_equal(one, other) for one, other in zip(found, again, strict=True))


def test_work_in_place_leaves_the_other_models_inputs_alone(save: Save, linear, weights):
    class InPlace(Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.relu_() @ self.w

    path = save(InPlace(weights), torch.ones(2, 4))
    session = open_reference(path, open_session(linear(weights=weights), threads=1))
    x = -np.ones((2, 4), np.float32)
    assert not session.run({"x": x})[0].any()
    assert (x == -1).all()


def test_the_loss_of_the_export_is_told_beside_that_of_quantization(executing, linear, save: Save, weights):
    # The export lost a class, and quantization nothing: all examples of that class go wrong in the export.
    x = np.random.default_rng(1).normal(size=(900, 4)).astype(np.float32)
    y = (x @ weights).argmax(1)
    worse = weights.copy()
    worse[:, 2] = -99 * np.abs(worse[:, 2])
    for name in ("base.onnx", "quantized.onnx"):
        linear(name, weights=worse)
    save(Linear(weights), torch.ones(2, 4), name="reference.pt2")
    done = executing(
        "image-classification",
        "top1",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y",
        arrived='quantized { file: "quantized.onnx" }\n  reference { file: "reference.pt2" }',
        assertions="  loss(top1) <= 1 pp",
    )
    (found,) = [r for r in done.measured.results if r.quantity.name == "top1"]
    right = ((x @ worse).argmax(1) == y).mean()
    assert float(found.reference.value) == 1
    assert float(found.baseline.value) == pytest.approx(right, abs=1e-6)
    assert float(found.export_loss.value) == pytest.approx(1 - right, abs=1e-6)
    assert float(found.export_interval.low.value) > 0
    assert float(found.loss.value) == 0
    assert done.verdicts.judged[0].outcome.value == "confirmed"
    assert "reference" in done.measured.artifacts.members


def test_a_file_of_pickles_is_never_opened(executing, linear, weights):
    for name in ("base.onnx", "quantized.onnx"):
        linear(name, weights=weights)
    with pytest.raises(QSpecError, match=r"a `\.pt2` file, and not m\.pt\.") as caught:
        executing(
            "image-classification",
            "top1",
            {"x": np.ones((4, 4), np.float32), "y": np.zeros(4, np.int64)},
            data="inputs { x: x }\n  label: y",
            arrived='quantized { file: "quantized.onnx" }\n  reference { file: "m.pt" }',
        )
    assert "pickles" in (caught.value.hint or "")


def test_without_pytorch_there_is_a_sentence(linear, save: Save, weights, monkeypatch):
    path = save(Linear(weights), torch.ones(2, 4))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(NotExecutableError, match="PyTorch is not installed") as caught:
        open_reference(path, open_session(linear(), threads=1))
    assert "qspec[torch]" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "target",
    [
        "torch.os.system",
        "torch.hub.load",
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.__class__.default",
        "torch.ops.aten.relu.__init__",
        "torch.ops.inductor.anything.default",
        "torch.ops.higher_order.cond",
        "_operator.attrgetter",
        "builtins.eval",
        "math.__loader__",
    ],
)
def test_only_operators_on_tensors_and_sizes_are_called(save: Save, linear, weights, target: str):
    path = edited(save(Linear(weights), torch.ones(2, 4)), lambda d: nodes(d)[0].update(target=target))
    with pytest.raises(NotExecutableError, match="which is not run here"):
        open_reference(path, open_session(linear(), threads=1))


def test_what_the_file_says_as_python_is_not_run(save: Save, linear, weights, tmp_path: Path):
    # PyTorch's own loader evaluates the sizes and compiles the guards.
    mark = tmp_path / "mark"
    code = f"__import__('pathlib').Path({str(mark)!r}).touch()"

    def poison(described: dict[str, Any]) -> None:
        described["guards_code"] = [code]
        described["range_constraints"] = {code: {"min_val": 0, "max_val": None}}
        for value in described["graph_module"]["graph"]["tensor_values"].values():
            for size in value["sizes"]:
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = code

    path = edited(save(Linear(weights), torch.ones(2, 4)), poison)
    session = open_reference(path, open_session(linear(weights=weights), threads=1))
    x = np.ones((2, 4), np.float32)
    np.testing.assert_allclose(session.run({"x": x})[0], x @ weights, rtol=1e-6)
    assert not mark.exists()


def entry(described: dict[str, Any]) -> dict[str, Any]:
    """What the archive says of its only weight."""
    (found,) = described["config"].values()
    return found


def signature(described: dict[str, Any]) -> dict[str, Any]:
    return described["graph_module"]["signature"]


WEIGHTS, MODEL = "model_weights_config.json", "models/model.json"


@pytest.mark.parametrize(
    ("member", "edit", "says"),
    [
        (WEIGHTS, lambda d: entry(d).update(use_pickle=True), "stores the tensor `w` as a pickle"),
        (WEIGHTS, lambda d: entry(d)["tensor_meta"]["sizes"][0].update(as_int=10**12), "cut short"),
        (WEIGHTS, lambda d: entry(d)["tensor_meta"]["storage_offset"].update(as_int=-8), "not as PyTorch"),
        (WEIGHTS, lambda d: entry(d).update(path_name="../../secret"), "holds no"),
        (MODEL, lambda d: d.pop("graph_module"), "not as PyTorch writes it"),
        (MODEL, lambda d: nodes(d)[0].pop("inputs"), "not as PyTorch writes it"),
        (MODEL, lambda d: signature(d)["input_specs"].append({"custom_obj": {}}), "the kind `custom_obj`"),
        (
            MODEL,
            lambda d: signature(d)["output_specs"].append({"buffer_mutation": {}}),
            "changes what it holds",
        ),
        (MODEL, lambda d: nodes(d)[0]["inputs"][0].update(arg={"as_graph": {}}), "the kind `as_graph`"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_a_sentence(save: Save, linear, weights, member, edit, says):
    path = edited(save(Linear(weights), torch.ones(2, 4)), edit, member)
    with pytest.raises(QSpecError, match=says):
        open_reference(path, open_session(linear(), threads=1))


def test_a_compressed_member_is_refused_before_it_is_read(save: Save, weights):
    path = rewritten(save(Linear(weights), torch.ones(2, 4)), lambda name, data: data, zipfile.ZIP_DEFLATED)
    with pytest.raises(QSpecError, match="is compressed"):
        read_program(path)


def test_a_file_that_is_no_archive_is_a_sentence(tmp_path: Path):
    (tmp_path / "m.pt2").write_bytes(b"\x80\x04pickle")
    with pytest.raises(QSpecError, match=r"m\.pt2 is no exported program: it is no whole archive"):
        read_program(tmp_path / "m.pt2")


def test_a_program_of_another_model_is_refused(save: Save, linear, graph, weights):
    class Two(Linear):
        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return (a + b) @ self.w

    path = save(Two(weights), torch.ones(2, 4), torch.ones(2, 4))
    with pytest.raises(QSpecError, match=r"takes a, b, and linear\.onnx takes x"):
        open_reference(path, open_session(linear(), threads=1))
    two = graph(
        "two.onnx",
        [helper.make_node("Identity", ["x"], ["y"]), helper.make_node("Relu", ["x"], ["z"])],
        [("x", F, ["b", 4])],
        [("y", F, ["b", 4]), ("z", F, ["b", 4])],
    )
    path = save(Linear(weights), torch.ones(2, 4))
    with pytest.raises(QSpecError, match=r"has 1 outputs, and two\.onnx has 2"):
        open_reference(path, open_session(two, threads=1))


def test_an_operator_that_fails_is_a_sentence(save: Save, linear, weights):
    path = save(Linear(weights), torch.ones(2, 4))
    session = open_reference(path, open_session(linear(inner=5), threads=1))
    with pytest.raises(QSpecError, match=r"model\.pt2"):
        evaluate_one(session, {"x": np.ones((2, 5), np.float32)}, lambda outputs, rows: outputs, batch=2)
