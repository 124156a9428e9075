"""Constants that several nodes read: told apart where they are treated differently, stored once where they come out alike."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, numpy_helper

from qspec.quantize.prepare import drop_unused_initializers, uses
from qspec.quantize.structure import subgraphs


class Constants:
    """The constants of a graph, by name: nothing is stored twice, and no name is given twice."""

    def __init__(self, graph: GraphProto) -> None:
        self._graph = graph
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._values = {name for node in graph.node for name in node.output}
        self._values.update(value.name for value in graph.input)

    def array(self, name: str) -> NDArray[np.generic]:
        """The values of the constant `name`."""
        values: NDArray[np.generic] = numpy_helper.to_array(self.tensors[name])
        return values

    def put(self, name: str, values: NDArray[np.generic] | TensorProto) -> str:
        """Store a constant, and return its name: `name`, with underscores where that is another constant's."""
        tensor = (
            values
            if isinstance(values, TensorProto)
            else numpy_helper.from_array(np.ascontiguousarray(values), name)
        )
        while name in self._values or (name in self.tensors and not _alike(self.tensors[name], tensor)):
            name += "_"
        if name not in self.tensors:
            tensor.name = name
            self._graph.initializer.append(tensor)
            self.tensors[name] = self._graph.initializer[-1]
        return name

    def value(self, name: str) -> str:
        """A name for what a node is to make: `name`, with underscores where it is taken."""
        while name in self._values or name in self.tensors:
            name += "_"
        self._values.add(name)
        return name


def separate(graph: GraphProto, names: Collection[str], apart: Collection[str]) -> None:
    """Give the nodes `apart` copies of the constants `names` that other nodes read too.

    Quantizers and pruning change a constant for all its readers, those that are to stay as they are among them.
    """
    nodes = [node for node in graph.node if node.name in set(apart)]
    constants = Constants(graph)
    read = uses(graph)
    for name in dict.fromkeys(names):
        inside = sum(list(node.input).count(name) for node in nodes)
        reading = [node for node in nodes if _reads(node, name)]
        if not reading or read[name] == inside:
            continue
        copy = constants.put(f"apart/{name}", constants.array(name))
        for node in reading:
            _reread(node, name, copy)


def own_biases(graph: GraphProto) -> None:
    """Give every layer whose bias something else reads too a copy of it.

    A quantized bias is in units of its own layer's input and weight.
    """
    constants, read = Constants(graph), uses(graph)
    for node in graph.node:
        if (
            node.op_type in ("Conv", "ConvTranspose", "Gemm")
            and len(node.input) > 2
            and read[node.input[2]] > 1
        ):
            bias = node.input[2]
            if bias in constants.tensors:
                node.input[2] = constants.put(f"{node.name}/bias", constants.array(bias))
    drop_unused_initializers(graph)


def _alike(one: TensorProto, other: TensorProto) -> bool:
    if one.data_type != other.data_type or list(one.dims) != list(other.dims):
        return False
    if one.HasField("raw_data") and other.HasField("raw_data"):
        same: bool = one.raw_data == other.raw_data
        return same
    left, right = numpy_helper.to_array(one), numpy_helper.to_array(other)
    return bool(left.tobytes() == right.tobytes())


def _reads(node: NodeProto, name: str) -> bool:
    """Whether a node, or one of its subgraphs, reads the outer value `name`."""
    return name in node.input or any(
        any(_reads(one, name) for one in inner.node) for inner in _open(node, name)
    )


def _reread(node: NodeProto, name: str, other: str) -> None:
    """Let a node, and its subgraphs, read the outer value `other` in place of `name`."""
    node.input[:] = [other if one == name else one for one in node.input]
    for inner in _open(node, name):
        for one in inner.node:
            _reread(one, name, other)


def _open(node: NodeProto, name: str) -> list[GraphProto]:
    """The subgraphs of a node in which `name` is still the outer value."""
    return [
        inner
        for inner in subgraphs(node)
        if name not in {one.name for one in (*inner.input, *inner.initializer)}
    ]
