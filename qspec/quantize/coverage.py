"""Which layers a precision covers, and whether the artifact really stores them quantized."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper

from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.precision import Precision
from qspec.quantize.graph import WEIGHT_INPUT, Layer, every_graph, nested_layers, weighted_layers
from qspec.quantize.patterns import known_operators, select
from qspec.quantize.rules import as_float, check_rules, layer_formats
from qspec.quantize.sharing import separate

SINGLE = frozenset({TensorProto.FLOAT})
"""The type of weights that quantizers take."""

HALVES = SINGLE | {TensorProto.FLOAT16}
"""Those of a cast to half precision, which leaves what is there already."""

FLOATS = HALVES | {TensorProto.DOUBLE, TensorProto.BFLOAT16}
"""Those of pruning, which takes weights as they are."""


@dataclass(frozen=True)
class Coverage:
    """The layers to quantize and the nodes to leave alone."""

    layers: tuple[Layer, ...]
    """Weighted layers that the precision covers."""
    excluded: tuple[str, ...]
    """Nodes, weighted or not, that stay as they are."""
    operators: list[str] | None
    """Operator types to quantize; None for the scheme's own choice."""
    nested: tuple[Layer, ...] = ()
    """Covered layers in the branches of If and the bodies of Loop and Scan: declared, and out of every scheme's reach."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers to quantize."""
        return tuple(layer.name for layer in self.layers)

    @property
    def declared(self) -> tuple[str, ...]:
        """Names of all covered layers, which the census counts."""
        return (*self.names, *(layer.name for layer in self.nested))

    def record(self) -> dict[str, Any]:
        """What goes into the record, as plain data."""
        return {"excluded": list(self.excluded), "operators": self.operators or []}

    def verify(self, artifact: ModelProto, scheme: str) -> None:
        """Raise `QSpecError` when every covered layer of `artifact` still reads its weight in floats.

        A quantizer that does not recognize a layer leaves it in silence. Single layers left so are the census's
        business; nothing quantized at all is a failure.
        """
        left = _reading_floats(artifact, self.layers)
        if len(left) == len(self.layers):
            raise QSpecError(
                f"The quantizer of {scheme} left every covered layer in floats: {listed(left)}.",
                hint="the layers may be of a kind it does not know; choose another method",
            )


def _reading_floats(artifact: ModelProto, layers: Sequence[Layer]) -> list[str]:
    """Names of the `layers` whose weight an operator of the main graph reads in floats wider than 16 bits.

    The tensor may still be there all the same, where a graph inside reads it too.
    """
    wide = {TensorProto.FLOAT, TensorProto.DOUBLE}
    floats = {t.name for t in artifact.graph.initializer if t.data_type in wide and len(t.dims) >= 2}
    read = {
        node.input[place]
        for node in artifact.graph.node
        if (place := WEIGHT_INPUT.get(node.op_type)) is not None and len(node.input) > place
    }
    return [layer.name for layer in layers if layer.weight in floats & read]


def cover(
    prepared: ModelProto,
    precision: Precision,
    supported: Collection[str],
    scheme: str,
    *,
    takes: Collection[int] = SINGLE,
) -> Coverage:
    """The coverage of `precision` over a prepared graph, for a scheme that quantizes `supported` operator types.

    `takes` are the element types of weights that the scheme can read.

    A layer of a type that the scheme passes over is covered all the same, unless the precision names the types or
    excludes the layer: it was declared, and the census will miss it. So are layers inside If, Loop and Scan. Nodes that
    stay as they are get copies of the weights that covered layers read too: what is done to a weight is done for all
    who read it. Raises `QSpecError` for a pattern or operator type that matches nothing, for weights of another type,
    and when no layer can be quantized.
    """
    nodes = node_names(prepared)
    present = {node.op_type for node in prepared.graph.node}
    excluded = select(precision.exclude, nodes, role="exclude")
    operators = known_operators(precision.operators, supported, present, scheme=scheme) or None
    wanted, left = set(operators or WEIGHT_INPUT), set(excluded)
    layers, nested = (
        tuple(layer for layer in found if layer.op in wanted and layer.name not in left)
        for found in (weighted_layers(prepared), nested_layers(prepared))
    )
    if not any(layer.op in supported for layer in layers):
        found = [layer.name for layer in (*weighted_layers(prepared), *nested)]
        raise QSpecError(
            f"The precision covers no layer of the model that {scheme} can quantize.",
            hint=f"layers with weights are {listed(found)}; see `exclude` and `operators`",
        )
    check_rules(precision, [*layers, *nested], scheme)
    _check_types(prepared, [layer for layer in layers if layer.op in supported], takes, scheme)
    others = [node.name for node in prepared.graph.node if operators and node.op_type not in operators]
    floats = [layer.name for layer in layers if as_float(layer_formats(precision, layer)[0])]
    separate(prepared.graph, [layer.weight for layer in layers], [*excluded, *others, *floats])
    names = {layer.name for layer in layers}
    layers = tuple(layer for layer in weighted_layers(prepared) if layer.name in names)
    return Coverage(layers, tuple(excluded), operators, nested)


def node_names(model: ModelProto) -> list[str]:
    """The names of all nodes, those of the graphs inside last."""
    return [node.name for graph in every_graph(model.graph) for node in graph.node]


def _check_types(model: ModelProto, layers: Sequence[Layer], takes: Collection[int], scheme: str) -> None:
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    others = [layer for layer in layers if types[layer.weight] not in takes]
    if others:
        kind = np.dtype(helper.tensor_dtype_to_np_dtype(types[others[0].weight])).name
        raise QSpecError(
            f"The weights of {listed([layer.name for layer in others])} are {kind}, and {scheme} takes float32.",
            hint="export the model in float32"
            + (", or exclude these layers" if len(others) < len(layers) else ""),
        )
