"""Mixed precision: the formats of each layer, rules for single layers over the general ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.number_format import find_format
from qspec.model.precision import Layers, Precision, TensorFormat
from qspec.quantize.graph import Layer
from qspec.quantize.patterns import known_operators, matches, select

Formats = tuple[TensorFormat | None, TensorFormat | None]
"""The formats of weights and activations; None where nothing is said of them."""


def layer_formats(precision: Precision, layer: Layer) -> Formats:
    """The declared formats of `layer`: the general ones, under the rules that select it, the last rule winning."""
    weights, activations = precision.weights, precision.activations
    for pattern, rule in precision.layers.items():
        if _selects(pattern, rule, layer):
            weights, activations = rule.weights or weights, rule.activations or activations
    return weights, activations


def check_rules(precision: Precision, layers: Iterable[Layer], scheme: str) -> None:
    """Raise `QSpecError` for a rule that selects none of `layers`, or says nothing about those it selects."""
    known = list(layers)
    names, operators = [layer.name for layer in known], {layer.op for layer in known}
    for pattern, rule in precision.layers.items():
        select([pattern], names, role="layers")
        known_operators(rule.operators, operators, operators, scheme=scheme)
        if not any(_selects(pattern, rule, layer) for layer in known):
            raise QSpecError(
                f"The rule for layers {pattern!r} of type {listed(rule.operators)} selects no layer.",
                hint=f"the layers are {listed([f'{layer.name} ({layer.op})' for layer in known])}",
                rule="QS707",
            )
        if rule.weights is None and rule.activations is None:
            raise QSpecError(
                f"The rule for layers {pattern!r} gives neither weights nor activations a format.",
                hint='write `layers "PATTERN" { weights: …, activations: … }`',
            )


def float_layers(precision: Precision, layers: Sequence[Layer], scheme: str) -> list[str]:
    """Names of the layers that rules, checked already, leave in floats.

    Raises `QSpecError` for a rule that leaves half of a layer so, and for rules that leave every layer so.
    """
    left = []
    for layer in layers:
        weights, activations = layer_formats(precision, layer)
        if as_float(weights) != as_float(activations):
            raise QSpecError(
                f"A rule leaves weights or activations of {layer.name} in floats, and {scheme} quantizes both or none.",
                hint="write `{ weights: fp32, activations: fp32 }` to leave a layer as it was",
            )
        if as_float(weights):
            left.append(layer.name)
    if len(left) == len(layers):
        raise QSpecError(
            f"The rules leave every layer that {scheme} would quantize in floats.",
            hint="narrow the patterns of `layers`",
        )
    return left


def only_floats(precision: Precision, layers: Sequence[Layer], scheme: str) -> list[str]:
    """The same, for a scheme that gives every layer it quantizes one format; raises `QSpecError` for other rules."""
    left = float_layers(precision, layers, scheme)
    general = (precision.weights, precision.activations)
    for layer in layers:
        if layer.name not in left and layer_formats(precision, layer) != general:
            raise QSpecError(
                f"The scheme {scheme} quantizes all layers alike, and a rule gives {layer.name} formats of its own.",
                hint="leave the layer in fp32, or choose ptq-static, weight-only or simulated",
            )
    return left


def as_float(form: TensorFormat | None) -> bool:
    """Whether `form` leaves values as the base model has them, in fp32."""
    known = find_format(form.type) if form is not None else None
    return known is not None and known.name == "fp32"


def _selects(pattern: str, rule: Layers, layer: Layer) -> bool:
    return matches(pattern, layer.name) and (not rule.operators or layer.op in rule.operators)
