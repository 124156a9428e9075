"""Mixed precision in static quantization: types of single tensors, and a check that the runtime kept to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import onnx
from onnx import ModelProto
from onnxruntime.quantization import QuantType

from qspec.errors import QSpecError
from qspec.model.precision import Precision, TensorFormat
from qspec.quantize.coverage import Coverage
from qspec.quantize.rules import float_layers, layer_formats
from qspec.quantize.support import choose


@dataclass(frozen=True)
class Overrides:
    """What rules for single layers change."""

    floats: tuple[str, ...] = ()
    """Layers that stay in floats."""
    types: Mapping[str, str] = field(default_factory=dict)
    """The runtime's type of single tensors, by name."""


def overrides_of(
    precision: Precision,
    prepared: ModelProto,
    coverage: Coverage,
    types: tuple[Mapping[str, str], Mapping[str, str]],
    scheme: str,
) -> Overrides:
    """The overrides that the rules of `precision` ask for; `types` maps formats of weights and of activations.

    Raises `QSpecError` for a rule that differs in more than the type, and where two layers want the same tensor in
    different types.
    """
    floats = float_layers(precision, coverage.layers, scheme)
    inputs = {node.name: node.input[0] for node in prepared.graph.node}
    wanted: dict[str, str] = {}
    changed: dict[str, str] = {}
    for layer in coverage.layers:
        if layer.name in floats:
            continue
        general = (precision.weights, precision.activations)
        tensors = (layer.weight, inputs[layer.name])
        for form, usual, tensor, known in zip(
            layer_formats(precision, layer), general, tensors, types, strict=True
        ):
            kind = _type(form, usual, known, layer.name, scheme)
            if wanted.setdefault(tensor, kind) != kind:
                raise QSpecError(
                    f"The tensor {tensor} is read by layers that want it in different formats, {wanted[tensor]} and {kind}.",
                    hint="give all layers that read it the same formats",
                )
            if form is not None and usual is not None and form.type != usual.type:
                changed[tensor] = kind
    return Overrides(tuple(floats), changed)


def as_options(overrides: Overrides, *, per_channel: bool, weights: Mapping[str, int]) -> dict[str, Any]:
    """The runtime's extra option; `weights` holds the channel axis of each weight that may be overridden."""
    if not overrides.types:
        return {}
    entries: dict[str, list[dict[str, Any]]] = {}
    for tensor, kind in overrides.types.items():
        entry: dict[str, Any] = {"quant_type": QuantType[kind]}
        if per_channel and tensor in weights:
            entry["axis"] = weights[tensor]
        entries[tensor] = [entry]
    return {"TensorQuantOverrides": entries}


def check_kept(artifact: ModelProto, overrides: Overrides) -> None:
    """Raise `QSpecError` when a tensor is not of the type asked for: the runtime drops some overrides in silence."""
    stored = {tensor.name: tensor.data_type for tensor in artifact.graph.initializer}
    for tensor, kind in overrides.types.items():
        wanted = QuantType[kind].tensor_type
        zeros = [
            n.input[2] for n in artifact.graph.node if n.op_type == "QuantizeLinear" and n.input[0] == tensor
        ]
        found = {stored.get(name) for name in [*zeros, f"{tensor}_quantized"]} - {None}
        if found != {wanted}:
            made = onnx.TensorProto.DataType.Name(found.pop()) if found else "floats"
            raise QSpecError(
                f"The tensor {tensor} was to be quantized to {kind}, and the runtime left it as {made}.",
                hint="it may be fused away: write the rule for another layer, or exclude this one",
            )


def _type(
    form: TensorFormat | None, usual: TensorFormat | None, known: Mapping[str, str], layer: str, scheme: str
) -> str:
    if form is None:
        raise QSpecError(f"The scheme {scheme} needs the formats of weights and activations of {layer}.")
    if usual is not None and form is not usual:
        for part in ("granularity", "symmetric", "range", "scale"):
            said = getattr(form, part)
            if said is not None and said != getattr(usual, part):
                raise QSpecError(
                    f"The scheme {scheme} changes the type of single layers alone, and a rule changes {part} of {layer}.",
                    hint=f"leave {part} out of the rule",
                )
    return choose(form.type, known, None, f"type for {layer}", scheme)
