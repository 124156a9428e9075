"""Train the four small models of the matrix of schemes: `models/{cnn,mlp,encoder,decoder}.onnx` and `sequences.npz`.

Run it from anywhere, with `pip install "qspec[execute,torch]"`:

    python specs/matrix/train.py

The first three read the digits of the quickstart, trained on its first 898 rows; the decoder continues sequences of a
small made-up language. Every random choice is seeded and training runs in one thread, so a second run on the same machine
with the same packages writes the same bytes.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor
from torch.nn import functional

HERE = Path(__file__).resolve().parent
TRAIN_ROWS = 898
WIDTH, TOKENS, LENGTH = 32, 24, 12
STEPS, BATCH, RATE = 800, 64, 4e-3

Weights = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]
node = helper.make_node


def block(causal: bool) -> list[NodeProto]:
    """Attention and a feed-forward part, each behind a normalization and beside a residual: `states` to `out`."""
    masked = [node("Add", ["scores", "mask"], ["masked"], name="/mask/Add")] if causal else []
    return [
        node("LayerNormalization", ["states", "norm1"], ["n1"], name="/norm1/LayerNormalization"),
        node("MatMul", ["n1", "query"], ["q"], name="/attention/query/MatMul"),
        node("MatMul", ["n1", "key"], ["k"], name="/attention/key/MatMul"),
        node("MatMul", ["n1", "value"], ["v"], name="/attention/value/MatMul"),
        node("Transpose", ["k"], ["kt"], name="/attention/Transpose", perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["scores"], name="/attention/scores/MatMul"),
        *masked,
        node("Softmax", ["masked" if causal else "scores"], ["shares"], name="/attention/Softmax", axis=-1),
        node("MatMul", ["shares", "v"], ["mixed"], name="/attention/mix/MatMul"),
        node("MatMul", ["mixed", "project"], ["projected"], name="/attention/project/MatMul"),
        node("Add", ["states", "projected"], ["s1"], name="/residual1/Add"),
        node("LayerNormalization", ["s1", "norm2"], ["n2"], name="/norm2/LayerNormalization"),
        node("MatMul", ["n2", "up"], ["u"], name="/feed/up/MatMul"),
        node("Relu", ["u"], ["r"], name="/feed/Relu"),
        node("MatMul", ["r", "down"], ["d"], name="/feed/down/MatMul"),
        node("Add", ["s1", "d"], ["out"], name="/residual2/Add"),
    ]


def run_block(w: Weights, states: Tensor, mask: Tensor | None) -> Tensor:
    """What the nodes of `block` compute."""
    normed = functional.layer_norm(states, (WIDTH,), w["norm1"])
    scores = (normed @ w["query"]) @ (normed @ w["key"]).transpose(1, 2)
    shares = torch.softmax(scores if mask is None else scores + mask, -1)
    states = states + shares @ (normed @ w["value"]) @ w["project"]
    normed = functional.layer_norm(states, (WIDTH,), w["norm2"])
    return states + functional.relu(normed @ w["up"]) @ w["down"]


BLOCK: Shapes = {
    **dict.fromkeys(("query", "key", "value", "project"), (WIDTH, WIDTH)),
    "norm1": (WIDTH,),
    "norm2": (WIDTH,),
    "up": (WIDTH, 2 * WIDTH),
    "down": (2 * WIDTH, WIDTH),
}
SHAPES: dict[str, Shapes] = {
    "cnn": {
        "conv1": (16, 1, 3, 3),
        "bias1": (16,),
        "conv2": (32, 16, 3, 3),
        "bias2": (32,),
        "head": (10, 128),
        "bias": (10,),
    },
    "mlp": {"fc1": (64, 64), "bias1": (64,), "head": (64, 10), "bias": (10,)},
    "encoder": {"embed": (8, WIDTH), "places": (8, WIDTH), "head": (WIDTH, 10), "bias": (10,)} | BLOCK,
    "decoder": {"embedding": (TOKENS, WIDTH), "places": (LENGTH, WIDTH), "head": (WIDTH, TOKENS)} | BLOCK,
}
THREE = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
HALF = {"kernel_shape": [2, 2], "strides": [2, 2]}
NODES: dict[str, list[NodeProto]] = {
    "cnn": [
        node("Conv", ["image", "conv1", "bias1"], ["c1"], name="/conv1/Conv", **THREE),
        node("Relu", ["c1"], ["r1"], name="/relu1/Relu"),
        node("MaxPool", ["r1"], ["p1"], name="/pool1/MaxPool", **HALF),
        node("Conv", ["p1", "conv2", "bias2"], ["c2"], name="/conv2/Conv", **THREE),
        node("Relu", ["c2"], ["r2"], name="/relu2/Relu"),
        node("MaxPool", ["r2"], ["p2"], name="/pool2/MaxPool", **HALF),
        node("Flatten", ["p2"], ["f"], name="/flatten/Flatten"),
        node("Gemm", ["f", "head", "bias"], ["logits"], name="/head/Gemm", transB=1),
    ],
    "mlp": [
        node("Flatten", ["image"], ["f"], name="/flatten/Flatten"),
        node("Gemm", ["f", "fc1", "bias1"], ["h"], name="/fc1/Gemm"),
        node("Relu", ["h"], ["r"], name="/relu/Relu"),
        node("Gemm", ["r", "head", "bias"], ["logits"], name="/head/Gemm"),
    ],
    "encoder": [
        node("Reshape", ["image", "rows"], ["lines"], name="/lines/Reshape"),
        node("MatMul", ["lines", "embed"], ["embedded"], name="/embed/MatMul"),
        node("Add", ["embedded", "places"], ["states"], name="/places/Add"),
        *block(causal=False),
        node("ReduceMean", ["out"], ["pooled"], name="/pool/ReduceMean", axes=[1], keepdims=0),
        node("Gemm", ["pooled", "head", "bias"], ["logits"], name="/head/Gemm"),
    ],
    "decoder": [
        node("Gather", ["embedding", "tokens"], ["embedded"], name="/embedding/Gather"),
        node("Add", ["embedded", "places"], ["states"], name="/places/Add"),
        *block(causal=True),
        node("MatMul", ["out", "head"], ["logits"], name="/head/MatMul"),
    ],
}


def cnn(w: Weights, x: Tensor) -> Tensor:
    """Two convolutions, each with a pooling, and a linear head."""
    x = functional.max_pool2d(functional.relu(functional.conv2d(x, w["conv1"], w["bias1"], padding=1)), 2)
    x = functional.max_pool2d(functional.relu(functional.conv2d(x, w["conv2"], w["bias2"], padding=1)), 2)
    return x.flatten(1) @ w["head"].T + w["bias"]


def mlp(w: Weights, x: Tensor) -> Tensor:
    """One hidden layer."""
    return functional.relu(x.flatten(1) @ w["fc1"] + w["bias1"]) @ w["head"] + w["bias"]


def encoder(w: Weights, x: Tensor) -> Tensor:
    """The eight lines of an image as tokens of a transformer layer, averaged."""
    out = run_block(w, x.reshape(-1, 8, 8) @ w["embed"] + w["places"], None)
    return out.mean(1) @ w["head"] + w["bias"]


def decoder(w: Weights, tokens: Tensor) -> Tensor:
    """A transformer layer that sees no later token; logits of the next token at every place."""
    return run_block(w, w["embedding"][tokens] + w["places"], torch.from_numpy(mask())) @ w["head"]


FORWARD: dict[str, Callable[[Weights, Tensor], Tensor]] = {
    one.__name__: one for one in (cnn, mlp, encoder, decoder)
}


def mask() -> NDArray[np.float32]:
    """What is added to attention scores so that no token sees a later one."""
    return np.triu(np.full((LENGTH, LENGTH), -1e4, np.float32), 1)


def sequences(count: int, seed: int) -> NDArray[np.int64]:
    """Sequences of `LENGTH + 1` tokens, each drawn by the two before it: mostly from three that follow such a pair."""
    law = np.random.default_rng(0)
    after = law.integers(0, TOKENS, (TOKENS, TOKENS, 3))
    generator = np.random.default_rng(seed)
    made = generator.integers(0, TOKENS, (count, LENGTH + 1))
    for place in range(2, LENGTH + 1):
        first, second = made[:, place - 2] % 4, made[:, place - 1]
        choice = generator.choice(3, count, p=[0.8, 0.12, 0.08])
        made[:, place] = after[first, second, choice]
    return made.astype(np.int64)


def train(kind: str, x: NDArray[np.generic], y: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """The weights after `STEPS` steps of AdamW under a one-cycle schedule."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    weights = {
        name: (
            torch.ones(shape)
            if name.startswith("norm")
            else torch.zeros(shape)
            if len(shape) == 1
            else torch.randn(shape)
            / float(np.sqrt(np.prod(shape[1:]) if name.startswith("conv") else shape[0]))
        ).requires_grad_()
        for name, shape in SHAPES[kind].items()
    }
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    optimizer = torch.optim.AdamW(weights.values(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        rows = torch.randint(len(inputs), (BATCH,))
        logits = FORWARD[kind](weights, inputs[rows])
        optimizer.zero_grad()
        functional.cross_entropy(logits.flatten(0, -2), labels[rows].flatten()).backward()
        optimizer.step()
        schedule.step()
    return {name: tensor.detach().numpy() for name, tensor in weights.items()}


def build(kind: str, weights: dict[str, NDArray[np.float32]]) -> ModelProto:
    """The ONNX graph of a kind with its weights: a free batch, opset 17."""
    if kind == "decoder":
        source = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", LENGTH])
        shape: list[int | str] = ["batch", LENGTH, TOKENS]
        constants: dict[str, NDArray[np.generic]] = {"mask": mask()}
    else:
        source = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])
        shape = ["batch", 10]
        constants = {"rows": np.asarray([-1, 8, 8], np.int64)} if kind == "encoder" else {}
    target = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
    tensors = [numpy_helper.from_array(values, name) for name, values in (weights | constants).items()]
    graph = helper.make_graph(NODES[kind], kind, [source], [target], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def write_archive(arrays: dict[str, NDArray[np.generic]], path: Path) -> None:
    """Write `arrays` as a compressed npz whose bytes do not depend on the clock or the platform."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main() -> None:
    """Write the models and the sequences under `--root`."""
    parser = argparse.ArgumentParser(description="Train the models of the matrix of schemes.")
    parser.add_argument("--root", type=Path, default=HERE, help="folder to write under")
    root: Path = parser.parse_args().root
    (root / "models").mkdir(parents=True, exist_ok=True)
    digits = np.load(HERE.parent / "data" / "digits.npz")
    made = sequences(6000, 1)
    for kind in FORWARD:
        x, y = (
            (made[:, :-1], made[:, 1:])
            if kind == "decoder"
            else (digits["x"][:TRAIN_ROWS], digits["y"][:TRAIN_ROWS])
        )
        onnx.save_model(build(kind, train(kind, x, y)), root / "models" / f"{kind}.onnx")
    test = sequences(1256, 2)
    write_archive({"tokens": test[:, :-1], "following": test[:, 1:]}, root / "sequences.npz")


if __name__ == "__main__":
    main()
