"""Opening an ONNX model that may be hostile, and naming its inputs, outputs and weighted layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper

from qspec import canonical
from qspec.canonical import file_digest
from qspec.data.limits import DEFAULT_LIMITS, Limits
from qspec.data.paths import inside, verify_digest
from qspec.errors import LimitError, Place, QSpecError, breaking
from qspec.quantize.structure import External, check_structure, subgraphs

WEIGHT_INPUT = {"Conv": 1, "ConvTranspose": 1, "Gemm": 1, "MatMul": 1}
"""Operators that multiply by a weight, and which of their inputs it is."""

FUSED_AFTER = frozenset({"Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "Add"})
"""Operators that runtimes fuse into the layer before them."""


MOST_BYTES = 1_900_000_000
"""Most bytes of a model that is rewritten, weights included: a protobuf message ends at 2 GiB, and scales add to it."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a graph."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int | str | None, ...]
    """Sizes; a name for a symbolic size, None for one that is not said."""

    def __str__(self) -> str:
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name} {self.dtype} [{sizes}]"


@dataclass(frozen=True, slots=True)
class Layer:
    """A node that multiplies its input by a constant weight."""

    name: str
    op: str
    weight: str
    """Name of the initializer."""
    output: str
    """Name of the value it computes."""
    aliases: tuple[str, ...] = ()
    """Names of the values that its activation and addition compute next, under which optimizers fuse it."""


@dataclass(frozen=True)
class OnnxModel:
    """A model that was opened safely."""

    path: Path
    sha256: str
    proto: ModelProto
    """The graph, with its weights unless they lie in files of their own."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    external: External
    """Weights in files of their own, all inside the model's folder."""

    def with_weights(self) -> ModelProto:
        """A copy of the graph that holds its external data too, for rewriting.

        Raises `LimitError`, before any external data are read, for a model that is too large to be one message.
        """
        check_rewritable(max(self.size, self.path.stat().st_size + self.external.size))
        whole = ModelProto()
        whole.CopyFrom(self.proto)
        if self.external.files:
            onnx.load_external_data_for_model(whole, str(self.path.parent))
        return whole

    @property
    def size(self) -> int:
        """Bytes of the model file and its external data."""
        return sum(path.stat().st_size for path in (self.path, *self.external.files))

    @cached_property
    def content(self) -> str:
        """A digest of all that determines what the model computes: of the file, and of its external data by place."""
        if not self.external.files:
            return self.sha256
        files = {
            path.relative_to(self.path.parent).as_posix(): file_digest(path) for path in self.external.files
        }
        return canonical.digest({"model": self.sha256, "external": files})


def check_rewritable(size: int) -> None:
    """Raise `LimitError` for a model of `size` bytes that is too large to be rewritten as one message."""
    if size > MOST_BYTES:
        raise LimitError(
            f"The model holds {size:,} bytes, and one of more than {MOST_BYTES:,} cannot be rewritten here.",
            hint="quantize it elsewhere and bring the result as `quantized { file, sha256 }`; it is run as it is",
        )


def load_model(
    path: str, root: Path, sha256: str | None = None, *, limits: Limits = DEFAULT_LIMITS
) -> OnnxModel:
    """Open the ONNX file `path` under `root`.

    Raises `QSpecError` when the path leaves the root, the digest differs, the file is truncated or no ONNX model,
    external data lie outside the model's folder, or an operator comes from a library of custom operators;
    `LimitError` for a file over its cap.
    """
    with breaking("QS900"):
        file = inside(root, path, what="model")
        limits.check("file_bytes", file.stat().st_size, f"The size of {file.name}, in bytes,")
        return _open(file, verify_digest(file, sha256, what="model"), limits)


def open_model(file: Path, *, limits: Limits = DEFAULT_LIMITS) -> OnnxModel:
    """Open an ONNX file of our own making, with the same checks; its folder is the root."""
    return load_model(file.name, file.parent, limits=limits)


def _open(file: Path, sha256: str, limits: Limits) -> OnnxModel:
    place = Place(str(file))
    try:
        proto = onnx.load_model(file, format="protobuf", load_external_data=False)
    except DecodeError as error:
        raise QSpecError(
            f"{file.name} is not a complete ONNX model.",
            place=place,
            hint="the file may be truncated: copy or export it again, and pin it with its sha256",
        ) from error
    if not proto.graph.node or not proto.graph.output or not proto.opset_import:
        raise QSpecError(f"{file.name} holds no ONNX graph.", place=place, hint="name an .onnx file")
    external = check_structure(proto, file, limits)
    constants = {tensor.name for tensor in proto.graph.initializer}
    inputs = tuple(_port(value) for value in proto.graph.input if value.name not in constants)
    return OnnxModel(file, sha256, proto, inputs, tuple(map(_port, proto.graph.output)), external)


def every_graph(graph: GraphProto) -> Iterator[GraphProto]:
    """The graph, then those inside it: branches of If, bodies of Loop and Scan, to any depth."""
    yield graph
    for node in graph.node:
        for inner in subgraphs(node):
            yield from every_graph(inner)


def weighted_layers(proto: ModelProto) -> list[Layer]:
    """The main graph's layers that multiply by a constant weight of two or more dimensions, in graph order."""
    return _weighted(proto.graph, _weights(proto.graph))


def nested_layers(proto: ModelProto) -> list[Layer]:
    """The same layers in the branches of If and the bodies of Loop and Scan, which no scheme rewrites, outermost first.

    Their weights may be stored in any graph around them, or be Constant nodes. Nodes must have names of their own.
    """
    inner = list(every_graph(proto.graph))[1:]
    weights = _weights(proto.graph).union(*map(_weights, inner))
    return [layer for graph in inner for layer in _weighted(graph, weights)]


def stored_tensors(graph: GraphProto) -> dict[str, TensorProto]:
    """The tensors that a graph itself stores, by the name they are read under: initializers and Constant nodes."""
    constants = {
        node.output[0]: attribute.t
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    return constants | {tensor.name: tensor for tensor in graph.initializer}


def _weights(graph: GraphProto) -> set[str]:
    return {name for name, tensor in stored_tensors(graph).items() if len(tensor.dims) >= 2}


def _weight_of(node: NodeProto) -> str | None:
    """The operand of a layer that is its weight; None for other nodes."""
    place = WEIGHT_INPUT.get(node.op_type) if node.domain in ("", "ai.onnx") else None
    return node.input[place] if place is not None and len(node.input) > place else None


def _weighted(graph: GraphProto, weights: set[str]) -> list[Layer]:
    readers: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return [
        Layer(node.name, node.op_type, weight, node.output[0], _fused(node.output[0], readers))
        for node in graph.node
        if (weight := _weight_of(node)) is not None and weight in weights
    ]


def check_finite_weights(model: OnnxModel) -> None:
    """Raise `QSpecError` where the weight of a layer holds NaN or infinity, which no scale covers; one is in memory."""
    tensors = stored_tensors(model.proto.graph)
    for node in model.proto.graph.node:
        name = _weight_of(node)
        if name is None or name not in tensors:
            continue
        values = numpy_helper.to_array(tensors[name], str(model.path.parent))
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            bad = int(np.count_nonzero(~np.isfinite(values)))
            raise QSpecError(
                f"The weight {name} of {model.path.name}, which {node.name or node.op_type} reads, holds NaN or infinity "
                f"({bad:,} of {values.size:,} values), which no scale can cover.",
                hint="export the model again: what computes with such a weight answers with NaN",
            )


def _fused(value: str, readers: dict[str, list[NodeProto]]) -> tuple[str, ...]:
    names = [value]
    while (after := readers.get(names[-1], [])) and len(after) == 1 and after[0].op_type in FUSED_AFTER:
        names.append(after[0].output[0])
    return tuple(names)


def _port(value: onnx.ValueInfoProto) -> Port:
    tensor = value.type.tensor_type
    known = value.type.HasField("tensor_type") and tensor.elem_type in onnx.TensorProto.DataType.values()
    if not known or not tensor.elem_type:
        raise QSpecError(
            f"The model's input or output {value.name!r} is not a tensor of a type that ONNX has, and only tensors are fed "
            "here.",
            hint="export the model again with its own exporter, and pin it with its sha256",
        )
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    shape = tuple(
        int(size.dim_value) if size.HasField("dim_value") else (size.dim_param or None)
        for size in tensor.shape.dim
    )
    return Port(value.name, dtype, shape)
