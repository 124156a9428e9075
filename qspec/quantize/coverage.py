"""Which layers a precision covers, and whether the artifact really stores them quantized."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from onnx import ModelProto, TensorProto

from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.precision import Precision
from qspec.quantize.graph import WEIGHT_INPUT, Layer, weighted_layers
from qspec.quantize.patterns import known_operators, select
from qspec.quantize.rules import as_float, layer_formats
from qspec.quantize.sharing import separate

FLOATS = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE})


@dataclass(frozen=True)
class Coverage:
    """The layers to quantize and the nodes to leave alone."""

    layers: tuple[Layer, ...]
    """Weighted layers that the precision covers."""
    excluded: tuple[str, ...]
    """Nodes, weighted or not, that stay as they are."""
    operators: list[str] | None
    """Operator types to quantize; None for the scheme's own choice."""

    @property
    def declared(self) -> tuple[str, ...]:
        """Names of the covered layers."""
        return tuple(layer.name for layer in self.layers)

    def record(self) -> dict[str, Any]:
        """What goes into the record, as plain data."""
        return {"excluded": list(self.excluded), "operators": self.operators or []}

    def verify(self, artifact: ModelProto, scheme: str) -> None:
        """Raise `QSpecError` when every covered layer of `artifact` still reads its weight as floats.

        A quantizer that does not recognize a layer leaves it in silence. Single layers left so are the census's
        business; nothing quantized at all is a failure.
        """
        floats = {t.name for t in artifact.graph.initializer if t.data_type in FLOATS and len(t.dims) >= 2}
        read = {(node.name, name) for node in artifact.graph.node for name in node.input if name in floats}
        left = [layer.name for layer in self.layers if (layer.name, layer.weight) in read]
        if len(left) == len(self.layers):
            raise QSpecError(
                f"The quantizer of {scheme} left every covered layer in floats: {listed(left)}.",
                hint="the layers may be of a kind it does not know; choose another method",
            )


def cover(prepared: ModelProto, precision: Precision, supported: Collection[str], scheme: str) -> Coverage:
    """The coverage of `precision` over a prepared graph, for a scheme that quantizes `supported` operator types.

    A layer of a type that the scheme passes over is covered all the same, unless the precision names the types or
    excludes the layer: it was declared, and the census will miss it. Nodes that stay as they are get copies of the
    weights that covered layers read too: what is done to a weight is done for all who read it. Raises `QSpecError`
    for a pattern or operator type that matches nothing, and when no layer can be quantized.
    """
    nodes = [node.name for node in prepared.graph.node]
    present = {node.op_type for node in prepared.graph.node}
    excluded = select(precision.exclude, nodes, role="exclude")
    operators = known_operators(precision.operators, supported, present, scheme=scheme) or None
    wanted = set(operators or WEIGHT_INPUT)
    layers = tuple(
        layer for layer in weighted_layers(prepared) if layer.op in wanted and layer.name not in set(excluded)
    )
    if not any(layer.op in supported for layer in layers):
        found = [layer.name for layer in weighted_layers(prepared)]
        raise QSpecError(
            f"The precision covers no layer of the model that {scheme} can quantize.",
            hint=f"layers with weights are {listed(found)}; see `exclude` and `operators`",
        )
    others = [node.name for node in prepared.graph.node if operators and node.op_type not in operators]
    floats = [layer.name for layer in layers if as_float(layer_formats(precision, layer)[0])]
    separate(prepared.graph, [layer.weight for layer in layers], [*excluded, *others, *floats])
    names = {layer.name for layer in layers}
    layers = tuple(layer for layer in weighted_layers(prepared) if layer.name in names)
    return Coverage(layers, tuple(excluded), operators)
