"""Whether what was to be emulated really is: rounded weights and inputs of layers, told from the graph alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import ModelProto, NodeProto, numpy_helper

from qspec.model.expression import Term
from qspec.model.number_format import find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.model.shorthand import per_group
from qspec.quantize.emulate.formats import emulation
from qspec.quantize.emulate.granules import as_rows, cut_up
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.emulate.weights import round_matrix
from qspec.quantize.graph import WEIGHT_INPUT, Layer
from qspec.quantize.pruning import Plan, plan_of
from qspec.quantize.rules import as_float, layer_formats


class _Weights:
    """The layers of a graph, by name, with their weights as rows."""

    def __init__(self, model: ModelProto) -> None:
        self.nodes = {node.name: node for node in model.graph.node if node.op_type in WEIGHT_INPUT}
        self._tensors = {tensor.name: tensor for tensor in model.graph.initializer}

    def rows(self, name: str) -> Floats | None:
        """The weight of the layer, (outputs, values of each); None where it has no weight in floats any more."""
        node = self.nodes.get(name)
        tensor = self._tensors.get(node.input[WEIGHT_INPUT[node.op_type]]) if node is not None else None
        if node is None or tensor is None:
            return None
        values = numpy_helper.to_array(tensor)
        return as_rows(node, np.asarray(values, dtype=np.float32))[0] if values.dtype.kind == "f" else None


def not_emulated(
    artifact: ModelProto, base: ModelProto, layers: Sequence[Layer], precision: Precision
) -> tuple[str, ...]:
    """Names of the `layers` that `artifact`, made from `base`, does not compute with the declared values.

    A rounded weight has no more values under one scale than its format has codes, and is not the base's unless that is
    on the grid already. Activations narrower than 16 bits are no longer the value that the base's layer reads.
    """
    made, before = _Weights(artifact), _Weights(base)
    return tuple(
        layer.name
        for layer in layers
        if not _is_emulated(made, before, layer, *layer_formats(precision, layer))
    )


def not_pruned(artifact: ModelProto, layers: Sequence[Layer], precision: Precision) -> tuple[str, ...]:
    """Names of the `layers` with fewer zeros, or more values that are not zero, than the pruning says."""
    plan, made = plan_of(precision), _Weights(artifact)
    rows = {layer.name: made.rows(layer.name) for layer in layers}
    return tuple(name for name, one in rows.items() if one is None or not keeps_pruning(one, plan))


def keeps_pruning(rows: Floats, plan: Plan) -> bool:
    """Whether `rows`, (outputs, values of each), has the zeros, and no more other values, than `plan` says."""
    kept = rows[rows != 0]
    if plan.sharing and len(np.unique(kept)) > plan.sharing:
        return False
    if plan.structure == "channel":
        return int((rows == 0).all(axis=1).sum()) >= int(plan.sparsity * len(rows))
    if plan.structure == "n-of-m":
        keep, size = plan.group
        return int((cut_up(rows, per_group(size))[0] != 0).sum(axis=1).max(initial=0)) <= keep
    zeros: int = rows.size - kept.size
    return zeros >= int(plan.sparsity * rows.size)


def _is_emulated(
    made: _Weights,
    before: _Weights,
    layer: Layer,
    weights: TensorFormat | None,
    activations: TensorFormat | None,
) -> bool:
    if weights is not None and not as_float(weights):
        rows, base = made.rows(layer.name), before.rows(layer.name)
        if rows is None or base is None or not _rounded(rows, base, weights):
            return False
    known = find_format(activations.type) if activations is not None else None
    if known is None or known.bits >= 16:
        return True
    return _reads(made.nodes.get(layer.name)) != _reads(before.nodes.get(layer.name))


def _rounded(rows: Floats, base: Floats, form: TensorFormat) -> bool:
    how = emulation(form, "weights", "census")
    if how.format.bits >= 16:
        return bool(np.array_equal(how.grid.round(rows), rows))
    if levels(rows, how.granularity) > 1 << how.format.bits:
        return False
    same = rows.shape == base.shape and bool(np.array_equal(rows, base))
    return not same or bool(np.allclose(round_matrix(base, how), base, rtol=1e-6, atol=0))


def levels(rows: Floats, granularity: Term) -> int:
    """The most different values that share a scale, in a weight of shape (outputs, values of each)."""
    granules, _ = cut_up(rows, granularity)
    there, _ = cut_up(np.ones_like(rows), granularity)
    ordered = np.sort(np.where(there > 0, granules, granules[:, :1]), axis=1)
    return int(1 + (np.diff(ordered, axis=1) > 0).sum(axis=1).max(initial=0))


def _reads(node: NodeProto | None) -> str:
    return node.input[0] if node is not None else ""
