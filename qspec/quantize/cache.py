"""The keys and values that attention keeps: found in a graph by its softmax, and rounded as a cache would hold them."""

from __future__ import annotations

from dataclasses import dataclass

from onnx import GraphProto, ModelProto, NodeProto

from qspec.errors import QSpecError
from qspec.model.expression import Term
from qspec.model.precision import TensorFormat
from qspec.quantize.emulate.activations import round_activation
from qspec.quantize.emulate.formats import Emulation, emulation
from qspec.quantize.prepare import replace_nodes
from qspec.quantize.weave import Weaver, opset_of

_PASSED = frozenset({"Add", "Sub", "Mul", "Div", "Where", "Cast", "Identity", "Dropout"})
"""Operators between the product of queries and keys and the softmax, or between the softmax and the values."""

_OWN = Term(name="per-token")
"""One scale for the last axis: a token of a head."""


@dataclass(frozen=True)
class Kept:
    """A value that a cache would hold: the node that reads it, and at which input."""

    reader: str
    place: int
    value: str


def round_cache(model: ModelProto, form: TensorFormat, scheme: str) -> list[str]:
    """Round every key and value of attention in `model` to `form`; returns the names of the values.

    The scale is one a token and head unless the form says otherwise. Raises `QSpecError` where the model has no attention
    whose keys and values can be told.
    """
    said = form if form.granularity is not None else form.model_copy(update={"granularity": _OWN})
    how = emulation(said, "activations", scheme)
    kept = kept_values(model.graph)
    if not kept:
        raise QSpecError(
            "The precision gives the key-value cache a format, and the model has no attention in which keys and values "
            "can be told.",
            hint="leave `kv-cache` out, or export the model with attention as MatMul, Softmax and MatMul",
        )
    _insert(model, kept, how)
    return list(dict.fromkeys(one.value for one in kept))


def kept_values(graph: GraphProto) -> list[Kept]:
    """What products before and after a softmax read as keys, before they are transposed, and as values."""
    makers = {output: node for node in graph.node for output in node.output}
    readers: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    stored = {tensor.name for tensor in graph.initializer}
    found: dict[tuple[str, int], Kept] = {}
    for softmax in (node for node in graph.node if node.op_type == "Softmax"):
        before, after = _product_before(softmax, makers), _product_after(softmax, readers)
        if before is None or after is None or {before.input[1], after.input[1]} & stored:
            continue
        turned = makers.get(before.input[1])
        while turned is not None and turned.op_type in ("Mul", "Div"):  # keys scaled before the product
            turned = makers.get(turned.input[0])
        if turned is None or turned.op_type != "Transpose":
            continue
        for reader, place in ((turned, 0), (after, 1)):
            found[reader.name, place] = Kept(reader.name, place, reader.input[place])
    return list(found.values())


def _product_before(node: NodeProto, makers: dict[str, NodeProto]) -> NodeProto | None:
    waiting = list(node.input[:1])
    while waiting:
        maker = makers.get(waiting.pop(0))
        if maker is not None and maker.op_type == "MatMul":
            return maker
        if maker is not None and maker.op_type in _PASSED:
            waiting += list(maker.input)
    return None


def _product_after(node: NodeProto, readers: dict[str, list[NodeProto]]) -> NodeProto | None:
    waiting = list(node.output[:1])
    while waiting:
        name = waiting.pop(0)
        for reader in readers.get(name, []):
            if reader.op_type == "MatMul" and reader.input[0] == name:
                return reader
            if reader.op_type in _PASSED:
                waiting += list(reader.output[:1])
    return None


def _insert(model: ModelProto, kept: list[Kept], how: Emulation) -> None:
    graph = model.graph
    wanted: dict[str, list[Kept]] = {}
    for one in kept:
        wanted.setdefault(one.reader, []).append(one)
    nodes: list[NodeProto] = []
    for node in list(graph.node):
        changed = NodeProto.FromString(node.SerializeToString())
        for one in wanted.get(node.name, []):
            weave = Weaver(graph, f"{node.name}/cache_{one.place}", opset_of(model))
            changed.input[one.place] = round_activation(weave, one.value, how, None, 0, "MatMul")
            nodes += weave.nodes
        nodes.append(changed)
    replace_nodes(graph, nodes)
