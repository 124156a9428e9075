"""Judges the shape of an ONNX graph before anything walks it: its size, its order, its sizes and its external data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

from qspec.data.limits import Limits
from qspec.data.paths import inside
from qspec.errors import LimitError, Place, QSpecError, cap

KNOWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator domains that the runtime brings itself."""

MOST_NESTING = 24
"""Deepest nesting of subgraphs (If, Loop, Scan) that is followed; a protobuf message ends at about 32."""

_PACKED = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}
"""Bits of the types of which a byte holds several values."""
_EXPORT = "export the model again with its own exporter, and pin it with its sha256"


def every_node(graph: GraphProto, depth: int = 0) -> Iterator[tuple[NodeProto, GraphProto]]:
    """Every node with the graph it stands in, subgraphs included; raises `LimitError` for endless nesting."""
    most = cap("nesting", MOST_NESTING)
    if depth > most:
        raise LimitError.over("nesting", most, "The depth of the model's subgraphs is greater")
    for node in graph.node:
        yield node, graph
        for inner in subgraphs(node):
            yield from every_node(inner, depth + 1)


def subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs that a node holds: the branches of If, the bodies of Loop and Scan."""
    for attribute in node.attribute:
        yield from ([attribute.g] if attribute.HasField("g") else [])
        yield from attribute.graphs


@dataclass(frozen=True, slots=True)
class External:
    """The weights of a model that lie in files of their own."""

    files: tuple[Path, ...]
    """All inside the model's folder."""
    size: int
    """Bytes of the weights, each counted by itself where several share bytes of a file."""


def check_structure(proto: ModelProto, file: Path, limits: Limits) -> External:
    """The external data of a graph that may be walked.

    Raises `QSpecError` for names that are no text, operators from a library, values that are used before they are made
    (a cycle among them), functions that call themselves, sizes that are negative or do not fit the bytes, and external
    data outside the folder or the file; `LimitError` for more nodes, with functions written out, or larger sizes than the
    caps.
    """
    return _Structure(proto, file, limits).check()


class _Structure:
    def __init__(self, proto: ModelProto, file: Path, limits: Limits) -> None:
        self.proto, self.file, self.limits = proto, file, limits
        self.bodies = [GraphProto(node=function.node) for function in proto.functions]
        self.functions = {
            (one.domain, one.name): body for one, body in zip(proto.functions, self.bodies, strict=True)
        }
        self.counted: dict[tuple[str, str], int] = {}
        self.external: dict[str, Path] = {}
        self.outside = 0

    def refuse(self, problem: str, hint: str = _EXPORT) -> QSpecError:
        return QSpecError(f"The model {self.file.name} {problem}.", place=Place(str(self.file)), hint=hint)

    def check(self) -> External:
        # One walk, which stops at the cap: everything after it goes over what the walk has found.
        most = cap("nodes", self.limits.nodes)
        main = list(islice(every_node(self.proto.graph), most + 1))
        inner = (pair for body in self.bodies for pair in every_node(body))
        found = [*main, *islice(inner, most + 1 - len(main))]
        if len(found) > most:
            raise LimitError.over("nodes", most, f"The number of nodes of {self.file.name} is greater")
        nodes = [node for node, _ in found]
        graphs = list(
            {
                id(graph): graph for graph in (self.proto.graph, *self.bodies, *(graph for _, graph in found))
            }.values()
        )
        tensors = list(_tensors(nodes, graphs))
        if any(isinstance(text, bytes) for text in _texts(self.proto, nodes, graphs, tensors)):
            raise self.refuse("has a name that is not UTF-8")
        called = self._count((node for node, _ in main), ())
        self.limits.check("nodes", called, f"The number of nodes of {self.file.name}")
        for node in nodes:
            self._node(node)
        self._order(self.proto.graph)
        for port in (*self.proto.graph.input, *self.proto.graph.output):
            self._port(port)
        for tensor in tensors:
            self._tensor(tensor)
        sizes = sum(path.stat().st_size for path in self.external.values())
        self.limits.check("file_bytes", sizes, f"The external data of {self.file.name}, in bytes,")
        # Weights may share bytes of a file; whoever loads them holds each by itself.
        self.limits.check("file_bytes", self.outside, f"The external weights of {self.file.name}, in bytes,")
        return External(tuple(self.external.values()), self.outside)

    def _node(self, node: NodeProto) -> None:
        if not any(node.output):
            raise self.refuse(f"has the node {node.op_type} {node.name!r}, which makes nothing")
        if node.domain not in KNOWN_DOMAINS and (node.domain, node.op_type) not in self.functions:
            raise self.refuse(
                f"uses the operator {node.op_type} of the domain {node.domain!r}, which needs a library of custom "
                "operators, and none is loaded",
                "export the model with standard ONNX operators",
            )

    def _count(self, nodes: Iterable[NodeProto], calls: tuple[tuple[str, str], ...]) -> int:
        """Nodes with the functions they call written out, each function counted once."""
        return sum(self._calls(node, calls) for node in nodes)

    def _calls(self, node: NodeProto, calls: tuple[tuple[str, str], ...]) -> int:
        key = (node.domain, node.op_type)
        if key not in self.functions:
            return 1
        if key in calls:
            raise self.refuse(f"has the function {node.op_type}, which calls itself")
        if key not in self.counted:
            if len(calls) >= cap("nesting", MOST_NESTING):
                raise LimitError.over(
                    "nesting", MOST_NESTING, "The depth of the model's functions is greater"
                )
            body = every_node(self.functions[key])
            self.counted[key] = 1 + self._count((inner for inner, _ in body), (*calls, key))
        return self.counted[key]

    def _order(self, graph: GraphProto) -> None:
        """Every value is made once, and from values that do not wait for it.

        ONNX asks for nodes in order; converters write some behind those that read them, and runtimes sort.
        """
        made = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
        made |= {tensor.values.name for tensor in graph.sparse_initializer} | {""}
        maker: dict[str, int] = {}
        for number, node in enumerate(graph.node):
            for name in filter(None, node.output):
                if name in maker:
                    raise self.refuse(f"makes the value {name!r} twice")
                maker[name] = number
        waiting = [{name for name in node.input if name not in made} for node in graph.node]
        readers: dict[str, list[int]] = {}
        for number, names in enumerate(waiting):
            for name in names:
                if name not in maker:
                    raise self.refuse(
                        f"reads the value {name!r} in {graph.node[number].op_type}, which no node makes"
                    )
                readers.setdefault(name, []).append(number)
        ready = [number for number, names in enumerate(waiting) if not names]
        done = 0
        while ready:
            done += 1
            for name in graph.node[ready.pop()].output:
                for reader in readers.pop(name, ()):
                    waiting[reader].discard(name)
                    if not waiting[reader]:
                        ready.append(reader)
        if done < len(graph.node):
            stuck = next(node for node, names in zip(graph.node, waiting, strict=True) if names)
            raise self.refuse(f"has nodes that wait for each other in a circle, {stuck.op_type} among them")

    def _port(self, port: ValueInfoProto) -> None:
        sizes = [dim.dim_value for dim in port.type.tensor_type.shape.dim if dim.HasField("dim_value")]
        if min(sizes, default=0) < 0:
            raise self.refuse(f"declares the negative size {min(sizes)} for {port.name}")
        self.limits.check(
            "decompressed_bytes", math.prod(sizes), f"The declared size of {port.name} in {self.file.name}"
        )

    def _tensor(self, tensor: TensorProto) -> None:
        if any(size < 0 for size in tensor.dims):
            raise self.refuse(f"has the weight {tensor.name!r} with a negative size")
        values = math.prod(tensor.dims)
        outside = tensor.data_location == TensorProto.EXTERNAL
        what = f"The number of values of {tensor.name!r} in {self.file.name}"
        self.limits.check("file_bytes", values, what)
        if tensor.data_type not in TensorProto.DataType.values():
            raise self.refuse(
                f"gives the weight {tensor.name!r} the type {tensor.data_type}, which ONNX does not have"
            )
        size = _bytes(tensor, values)
        if outside:
            self._external(tensor, size)
        elif size is not None and tensor.HasField("raw_data") and len(tensor.raw_data) != size:
            held = len(tensor.raw_data)
            raise self.refuse(f"declares {size:,} bytes for the weight {tensor.name!r} and holds {held:,}")
        elif size and not tensor.HasField("raw_data") and not tensor.ByteSize() * 16 >= values:
            raise self.refuse(f"declares {values:,} values for the weight {tensor.name!r} and holds fewer")

    def _external(self, tensor: TensorProto, size: int | None) -> None:
        keys = {entry.key: entry.value for entry in tensor.external_data}
        if len(keys) < len(tensor.external_data):
            raise self.refuse(f"says twice where the external weight {tensor.name!r} lies")
        location = keys.get("location", "")
        if location not in self.external:
            what = f"external data of the model {self.file.name},"
            self.external[location] = inside(self.file.parent, location, what=what)
        there = self.external[location].stat().st_size
        numbers = {}
        for key in ("offset", "length"):
            text = keys.get(key)
            if text is not None and not (text.isascii() and text.isdigit() and len(text) <= 18):
                raise self.refuse(f"gives {text[:40]!r} as the {key} of the external weight {tensor.name!r}")
            numbers[key] = int(text) if text is not None else None
        start = numbers["offset"] or 0
        length = numbers["length"] if numbers["length"] is not None else size or 0
        if start + length > there or (size is not None and length < size):
            raise self.refuse(
                f"says that the weight {tensor.name!r} is {length:,} bytes from byte {start:,} of {location}, which has "
                f"{there:,}",
                "copy the external data again, with the model",
            )
        self.outside += length or there - start


def _bytes(tensor: TensorProto, values: int) -> int | None:
    """Bytes of so many values of the tensor's type; None for texts."""
    name = TensorProto.DataType.Name(tensor.data_type) if tensor.data_type else ""
    if name in {"", "STRING"}:
        return None
    if name in _PACKED:
        return -(-values * _PACKED[name] // 8)
    return values * int(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)


def _texts(
    proto: ModelProto,
    nodes: Iterable[NodeProto],
    graphs: Iterable[GraphProto],
    tensors: Iterable[TensorProto],
) -> Iterator[str | bytes]:
    """Every name of the model that is walked by; protobuf hands out as bytes what does not decode."""
    for function in proto.functions:
        yield from (function.domain, function.name, *function.input, *function.output, *function.attribute)
    yield from (opset.domain for opset in proto.opset_import)
    for node in nodes:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        for attribute in node.attribute:
            yield attribute.name
            yield attribute.ref_attr_name
    for graph in graphs:
        yield graph.name
        for port in (*graph.input, *graph.output, *graph.value_info):
            yield port.name
            yield from (dim.dim_param for dim in port.type.tensor_type.shape.dim)
    for tensor in tensors:
        yield tensor.name
        for entry in tensor.external_data:
            yield entry.key
            yield entry.value


def _tensors(nodes: Iterable[NodeProto], graphs: Iterable[GraphProto]) -> Iterator[TensorProto]:
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        yield from ([attribute.t] if attribute.HasField("t") else [])
        yield from attribute.tensors
    for graph in graphs:
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
