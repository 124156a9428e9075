"""Adding nodes and constants to a graph under names of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

from qspec.errors import QSpecError

LEAST_OPSET = 13
"""Opset from which a channel may have a scale of its own, and all is there that formats are emulated with."""

REDUCE_AXES_ARE_INPUTS = 18
"""Opset from which reductions other than the sum take their axes as an input."""


class Weaver:
    """Collects nodes to be placed before a consumer; constants go into the graph at once.

    Every name begins with `prefix`, so that two weavers with different prefixes never meet.
    """

    def __init__(self, graph: GraphProto, prefix: str, opset: int) -> None:
        self._graph, self._prefix, self._opset, self._count = graph, prefix, opset, 0
        self.nodes: list[NodeProto] = []

    def constant(self, values: ArrayLike, dtype: Any = np.float32) -> str:
        """Store a constant and return its name."""
        name = self._name("constant")
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def __call__(self, operator: str, *inputs: str | float, **attributes: Any) -> str:
        """Add a node and return the name of its output; a bare number becomes a constant."""
        names = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        output = self._name(operator)
        self.nodes.append(helper.make_node(operator, names, [output], name=output, **attributes))
        return output

    def reduce(self, operator: str, value: str, axis: int | None) -> str:
        """A reduction that keeps its axis; over everything, to one element of every dimension, without one."""
        axes = None if axis is None else [axis]
        if axes is None:
            return self(operator, value, keepdims=1)
        if self._opset >= REDUCE_AXES_ARE_INPUTS or operator == "ReduceSum":
            return self(operator, value, self.constant(axes, np.int64), keepdims=1)
        return self(operator, value, axes=axes, keepdims=1)

    def _name(self, what: str) -> str:
        self._count += 1
        return f"{self._prefix}/{what}_{self._count}"


def opset_of(model: ModelProto) -> int:
    """The version of the standard operators that `model` imports."""
    return max(
        (int(entry.version) for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0
    )


def check_opset(model: ModelProto, what: str) -> None:
    """Raise `QSpecError` for a model whose operators are too old for `what`, as in `formats are emulated`."""
    if opset_of(model) < LEAST_OPSET:
        raise QSpecError(
            f"The model is written in opset {opset_of(model)}, and {what} from {LEAST_OPSET} on.",
            hint="export the model with a newer opset",
        )
