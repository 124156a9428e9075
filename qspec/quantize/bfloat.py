"""Layers in bfloat16: their weights stored so, what they read and compute cast to it and back."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from qspec.quantize.prepare import drop_unused_initializers, replace_nodes


def to_bfloat16(model: ModelProto, names: Collection[str]) -> None:
    """Rewrite the layers called `names`, so that each computes in bfloat16 between two casts; all else stays in floats."""
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    for node in list(graph.node):
        nodes += _rewritten(node, tensors, model) if node.name in names else [node]
    replace_nodes(graph, nodes)
    drop_unused_initializers(graph)
    del graph.value_info[:]


def _rewritten(node: NodeProto, tensors: dict[str, TensorProto], model: ModelProto) -> list[NodeProto]:
    changed = NodeProto.FromString(node.SerializeToString())
    before: list[NodeProto] = []
    for place, name in enumerate(node.input):
        if not name:
            continue
        if name in tensors:
            changed.input[place] = _stored(name, tensors, model)
            continue
        cast = f"{node.name}/Cast_{place}"
        before.append(helper.make_node("Cast", [name], [cast], name=cast, to=TensorProto.BFLOAT16))
        changed.input[place] = cast
    changed.output[0] = f"{node.name}/bf16"
    back = helper.make_node(
        "Cast", [changed.output[0]], list(node.output), name=f"{node.name}/Cast_out", to=TensorProto.FLOAT
    )
    return [*before, changed, back]


def _stored(name: str, tensors: dict[str, TensorProto], model: ModelProto) -> str:
    """The constant `name` in bfloat16, under a name that begins with its own."""
    target = f"{name}_bf16"
    if target not in tensors:
        values = np.asarray(numpy_helper.to_array(tensors[name]), dtype=np.float32)
        tensor = helper.make_tensor(
            target, TensorProto.BFLOAT16, values.shape, bits_of(values).tobytes(), raw=True
        )
        model.graph.initializer.append(tensor)
        tensors[target] = tensor
    return target


def bits_of(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The bits of finite `values` in bfloat16, the upper half of binary32, halves rounded to even."""
    whole = np.ascontiguousarray(values).view(np.uint32)
    odd = (whole >> np.uint32(16)) & np.uint32(1)
    rounded: NDArray[np.uint16] = ((whole + np.uint32(0x7FFF) + odd) >> np.uint32(16)).astype(np.uint16)
    return rounded
