"""Rounding activations to an emulated format inside the graph, with float operators alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from qspec.errors import QSpecError
from qspec.quantize.emulate.formats import Emulation
from qspec.quantize.emulate.granules import block_shape
from qspec.quantize.emulate.grids import FLOATING, Floating, Grid, Integers, Table
from qspec.quantize.emulate.weights import round_scales
from qspec.quantize.weave import Weaver

_TINY = 1e-30
"""Smallest magnitude that a scale is made from; a tensor of zeros stays zero under it."""

_LEAST_EXPONENT = -126.0


@dataclass(frozen=True)
class Span:
    """The least and greatest value that calibration chose for an activation."""

    low: float
    high: float


def round_activation(
    weave: Weaver, value: str, how: Emulation, span: Span | None, channels: int, op: str
) -> str:
    """Add the nodes that round `value`, the input of a layer of type `op` with `channels` inputs; returns the result.

    With `span` the scale is a constant; without one it is computed at every call, over the tensor, over each token
    (last axis), or over groups of channels. Raises `QSpecError` for a granularity that the input does not have.
    """
    if how.rule == "plain":
        return _nearest(weave, value, how.grid)
    if how.rule in ("binary", "ternary"):
        return _sign(weave, value, how)
    if how.granularity.name == "per-group":
        _, size = block_shape(how.granularity)
        return _grouped(weave, value, how, size, channels, op)
    if how.granularity.name == "per-token":
        if op in ("Conv", "ConvTranspose"):
            raise QSpecError(
                "The activations of a convolution have no tokens, so there is no scale per token.",
                hint="use per-tensor, or exclude the convolutions",
            )
        return _scaled(weave, value, how, None, -1)
    if how.granularity.name != "per-tensor":
        raise QSpecError(
            f"Activations cannot be rounded {how.granularity}.",
            hint="use per-tensor, per-token or per-group(n)",
        )
    return _scaled(weave, value, how, span, None)


def _grouped(weave: Weaver, value: str, how: Emulation, size: int, channels: int, op: str) -> str:
    """Groups of channels under a scale each; the last one filled up with zeros where the channels leave it short."""

    def whole(*numbers: int) -> str:
        return weave.constant(numbers, np.int64)

    convolution = op in ("Conv", "ConvTranspose")
    count = -(-channels // size)
    short = count * size - channels
    shape = weave("Shape", value)
    rows = weave("Reshape", value, whole(*((0, channels, -1) if convolution else (-1, channels, 1))))
    if short:
        rows = weave("Pad", rows, whole(0, 0, 0, 0, short, 0))
    groups = weave("Reshape", rows, whole(0, count, size, -1))
    rounded = _scaled(weave, groups, how, None, 2)
    if short:
        flat = weave("Reshape", rounded, whole(0, count * size, -1))
        rounded = weave("Slice", flat, whole(0), whole(channels), whole(1))
    return weave("Reshape", rounded, shape)


def _scaled(weave: Weaver, value: str, how: Emulation, span: Span | None, axis: int | None) -> str:
    if how.rule == "affine":
        return _affine(weave, value, how, span, axis)
    scale: str | float
    if span is not None:
        extreme = max(abs(span.low), abs(span.high))
        scale = float(round_scales(np.asarray([extreme / how.grid.most], dtype=np.float32), how.scale)[0])
    else:
        scale = _scale(weave, weave.reduce("ReduceMax", weave("Abs", value), axis), how)
    return weave("Mul", _nearest(weave, weave("Div", value, scale), how.grid), scale)


def _scale(weave: Weaver, extremes: str, how: Emulation) -> str:
    """Scales from largest magnitudes, in the format of scales."""
    extremes = weave("Max", extremes, _TINY)
    if how.power_of_two and isinstance(how.grid, Floating):
        return weave("Pow", 2.0, weave("Sub", _exponent(weave, extremes), float(how.grid.exponent)))
    scale = weave("Div", extremes, how.grid.most)
    if how.scale in ("fp8-e4m3", "fp8-e5m2"):
        form = FLOATING[how.scale]
        second = weave("Div", weave.reduce("ReduceMax", scale, None), form.most)
        rounded = weave("Mul", _nearest(weave, weave("Div", scale, second), form), second)
        return weave("Where", weave("Greater", rounded, 0.0), rounded, 1.0)
    return _nearest(weave, scale, FLOATING[how.scale]) if how.scale in FLOATING else scale


def _affine(weave: Weaver, value: str, how: Emulation, span: Span | None, axis: int | None) -> str:
    scale: str | float
    zero: str | float
    if span is not None:
        low, high = min(span.low, 0.0), max(span.high, 0.0)
        scale = float(
            round_scales(np.asarray([(high - low) / how.grid.most], dtype=np.float32), how.scale)[0]
        )
        zero = float(np.rint(-low / scale))
    else:
        lowest = weave("Min", weave.reduce("ReduceMin", value, axis), 0.0)
        highest = weave("Max", weave.reduce("ReduceMax", value, axis), 0.0)
        width = weave("Max", weave("Sub", highest, lowest), _TINY)
        scale = weave("Div", width, how.grid.most)
        if how.scale in FLOATING:
            scale = _nearest(weave, scale, FLOATING[how.scale])
        zero = weave("Round", weave("Div", weave("Neg", lowest), scale))
    codes = _nearest(weave, weave("Add", weave("Div", value, scale), zero), how.grid)
    return weave("Mul", weave("Sub", codes, zero), scale)


def _sign(weave: Weaver, value: str, how: Emulation) -> str:
    if how.rule == "ternary" or how.granularity.name not in ("per-tensor", "per-token"):
        raise QSpecError(
            f"Activations cannot be rounded to {how.format.name} {how.granularity}.",
            hint="use binary activations per-tensor or per-token, or integers of 2 bits",
        )
    axis = -1 if how.granularity.name == "per-token" else None
    mean = weave.reduce("ReduceMean", weave("Abs", value), axis)
    return weave("Mul", signs(weave, value), mean)


def signs(weave: Weaver, value: str) -> str:
    """One where `value` is not negative, minus one elsewhere."""
    return weave("Where", weave("Less", value, 0.0), -1.0, 1.0)


def _nearest(weave: Weaver, value: str, grid: Grid) -> str:
    if isinstance(grid, Integers):
        return weave("Clip", weave("Round", value), float(grid.low), float(grid.high))
    if isinstance(grid, Table):
        axis = weave.constant([-1], np.int64)
        above = weave("Greater", weave("Unsqueeze", value, axis), weave.constant(grid.middles))
        places = weave("ReduceSum", weave("Cast", above, to=7), axis, keepdims=0)
        return weave("Gather", weave.constant(grid.entries), places)
    exponents = weave("Max", _exponent(weave, weave("Abs", value)), float(grid.least))
    steps = weave("Pow", 2.0, weave("Sub", exponents, float(grid.mantissa)))
    whole = weave("Mul", weave("Round", weave("Div", value, steps)), steps)
    return weave("Clip", whole, -grid.most, grid.most)


def _exponent(weave: Weaver, magnitudes: str) -> str:
    """The exponent of the greatest power of two that is not greater, at least -126; the logarithm's rounding undone."""
    least = float(2.0**_LEAST_EXPONENT)
    logarithm = weave("Div", weave("Log", weave("Max", magnitudes, least)), log(2))
    near = weave("Floor", logarithm)
    power = weave("Pow", 2.0, near)
    low = weave("Cast", weave("Greater", power, magnitudes), to=1)
    half = weave("Mul", magnitudes, 0.5)
    high = weave("Cast", weave("Not", weave("Greater", power, half)), to=1)
    return weave("Max", weave("Add", weave("Sub", near, low), high), _LEAST_EXPONENT)
