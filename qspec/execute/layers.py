"""Finds a base model's layers again in a graph that quantizers and optimizers have rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from onnx import ModelProto, NodeProto, TensorProto

from qspec.quantize.graph import Layer, every_graph, stored_tensors

INTEGER = frozenset(
    {
        "QLinearConv",
        "ConvInteger",
        "QLinearMatMul",
        "MatMulInteger",
        "MatMulIntegerToFloat",
        "DynamicQuantizeMatMul",
        "QGemm",
        "QAttention",
        "QLinearConvTranspose",
    }
)
"""Operators whose products are taken in 8-bit integers."""

FLOAT = frozenset({"Conv", "FusedConv", "ConvTranspose", "MatMul", "FusedMatMul", "Gemm", "FusedGemm"})
"""Operators whose products are taken in the type of their operands."""

PACKED = frozenset({"MatMulNBits", "MatMulBnb4"})
"""Operators that unpack a block-quantized weight as they multiply."""

STANDS_FOR = {
    "QLinearConv": "Conv",
    "ConvInteger": "Conv",
    "FusedConv": "Conv",
    "QLinearConvTranspose": "ConvTranspose",
    "QGemm": "Gemm",
    "FusedGemm": "Gemm",
    **dict.fromkeys(
        (
            "QLinearMatMul",
            "MatMulInteger",
            "MatMulIntegerToFloat",
            "DynamicQuantizeMatMul",
            "FusedMatMul",
            "MatMulNBits",
            "MatMulBnb4",
        ),
        "MatMul",
    ),
}

WEIGHT_ZERO = {"QLinearConv": 5, "QLinearMatMul": 5, "QGemm": 5, "MatMulInteger": 3, "ConvInteger": 3}
"""Which input of an integer operator is the code of a weight of zero."""

PASS = frozenset(
    {"DequantizeLinear", "QuantizeLinear", "Cast", "Transpose", "Reshape", "Identity", "Squeeze", "Slice"}
)
"""Operators between a stored weight and its use that leave it the same weight."""

_SUFFIX = re.compile(
    r"(?:_nchwc|_token_\d+|_quant|_MatMul|_matmul|_(?:DQ_)?Q\d|_Bnb4|_fused|/MatMulAddFusion)+$"
)
_ELEMENT = {
    TensorProto.FLOAT: "fp32",
    TensorProto.DOUBLE: "fp64",
    TensorProto.FLOAT16: "fp16",
    TensorProto.BFLOAT16: "bf16",
    TensorProto.FLOAT8E4M3FN: "fp8-e4m3",
    TensorProto.FLOAT8E5M2: "fp8-e5m2",
    TensorProto.INT8: "int8",
    TensorProto.UINT8: "uint8",
    TensorProto.INT16: "int16",
    TensorProto.UINT16: "uint16",
    TensorProto.INT4: "int4",
    TensorProto.UINT4: "uint4",
    TensorProto.INT2: "int2",
    TensorProto.UINT2: "uint2",
}
_ACCURACY_INT8 = 4
"""The accuracy level of MatMulNBits at which activations are quantized to 8 bits and products taken in integers."""


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """A layer as it stands in a rewritten graph."""

    op: str
    storage: str
    """Format of the stored weight."""
    arithmetic: str
    """Format of its products."""


class Values:
    """Who makes each value of a model, and which values are stored, in its graph and those inside."""

    def __init__(self, model: ModelProto) -> None:
        graphs = list(every_graph(model.graph))
        self.nodes = [node for graph in graphs for node in graph.node]
        self.producer = {output: node for node in self.nodes for output in node.output}
        self.stored = {name: tensor for graph in graphs for name, tensor in stored_tensors(graph).items()}

    def root(self, name: str) -> tuple[str, str]:
        """The initializer a value comes from (empty when it comes from none), and the value's element type."""
        element = ""
        for _ in range(16):
            tensor = self.stored.get(name)
            if tensor is not None:
                return name, element or _ELEMENT.get(tensor.data_type, "unknown")
            node = self.producer.get(name)
            if node is None or node.op_type not in PASS or not node.input:
                return "", element
            element = element or self._made(node)
            name = node.input[0]
        return "", element

    def weight_of(self, node: NodeProto) -> str:
        """The operand that comes from an initializer of most elements: the weight, whatever the operator's order."""
        sizes = {
            name: _elements(self.stored[root])
            for name in node.input
            if (root := self.root(name)[0]) and len(self.stored[root].dims) >= 2
        }
        return max(sizes, key=lambda name: sizes[name]) if sizes else ""

    def _made(self, node: NodeProto) -> str:
        """The element type a node makes, where it changes it."""
        if node.op_type == "Cast":
            return _ELEMENT.get(attribute(node, "to"), "unknown")
        if node.op_type == "DequantizeLinear":
            scale = self.stored.get(node.input[1])
            return _ELEMENT.get(scale.data_type, "fp32") if scale is not None else "fp32"
        return ""


def own_layers(model: ModelProto) -> list[Layer]:
    """The layers of a graph that may be quantized already: products and convolutions with a stored weight.

    Unlike `weighted_layers`, the weight may lie behind a dequantization, and the operator may be an integer one; `op`
    is then the float operator it stands for.
    """
    graph = Values(model)
    found = []
    for node in graph.nodes:
        if node.op_type in PACKED:
            weight = node.input[1]
        elif node.op_type in INTEGER | FLOAT:
            weight = graph.root(graph.weight_of(node))[0]
        else:
            continue
        if weight:
            found.append(Layer(node.name, STANDS_FOR.get(node.op_type, node.op_type), weight, node.output[0]))
    return found


def find_layers(model: ModelProto, layers: Iterable[Layer]) -> dict[str, FoundLayer]:
    """The layers, by name, that still stand in `model`, with how they are stored and computed there.

    A layer is known by its weight (under the suffixes that quantizers add), by its node's name, or, where the
    optimizer has renamed both, by the value it computes. A weight that several layers share is told apart by name.
    """
    graph = Values(model)
    wanted = list(layers)
    found: dict[str, FoundLayer] = {}
    for node in graph.nodes:
        if node.op_type not in INTEGER | FLOAT | PACKED:
            continue
        open_layers = [layer for layer in wanted if layer.name not in found]
        layer = _by_name(node, open_layers) or _by_weight(node, graph, open_layers)
        if layer is not None:
            found[layer.name] = _describe(node, graph)
    return found


def attribute(node: NodeProto, name: str, default: int = 0) -> int:
    """An integer attribute of `node`."""
    return next((int(item.i) for item in node.attribute if item.name == name), default)


def _by_name(node: NodeProto, layers: list[Layer]) -> Layer | None:
    plain = _SUFFIX.sub("", node.name)
    for layer in layers:
        if node.name == layer.name or plain in (layer.name, *layer.aliases) or layer.output in node.output:
            return layer
    return None


def _by_weight(node: NodeProto, graph: Values, layers: list[Layer]) -> Layer | None:
    roots = {graph.root(name)[0] for name in node.input} - {""}
    fitting = [
        (len(layer.weight), -place, layer)
        for place, layer in enumerate(layers)
        if any(root == layer.weight or root.startswith(f"{layer.weight}_") for root in roots)
    ]
    return max(fitting)[2] if fitting else None


def _elements(tensor: TensorProto) -> int:
    count = 1
    for size in tensor.dims:
        count *= size
    return count


def _describe(node: NodeProto, graph: Values) -> FoundLayer:
    if node.op_type == "MatMulNBits":
        integer = attribute(node, "accuracy_level") == _ACCURACY_INT8
        scale = graph.root(node.input[2])[1] or "fp32"
        return FoundLayer(node.op_type, f"int{attribute(node, 'bits', 4)}", "int8" if integer else scale)
    if node.op_type == "MatMulBnb4":
        return FoundLayer(
            node.op_type, ("fp4", "nf4")[attribute(node, "quant_type")], graph.root(node.input[2])[1]
        )
    name = graph.weight_of(node)
    root, element = graph.root(name)
    stored = graph.stored.get(root)
    storage = _ELEMENT.get(stored.data_type, "unknown") if stored is not None else "unknown"
    arithmetic = "int8" if node.op_type in INTEGER else element or "fp32"
    return FoundLayer(node.op_type, storage, arithmetic)
