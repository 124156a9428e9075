"""Requests with random calibration data for the small models."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.model.evaluation import Calibration
from qspec.model.precision import Precision
from qspec.quantize.graph import open_model
from qspec.quantize.request import Feed, Request

Ask = Callable[..., Request]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A request for `precision` (keyword arguments of the noun) with 48 random calibration examples."""

    def build(
        model: Path, *, calibration: dict[str, Any] | None = None, examples: int = 48, **precision: Any
    ) -> Request:
        def batches() -> Iterator[Feed]:
            whole = sample(model, examples, 7)
            for start in range(0, examples, 16):
                yield {name: array[start : start + 16] for name, array in whole.items()}

        return Request(
            model=model,
            precision=Precision(**precision),
            output=tmp_path / "quantized.onnx",
            calibration=Calibration(**calibration) if calibration else None,
            batches=batches,
        )

    return build


def _tensors(seed: int, **shapes: tuple[int, ...]) -> list[onnx.TensorProto]:
    generator = np.random.default_rng(seed)
    return [
        numpy_helper.from_array(
            (generator.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
            if len(shape) > 1
            else np.ones(shape, np.float32),
            name,
        )
        for name, shape in shapes.items()
    ]


def _block(width: int, *, causal: bool) -> list[onnx.NodeProto]:
    """Pre-norm attention and a feed-forward part with residuals: `states` to `out`, (batch, length, width)."""
    node = helper.make_node
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


def _weights(width: int) -> list[onnx.TensorProto]:
    square = dict.fromkeys(("query", "key", "value", "project"), (width, width))
    return _tensors(
        11, norm1=(width,), norm2=(width,), up=(width, 2 * width), down=(2 * width, width), **square
    )


def _save(path: Path, graph: onnx.GraphProto) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save_model(model, path)
    return path


@pytest.fixture
def encoder(tmp_path: Path) -> Callable[[], Path]:
    """A transformer encoder layer with a classifier: `states` (batch, length, 32) to `logits` (batch, 5)."""

    def build() -> Path:
        width = 32
        nodes = [
            *_block(width, causal=False),
            helper.make_node(
                "ReduceMean", ["out"], ["pooled"], name="/pool/ReduceMean", axes=[1], keepdims=0
            ),
            helper.make_node("Gemm", ["pooled", "head", "bias"], ["logits"], name="/head/Gemm"),
        ]
        states = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "length", width])
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 5])
        tensors = [*_weights(width), *_tensors(12, head=(width, 5), bias=(5,))]
        return _save(tmp_path / "encoder.onnx", helper.make_graph(nodes, "g", [states], [logits], tensors))

    return build


@pytest.fixture
def decoder(tmp_path: Path) -> Callable[[], Path]:
    """A decoder of one block over 40 tokens: `tokens` (batch, 6) of int64 to `logits` (batch, 6, 40)."""

    def build() -> Path:
        width, length, vocabulary = 32, 6, 40
        nodes = [
            helper.make_node("Gather", ["embedding", "tokens"], ["states"], name="/embedding/Gather"),
            *_block(width, causal=True),
            helper.make_node("MatMul", ["out", "head"], ["logits"], name="/head/MatMul"),
        ]
        tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", length])
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", length, vocabulary])
        mask = numpy_helper.from_array(np.triu(np.full((length, length), -1e4, np.float32), 1), "mask")
        tensors = [
            *_weights(width),
            *_tensors(13, embedding=(vocabulary, width), head=(width, vocabulary)),
            mask,
        ]
        return _save(tmp_path / "decoder.onnx", helper.make_graph(nodes, "g", [tokens], [logits], tensors))

    return build


def sample(model: Path, rows: int, seed: int) -> Feed:
    """Inputs for `model`: normal values, or tokens below 40; free sizes are 5."""
    generator = np.random.default_rng(seed)
    feed = {}
    for port in open_model(model).inputs:
        shape = [rows, *(size if isinstance(size, int) else 5 for size in port.shape[1:])]
        whole = port.dtype.kind == "i"
        values = generator.integers(0, 40, shape) if whole else generator.standard_normal(shape)
        feed[port.name] = values.astype(port.dtype)
    return feed


@pytest.fixture
def feed() -> Callable[..., Feed]:
    """Draws inputs for a model, `(model, rows, seed)`."""
    return sample


@pytest.fixture
def build(
    conv_net: Callable[[], Path],
    mlp: Callable[[], Path],
    encoder: Callable[[], Path],
    decoder: Callable[[], Path],
) -> Callable[[str], Path]:
    """Builds one of the four small models by name."""
    builders = {"cnn": conv_net, "mlp": mlp, "encoder": encoder, "decoder": decoder}
    return lambda name: builders[name]()
