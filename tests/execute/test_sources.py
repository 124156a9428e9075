"""Images, texts and pinned files of a hub are run end to end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from qspec import api
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.options import Options

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SPEC = """qspec 1

model m {{
  file: "{model}"
  {pin}
}}

dataset d {{
  source: "{source}"
  {data}
  inputs {{ {inputs} }}
  label: label
}}

executor e {{
  runtime   {{ name: onnxruntime, provider: cpu, threads: 1 }}
  model:    m
  precision {{ method: dynamic, weights: int8 }}
  baseline: fp32
  task:     {task}
  metrics:  [top1]
  test-set  {{ data: {split}, composition: clean }}
  pipeline  {{ pre: [{pre}] }}
}}

claim c on e {{
  size <= 10 x baseline
}}
"""


def spec(folder: Path, **said: str) -> Path:
    usual = {"pin": "", "data": "", "split": "d", "task": "image-classification", "model": "m.onnx"}
    path = folder / "s.qspec"
    path.write_text(SPEC.format(**{**usual, **said}))
    return path


def run(path: Path, **options: Any) -> tuple[float, Any]:
    """The baseline's share of right answers, and the run."""
    done = api.run(path, options=Options(store=path.parent / "store", **options), write=False)
    (one,) = done.executed
    (top1,) = [r for r in one.measured.results if r.quantity.name == "top1"]
    return float(top1.baseline.value), done


def save(path: Path, nodes: list[onnx.NodeProto], inputs: list[Any], **tensors: np.ndarray) -> None:
    held = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "g", inputs, [output], held)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def brightness(path: Path) -> None:
    """Scores of dark and bright images, (n, 3, 8, 8)."""
    save(
        path,
        [
            helper.make_node("Flatten", ["x"], ["flat"]),
            helper.make_node("MatMul", ["flat", "w"], ["s"]),
            helper.make_node("Add", ["s", "b"], ["y"]),
        ],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
        w=np.stack([np.full(192, -1 / 192), np.full(192, 1 / 192)], axis=1).astype(np.float32),
        b=np.array([1.0, 0.0], np.float32),
    )


def images(folder: Path) -> None:
    """Ten dark and ten bright images of several sizes, the last bright one dark after all."""
    for place in range(20):
        name = "bright" if place % 2 else "dark"
        value = 230 if place % 2 and place != 19 else 20
        path = folder / "pictures" / "test" / name / f"{place:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((10 + place, 12, 3), value, np.uint8)).save(path)


PRE = "decode-image(rgb), resize(9), center-crop(8), transpose(2, 0, 1), scale(divide: 255)"


def test_a_folder_of_images_is_classified(tmp_path: Path) -> None:
    brightness(tmp_path / "m.onnx")
    images(tmp_path)
    said = {
        "source": "pictures/",
        "inputs": "x: image",
        "pre": PRE,
        "split": "d.test",
        "data": 'splits { test: split == "test" }\n  classes: [dark, bright]',
    }
    assert run(spec(tmp_path, **said))[0] == 0.95


def test_another_image_is_scored_anew(tmp_path: Path) -> None:
    brightness(tmp_path / "m.onnx")
    images(tmp_path)
    path = spec(tmp_path, source="pictures", inputs="x: image", pre=PRE, data="classes: [dark, bright]")
    assert run(path)[0] == 0.95
    Image.fromarray(np.full((9, 9, 3), 240, np.uint8)).save(
        tmp_path / "pictures" / "test" / "bright" / "19.png"
    )
    assert run(path)[0] == 1.0


def words(folder: Path, numbers: dict[str, int]) -> None:
    content = {
        "version": "1.0",
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": numbers, "unk_token": "[UNK]"},
    }
    (folder / "tokenizer.json").write_text(json.dumps(content))


def test_texts_are_classified_by_their_tokens_and_another_tokenizer_is_another_result(tmp_path: Path) -> None:
    save(
        tmp_path / "m.onnx",
        [
            helper.make_node("Gather", ["e", "ids"], ["vectors"]),
            helper.make_node("ReduceMean", ["vectors"], ["mean"], axes=[1], keepdims=0),
            helper.make_node("MatMul", ["mean", "w"], ["y"]),
        ],
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", 4])],
        e=np.array([[0, 0], [0, 0], [1, 0], [0, 1]], np.float32),
        w=np.eye(2, dtype=np.float32),
    )
    (tmp_path / "d.csv").write_text("text,label\n" + "bad bad,0\ngood,1\nbad,0\nsome good,1\n" * 5)
    words(tmp_path, {"[PAD]": 0, "[UNK]": 1, "bad": 2, "good": 3})
    path = spec(
        tmp_path,
        source="d.csv",
        inputs="ids: text",
        task="text-classification",
        pre='tokenize(file: "tokenizer.json", length: 4)',
    )
    assert run(path)[0] == 1.0
    words(tmp_path, {"[PAD]": 0, "[UNK]": 1, "bad": 3, "good": 2})
    assert run(path)[0] == 0.0


# Hubs ----------------------------------------------------------------------------------------


@pytest.fixture
def pinned(
    tmp_path: Path, serve_hub: Callable[..., tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, list[str], dict[str, bytes]]:
    """A spec whose model and data lie in a hub, what the hub is asked for, and its files."""
    brightness(tmp_path / "made.onnx")
    x = np.stack([np.full((3, 8, 8), value, np.float32) for value in [0.1, 0.9] * 10])
    np.savez(tmp_path / "made.npz", x=x, label=np.array([0, 1] * 10))
    files = {
        f"org/net/resolve/{COMMIT}/onnx/m.onnx": (tmp_path / "made.onnx").read_bytes(),
        f"datasets/org/set/resolve/{COMMIT}/d.npz": (tmp_path / "made.npz").read_bytes(),
    }
    endpoint, seen = serve_hub(files)
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setenv("QSPEC_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    model = hashlib.sha256(next(iter(files.values()))).hexdigest()
    path = spec(
        folder,
        model=f"hf://org/net@{COMMIT}/onnx/m.onnx",
        pin=f'sha256: "{model}"',
        source=f"hf://datasets/org/set@{COMMIT}/d.npz",
        inputs="x: x",
        pre="",
    )
    return path, seen, files


def test_models_and_data_of_a_hub_are_fetched_with_leave_and_kept(pinned: Any) -> None:
    path, seen, _ = pinned
    with pytest.raises(NotExecutableError, match="network may not be used") as error:
        run(path)
    assert error.value.place is not None
    assert error.value.place.line == 3
    assert not seen
    assert run(path, allow_network=True)[0] == 1.0
    asked = len(seen)
    assert {part for one in seen for part in one.split("/") if part.endswith((".onnx", ".npz"))} == {
        "m.onnx",
        "d.npz",
    }
    assert run(path)[0] == 1.0
    assert len(seen) == asked, "a second run asks nothing"


def test_weights_beside_a_model_are_fetched_with_it(pinned: Any, tmp_path: Path) -> None:
    path, _, files = pinned
    address = f"org/net/resolve/{COMMIT}/onnx/m.onnx"
    digest = hashlib.sha256(files[address]).hexdigest()
    onnx.save(
        onnx.load(str(tmp_path / "made.onnx")),
        str(tmp_path / "large.onnx"),
        save_as_external_data=True,
        location="m.onnx_data",
        size_threshold=0,
    )
    files[address] = (tmp_path / "large.onnx").read_bytes()
    files[f"{address}_data"] = (tmp_path / "m.onnx_data").read_bytes()
    path.write_text(path.read_text().replace(digest, hashlib.sha256(files[address]).hexdigest()))
    assert run(path, allow_network=True)[0] == 1.0


def test_a_model_with_another_digest_is_refused(pinned: Any) -> None:
    path, _, files = pinned
    text = path.read_text()
    path.write_text(text.replace(hashlib.sha256(next(iter(files.values()))).hexdigest(), "0" * 64))
    with pytest.raises(QSpecError, match="the spec declares"):
        run(path, allow_network=True)


def test_a_branch_is_not_fetched(pinned: Any) -> None:
    path, seen, _ = pinned
    path.write_text(path.read_text().replace(f"net@{COMMIT}", "net@main"))
    with pytest.raises(QSpecError, match="is not a commit"):
        run(path, allow_network=True)
    assert not seen


def test_a_plan_names_the_address_and_fetches_nothing(pinned: Any) -> None:
    path, seen, _ = pinned
    (plan,) = api.plan(path, options=Options(allow_network=True))
    assert plan.baseline.address == f"hf://org/net@{COMMIT}/onnx/m.onnx"
    assert not seen


def test_a_split_that_is_a_file_is_read_and_scored_anew_when_it_changes(tmp_path: Path) -> None:
    brightness(tmp_path / "m.onnx")
    x = np.stack([np.full((3, 8, 8), value, np.float32) for value in [0.1, 0.9]])
    for name, label in (("all", [0, 1]), ("test", [0, 1])):
        np.savez(tmp_path / f"{name}.npz", x=x, label=np.array(label))
    path = spec(
        tmp_path,
        source="all.npz",
        inputs="x: x",
        pre="",
        split="d.test",
        data='splits { test: "test.npz" }',
    )
    assert run(path)[0] == 1.0
    np.savez(tmp_path / "test.npz", x=x, label=np.array([1, 1]))
    assert run(path)[0] == 0.5
