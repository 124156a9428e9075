"""Emulating number formats in floats: what every simulated scheme does with a model, whatever its rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, numpy_helper

from qspec._version import __version__
from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.base import Silence
from qspec.model.precision import Precision
from qspec.quantize.cache import round_cache
from qspec.quantize.coverage import Coverage, cover
from qspec.quantize.emulate import gguf
from qspec.quantize.emulate.activations import Span, round_activation
from qspec.quantize.emulate.formats import Emulation, emulation
from qspec.quantize.emulate.granules import as_rows
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.emulate.ranges import METHODS, Activation, choose_spans, declared_percentile
from qspec.quantize.emulate.weights import round_matrix
from qspec.quantize.graph import WEIGHT_INPUT, Layer, open_model
from qspec.quantize.observe import watch
from qspec.quantize.prepare import drop_unused_initializers, prepare, replace_nodes
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import as_float, layer_formats
from qspec.quantize.support import check_own, keep_activations, refuse_unused
from qspec.quantize.weave import Weaver, check_opset, opset_of
from qspec.quantize.workspace import publish, workspace

BATCH_NOTE = (
    "Activation scales are computed over a whole call, so results depend on which examples share a batch, their order "
    "and padding."
)


class Rounding:
    """How a simulated scheme rounds; the plain one quantizes to the nearest values of the format."""

    def weights(self, matrix: Floats, how: Emulation) -> Floats:
        """`matrix`, (output channels, values of each), rounded; the same shape."""
        return round_matrix(matrix, how)

    def activation(
        self, weave: Weaver, value: str, how: Emulation, span: Span | None, channels: int, op: str
    ) -> str:
        """Add the nodes that round `value`; returns the rounded one."""
        return round_activation(weave, value, how, span, channels, op)

    def calibrated(self, how: Emulation) -> bool:
        """Whether an activation's scale can be a constant."""
        return how.rule in ("affine", "scaled") and how.granularity.name == "per-tensor"


@dataclass
class _Rewrite:
    """One rewrite of a prepared model."""

    model: ModelProto
    rounding: Rounding
    weights: dict[str, Emulation]
    """By layer; a layer that is not there keeps its weight."""
    activations: dict[str, Emulation]
    """By layer."""
    spans: Mapping[tuple[str, str], Span]
    """By value and format."""
    rounded: dict[tuple[str, str], str] = field(default_factory=dict)
    made: dict[tuple[str, str, str, int], str] = field(default_factory=dict)
    ragged: dict[str, int] = field(default_factory=dict)
    """Values of a row, by weight, where super-blocks of GGUF files do not cut it evenly."""

    def run(self, layers: Mapping[str, Layer]) -> None:
        graph, nodes = self.model.graph, []
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        for node in list(graph.node):
            layer = layers.get(node.name)
            if layer is None:
                nodes.append(node)
                continue
            rewired = NodeProto.FromString(node.SerializeToString())
            place = WEIGHT_INPUT[node.op_type]
            values = numpy_helper.to_array(self.tensors[layer.weight])
            if node.name in self.activations:
                rewired.input[0] = self._activation(node, values, self.activations[node.name], nodes)
            if node.name in self.weights:
                rewired.input[place] = self._weight(node, layer.weight, values, self.weights[node.name])
            nodes.append(rewired)
        replace_nodes(graph, nodes)
        drop_unused_initializers(graph)
        del graph.value_info[:]

    def _weight(self, node: NodeProto, name: str, values: Floats, how: Emulation) -> str:
        known = self.rounded.get((name, str(how)))
        if known is not None:
            return known
        matrix, restore = as_rows(node, np.asarray(values, dtype=np.float32))
        if how.rule == "gguf" and matrix.shape[1] % gguf.FORMS[how.format.name].size:
            self.ragged[name] = matrix.shape[1]
        target = f"{name}_{how.format.name}"
        while target in self.tensors:
            target += "_"
        tensor = numpy_helper.from_array(
            restore(self.rounding.weights(matrix, how)).astype(values.dtype), target
        )
        self.model.graph.initializer.append(tensor)
        self.tensors[target] = tensor
        self.rounded[name, str(how)] = target
        return target

    def _activation(self, node: NodeProto, weight: Floats, how: Emulation, nodes: list[NodeProto]) -> str:
        value, channels = node.input[0], input_channels(node, weight)
        key = (value, str(how), node.op_type, channels)
        if key not in self.made:
            weave = Weaver(self.model.graph, f"{node.name}/{how.format.name}", opset_of(self.model))
            span = self.spans.get((value, str(how))) if self.rounding.calibrated(how) else None
            self.made[key] = self.rounding.activation(weave, value, how, span, channels, node.op_type)
            nodes += weave.nodes
        return self.made[key]


def emulate(
    request: Request, scheme: str, rounding: Rounding | None = None, *, used: tuple[str, ...] = ()
) -> Realized:
    """Write the model with weights, and activations where they are declared, rounded and computed with in floats.

    Static scales of activations (`method: ptq-static`, or any with calibration data) come from the data, others are
    computed at every call; those of a key-value cache always are. `used` names fields of the precision that the rounding reads.
    """
    rounding = rounding or Rounding()
    precision = request.precision
    refuse_unused(precision, {"activations", "operators", "layers", *used}, scheme)
    check_own(precision)
    if precision.method == "weight-only":
        keep_activations(precision)
    with workspace(request.output) as folder:
        opened = open_model(request.model)
        model = prepare(opened.with_weights())
        check_opset(model, "formats are emulated")
        coverage = cover(model, precision, WEIGHT_INPUT, scheme)
        weights, activations = _emulations(precision, coverage, scheme)
        values = _calibrated(coverage, model, activations, rounding)
        spans: dict[tuple[str, str], Span] = {}
        facts: dict[str, Any] = {}
        if values and _static(request):
            watched = watch(request, model, opened.inputs, scheme, METHODS)
            spans = choose_spans(
                watched, values, _range_method(request), declared_percentile(request.calibration)
            )
            facts = watched.record() | {"calibrate_method": _range_method(request)}
        rewrite = _Rewrite(model, rounding, weights, activations, spans)
        rewrite.run({layer.name: layer for layer in coverage.layers})
        if precision.kv_cache is not None:
            facts["kv_cache"] = round_cache(model, precision.kv_cache, scheme)
        onnx.save_model(model, folder / "simulated.onnx")
        publish(folder / "simulated.onnx", request.output)
    loose = any(name == "per-tensor" for name in _dynamic(activations, bool(spans), rounding))
    arguments = {
        "weights": {name: str(how) for name, how in weights.items()},
        "activations": {name: str(how) for name, how in activations.items()},
    }
    return Realized(
        request.output,
        f"qspec {__version__}",
        arguments | coverage.record() | facts,
        coverage.declared,
        simulated=True,
        notes=((BATCH_NOTE,) if loose else ()) + ((_ragged(rewrite.ragged),) if rewrite.ragged else ()),
    )


def _ragged(rows: Mapping[str, int]) -> str:
    named = listed([f"{name} ({size:,})" for name, size in rows.items()])
    return (
        f"Blocks of the format do not cut the rows of {named} evenly: the last of each row was filled up with zeros, "
        "where llama.cpp would choose another format."
    )


def input_channels(node: NodeProto, weight: Floats) -> int:
    """How many channels the layer reads: the inner size of a product, the input channels of a convolution."""
    if node.op_type == "ConvTranspose":
        return int(weight.shape[0])
    if node.op_type == "Conv":
        groups = next((int(item.i) for item in node.attribute if item.name == "group"), 1)
        return int(weight.shape[1]) * groups
    turned = any(item.name == "transB" and item.i for item in node.attribute)
    return int(weight.shape[-1 if turned else -2])


def _emulations(
    precision: Precision, coverage: Coverage, scheme: str
) -> tuple[dict[str, Emulation], dict[str, Emulation]]:
    """The formats of every covered layer's weight and activations, where they are rounded at all."""
    weights: dict[str, Emulation] = {}
    activations: dict[str, Emulation] = {}
    for layer in coverage.layers:
        for form, what, into in zip(
            layer_formats(precision, layer), ("weights", "activations"), (weights, activations), strict=True
        ):
            if form is not None and not as_float(form) and not _left_wide(precision, what):
                into[layer.name] = emulation(form, what, scheme, cast=precision.method == "cast")
    if not weights and not activations and precision.kv_cache is None:
        raise QSpecError(
            f"The precision gives no format that the scheme {scheme} could emulate.",
            hint="write `weights: …`, and `activations: …` or `kv-cache: …` where they are rounded too",
        )
    return weights, activations


def _left_wide(precision: Precision, what: str) -> bool:
    """The activations of weight-only quantization, which are computed in what the base model has."""
    return precision.method == "weight-only" and what == "activations"


def _static(request: Request) -> bool:
    method = request.precision.method
    return method == "ptq-static" or (method != "ptq-dynamic" and request.calibration is not None)


def _range_method(request: Request) -> str:
    method = request.calibration.method if request.calibration is not None else None
    if method is None or isinstance(method, Silence):
        raise QSpecError(
            "Ranges of activations are chosen from calibration data, and the executor states no calibration method.",
            hint=f"add `calibration {{ data: …, size: …, method: {METHODS[0]} }}`",
        )
    return method


def _calibrated(
    coverage: Coverage, model: ModelProto, activations: Mapping[str, Emulation], rounding: Rounding
) -> list[Activation]:
    """Values whose range calibration may choose, with the formats that are applied to them."""
    inputs = {node.name: node.input[0] for node in model.graph.node}
    return [
        (inputs[layer.name], activations[layer.name])
        for layer in coverage.layers
        if layer.name in activations and rounding.calibrated(activations[layer.name])
    ]


def _dynamic(activations: Mapping[str, Emulation], static: bool, rounding: Rounding) -> set[str]:
    """Granularities of the scales that are computed at every call."""
    return {
        how.granularity.name
        for how in activations.values()
        if how.rule != "plain" and not (static and rounding.calibrated(how))
    }
