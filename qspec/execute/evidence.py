"""What a quantized file shows by itself, without the model it was made from: values on a grid, scales, rounded inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from qspec.execute.emulations import keeps_pruning, levels
from qspec.execute.layers import INTEGER, PACKED, PASS, STANDS_FOR, WEIGHT_ZERO, Values, attribute
from qspec.execute.providers import load_runtime
from qspec.model.expression import Term
from qspec.model.number_format import find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.quantize import registry
from qspec.quantize.emulate.formats import Emulation, emulation
from qspec.quantize.emulate.granules import as_rows, block_shape, cut_up
from qspec.quantize.emulate.grids import FLOATING, Floating, Floats, Integers, Table
from qspec.quantize.graph import WEIGHT_INPUT, Layer
from qspec.quantize.k_means import SCHEME as K_MEANS
from qspec.quantize.llm_int8 import SCHEME as LLM_INT8
from qspec.quantize.pruning import plan_of
from qspec.quantize.rules import as_float, layer_formats

LOOKED_AT = 256
"""Granules whose values are looked at, evenly spread over a weight."""

NEAR = 0.01
"""Steps that a value may lie off its code, for the rounding of scales and products."""

ROUNDING = frozenset({"Round", "Floor", "Ceil", "Sign", "QuantizeLinear", "DynamicQuantizeLinear"})
"""Operators that leave few values: what is read behind one was quantized."""

KEEPING = PASS | {
    "Mul",
    "Div",
    "Add",
    "Sub",
    "Clip",
    "Where",
    "Relu",
    "MaxPool",
    "Flatten",
    "Unsqueeze",
    "Pad",
}
"""Operators between the rounding and the layer that leave the values few, up to a scale and an offset."""


class Arrived:
    """A file that was quantized elsewhere."""

    def __init__(self, model: ModelProto) -> None:
        self._model = model
        self._graph = Values(model)
        self._nodes = {node.name: node for node in self._graph.nodes}
        self._makers, self._stored = self._graph.producer, self._graph.stored

    def not_pruned(self, layers: Sequence[Layer], precision: Precision) -> tuple[str, ...]:
        """Names of the `layers` with fewer zeros, or more values that are not zero, than the pruning says."""
        plan = plan_of(precision)
        rows = {layer.name: self._rows(layer.name) for layer in layers}
        return tuple(name for name, one in rows.items() if one is None or not keeps_pruning(one, plan))

    def not_emulated(self, layers: Sequence[Layer], precision: Precision) -> tuple[str, ...]:
        """Names of the `layers` whose weights lie on no grid of their format, or whose inputs nothing rounds."""
        cast, scheme = precision.method == "cast", _scheme(precision)
        found = []
        for layer in layers:
            weights, activations = layer_formats(precision, layer)
            rows = self._rows(layer.name)
            if scheme == LLM_INT8 and rows is not None and self._takes_outliers(layer.name, rows):
                continue
            wide = weights is None or as_float(weights)
            rounded = wide or (
                rows is not None and on_grid(rows, weights, cast=cast, table=scheme == K_MEANS)
            )
            if not rounded or not self._reads_rounded(layer.name, activations):
                found.append(layer.name)
        return tuple(found)

    def _takes_outliers(self, name: str, rows: Floats) -> bool:
        """Whether the layer is the product in half precision beside one in integers, which reads chosen channels."""
        chosen = self._makers.get(self._nodes[name].input[0])
        half = bool(np.array_equal(FLOATING["fp16"].round(rows), rows))
        return half and chosen is not None and bool(chosen.op_type == "Where")

    def otherwise_scaled(self, layers: Sequence[Layer], precision: Precision) -> tuple[str, ...]:
        """Names of the `layers` with more or fewer scales than the granularity says, or scales made at another time.

        Where the graph does not tell, a layer passes.
        """
        found = []
        for layer in layers:
            node = self._nodes.get(layer.name)
            weights, _ = layer_formats(precision, layer)
            if node is None or weights is None:
                continue
            fits = weights.granularity is None or self._cut_so(node, weights.granularity)
            when = self._scales_made(node)
            static = {"ptq-static": True, "ptq-dynamic": False}.get(precision.method or "")
            if not fits or (when is not None and static is not None and when != static):
                found.append(layer.name)
        return tuple(found)

    # The weights -----------------------------------------------------------------------------

    def _rows(self, name: str) -> Floats | None:
        """The weight of a layer, (outputs, values of each), each row up to a scale; None where it is not to be had."""
        node = self._nodes.get(name)
        if node is not None and node.op_type in WEIGHT_ZERO:
            return self._codes(node)
        place = WEIGHT_INPUT.get(node.op_type) if node is not None else None
        if node is None or place is None or len(node.input) <= place:
            return None
        values = self._values(node.input[place])
        return None if values is None or values.ndim < 2 else as_rows(node, values.astype(np.float32))[0]

    def _codes(self, node: NodeProto) -> Floats | None:
        """The weight of an integer operator, (outputs, values of each), as codes whose zero is zero."""
        name = next(iter(node.input[WEIGHT_ZERO[node.op_type] :]), "")
        zeros = self._values(name) if name else np.zeros(1)
        codes = self._values(self._graph.weight_of(node))
        if codes is None or zeros is None or len(np.unique(zeros)) != 1:
            return None
        plain = NodeProto(op_type=STANDS_FOR[node.op_type], attribute=node.attribute)
        return as_rows(plain, codes.astype(np.float32) - np.float32(zeros.reshape(-1)[0]))[0]

    def _values(self, name: str) -> Floats | None:
        """What a value that comes from stored ones alone holds; None for another, and where it cannot be computed."""
        nodes: list[NodeProto] = []
        tensors: dict[str, TensorProto] = {}
        waiting, seen = [name], set()
        while waiting:
            one = waiting.pop()
            if not one or one in seen:
                continue
            seen.add(one)
            maker = self._makers.get(one)
            if one in self._stored and self._stored[one].data_location != TensorProto.EXTERNAL:
                tensors[one] = TensorProto.FromString(self._stored[one].SerializeToString())
                tensors[one].name = one
            elif maker is not None and maker.op_type in PASS:
                nodes.insert(0, maker)
                waiting += list(maker.input)
            else:
                return None
        if not nodes:
            values: Floats | None = numpy_helper.to_array(tensors[name]) if name in tensors else None
            return values
        order = {id(node): place for place, node in enumerate(self._nodes.values())}
        nodes.sort(key=lambda node: order[id(node)])
        output = onnx.ValueInfoProto(name=name)
        graph = helper.make_graph(nodes, "weight", [], [output], list(tensors.values()))
        alone = helper.make_model(
            graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version
        )
        alone.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
        try:
            session = load_runtime().InferenceSession(
                alone.SerializeToString(), providers=["CPUExecutionProvider"]
            )
            made: Floats = session.run(None, {})[0]
        except Exception:  # the runtime's own exceptions share no narrower base
            return None
        return made

    # The scales ------------------------------------------------------------------------------

    def _cut_so(self, node: NodeProto, granularity: Term) -> bool:
        """Whether the scales of the node's weight are as many as `granularity` makes; also where they cannot be found."""
        found = self._scales(node)
        if found is None:
            return True
        scales, rows, columns, block = found
        if node.op_type == "MatMulBnb4":  # its blocks run on over the ends of rows
            return granularity.name == "per-group" and block_shape(granularity)[1] == block
        if granularity.name == "per-tensor":
            return len(np.unique(scales)) == 1
        size = columns if granularity.name == "per-channel" else block_shape(granularity)[1]
        count = -(-columns // size)
        if scales.size == rows * count:
            return True
        if granularity.name == "per-block" or scales.size % rows or scales.size < rows * count:
            return granularity.name == "per-block"
        # The runtime cuts long groups into blocks of one scale.
        blocks = scales.reshape(rows, -1)
        if size % block and size < columns:
            return False
        owner = np.arange(blocks.shape[1]) * block // size
        return all(
            bool((blocks[:, owner == one] == blocks[:, owner == one][:, :1]).all()) for one in set(owner)
        )

    def _scales(self, node: NodeProto) -> tuple[Floats, int, int, int] | None:
        """The scales of the node's weight, its outputs, the values of each, and those under one scale."""
        if node.op_type in PACKED:
            name, rows, columns = node.input[2], attribute(node, "N"), attribute(node, "K")
            block = attribute(node, "block_size")
        else:
            value = self._graph.weight_of(node)
            maker = self._makers.get(value)
            while maker is not None and maker.op_type in PASS and maker.op_type != "DequantizeLinear":
                maker = self._makers.get(maker.input[0])
            if maker is None or maker.op_type != "DequantizeLinear":
                return None
            rows_of = self._rows(node.name)
            if rows_of is None:
                return None
            name, (rows, columns) = maker.input[1], rows_of.shape
            block = attribute(maker, "block_size") or columns
        tensor = self._stored.get(name)
        if tensor is None or tensor.data_location == TensorProto.EXTERNAL:
            return None
        return (numpy_helper.to_array(tensor).reshape(-1), rows, columns, block)

    def _scales_made(self, node: NodeProto) -> bool | None:
        """True where the scale of what the node reads is a constant, False where it is made at every call."""
        if node.op_type == "DynamicQuantizeMatMul":
            return False
        for maker in self._before(node, PASS - {"QuantizeLinear"}):
            if maker.op_type in ("QuantizeLinear", "DynamicQuantizeLinear"):
                return bool(maker.op_type == "QuantizeLinear")
        return None

    # What layers read ------------------------------------------------------------------------

    def _reads_rounded(self, name: str, form: TensorFormat | None) -> bool:
        known = find_format(form.type) if form is not None else None
        if known is None or known.bits >= 16:
            return True
        node = self._nodes.get(name)
        if node is None:
            return False
        if node.op_type in INTEGER:
            return True
        rounded = False
        for maker in self._before(node, KEEPING - {"QuantizeLinear"}):
            if known.kind == "integer" and self._levels(maker) > 1 << known.bits:
                return False
            rounded = rounded or maker.op_type in ROUNDING or self._looks_up(maker)
        return rounded

    def _looks_up(self, node: NodeProto) -> bool:
        """Whether the node chooses among stored numbers: signs, or the entries of a codebook."""
        if node.op_type == "Where":
            return all(one in self._stored for one in node.input[1:])
        table = self._stored.get(node.input[0]) if node.op_type == "Gather" else None
        return table is not None and len(table.dims) == 1

    def _levels(self, node: NodeProto) -> float:
        """How many whole numbers a rounding leaves, by its type or the Clip behind it; one where it does not tell."""
        if node.op_type == "QuantizeLinear" and len(node.input) > 2:
            stored = find_format(self._graph.root(node.input[2])[1])
            return 1 << stored.bits if stored is not None else 1
        maker = self._makers.get(node.input[0]) if node.op_type == "Clip" and len(node.input) == 3 else None
        bounds = [self._stored.get(name) for name in node.input[1:]]
        if maker is None or maker.op_type != "Round" or None in bounds:
            return 1
        low, high = (float(numpy_helper.to_array(one)) for one in bounds if one is not None)
        return high - low + 1

    def _before(self, node: NodeProto, through: frozenset[str]) -> Iterator[NodeProto]:
        """The nodes that make what `node` reads, and those before them where an operator is among `through`."""
        seen: set[str] = set()
        waiting = list(node.input)
        if node.op_type in WEIGHT_INPUT and len(node.input) > 1:
            waiting = [name for name in node.input[:2] if not self._graph.root(name)[0]]
        while waiting:
            maker = self._makers.get(waiting.pop(0))
            if maker is None or maker.output[0] in seen:
                continue
            seen.add(maker.output[0])
            yield maker
            if maker.op_type in through:
                waiting += list(maker.input)


def _scheme(precision: Precision) -> str | None:
    """The simulated scheme that the recipe names; None for one that is not made here."""
    return registry.canonical(f"simulated/{precision.recipe.name.lower()}") if precision.recipe else None


def on_grid(rows: Floats, form: TensorFormat | None, *, cast: bool = False, table: bool = False) -> bool:
    """Whether the values of `rows`, (outputs, values of each), can be those of `form` under some scale a granule.

    Those of a `table` of the weight's own are told by their number alone; `cast` says that there is no scale.
    """
    if form is None:
        return True
    how = emulation(form, "weights", "census", cast=cast)
    if how.rule == "plain":
        return bool(np.array_equal(how.grid.round(rows), rows))
    if levels(rows, how.granularity) > 1 << how.format.bits:
        return False
    if table:
        return True
    granules, _ = cut_up(rows, how.granularity)
    there, _ = cut_up(np.ones_like(rows), how.granularity)
    places = np.unique(np.linspace(0, len(granules) - 1, LOOKED_AT).astype(int))
    return all(_fits(np.unique(granules[place][there[place] > 0]), how) for place in places)


def _fits(values: Floats, how: Emulation) -> bool:
    """Whether different `values` in ascending order are a grid's times one scale, and an offset where they have one."""
    if len(values) <= 2:
        return True
    if isinstance(how.grid, Integers):
        steps = np.arange(1, (1 << how.format.bits))[:, np.newaxis]
        places = (values - values[0]) / (values[-1] - values[0]) * steps
        return bool((np.abs(places - np.rint(places)) <= NEAR).all(axis=1).any())
    most = np.abs(values).max()
    scaled = values / most * _entries(how.grid)[:, np.newaxis]
    return bool((np.abs(how.grid.round(scaled) - scaled) <= NEAR * np.abs(scaled)).all(axis=1).any())


def _entries(grid: Floating | Table) -> Floats:
    """Values of the grid that the largest magnitude of a granule may stand for."""
    if isinstance(grid, Table):
        entries: Floats = np.abs(grid.entries[grid.entries != 0])
        return entries
    found = np.unique(grid.round(np.geomspace(grid.most / 64, grid.most, 2048).astype(np.float32)))
    positive: Floats = found[found > 0]
    return positive
