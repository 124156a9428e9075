"""K-quant: scales and minima of blocks by a search for the least weighted squared error, without data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.model.number_format import find_format
from qspec.quantize import registry
from qspec.quantize.arguments import Choice, recipe_arguments, takes
from qspec.quantize.block_weights import Cut, plainly, quantize_blocks
from qspec.quantize.blocks import Blocks, Floats, cut, encode, middle, parameters
from qspec.quantize.emulate import gguf
from qspec.quantize.emulated import emulate
from qspec.quantize.graph import Layer
from qspec.quantize.request import Realized, Request
from qspec.quantize.support import keep_activations

Zeros = NDArray[np.uint8]

SCHEME = "weight-only/k-quant"
MIX = Choice("mix", ("small", "medium", "large"))
STEPS = np.arange(-10, 11) / 10
"""Changes of the number of levels that the range is spread over, as in llama.cpp's search."""


@registry.register(SCHEME, aliases=("simulated/k-quant",))
@takes(MIX)
def quantize(request: Request) -> Realized:
    """Quantize with the search of llama.cpp's k-quants (function `make_qkx2_quants`), one level of scales.

    Each value counts by its magnitude. Reads no data. The formats of GGUF files, whose super-blocks have quantized
    scales (`q4_k`, or `Q4_K_M` as people write it), can be simulated.
    """
    keep_activations(request.precision)
    form = request.precision.weights
    known = find_format(form.type) if form is not None else None
    if known is not None and known.name in gguf.FORMS:
        return _as_in_files(request, known.name)
    if recipe_arguments(request.precision, quantize):
        raise QSpecError(
            f"The recipe {request.precision.recipe} names a mix of the formats of GGUF files, and the precision "
            f"{f'says {form.type}' if form is not None else 'gives weights no format'}.",
            hint="write `recipe: k-quant`, or weights of a format such as q4_k",
        )
    return quantize_blocks(request, SCHEME, plainly(search))


def _as_in_files(request: Request, name: str) -> Realized:
    precision = request.precision
    if not precision.emulated:
        raise QSpecError(
            f"The runtime has no kernel for the blocks of GGUF files, so {name} can only be simulated.",
            hint="add `simulated: true`, or write `int4 { granularity: per-group(32) }` for the same search in its blocks",
        )
    made = emulate(request, SCHEME, used=("recipe",))
    mix = recipe_arguments(precision, quantize).get(MIX.name)
    if mix is None:
        return made
    note = (
        f"Every covered layer has {name} unless a rule under `layers` says otherwise; in llama.cpp the mix {mix} gives "
        "some tensors of its own models other formats, by their role."
    )
    return replace(made, notes=(*made.notes, note))


def search(layer: Layer, matrix: Floats, how: Cut) -> Blocks:
    """Codes under the scale, and zero point where there is one, of least weighted squared error in every block."""
    blocks = cut(matrix, how.size)
    counts = np.sqrt((blocks**2).mean(axis=2, keepdims=True)) + np.abs(blocks) + np.float32(1e-20)
    first, zeros = parameters(blocks, how.bits, how.symmetric)
    scales, least = first, _error(blocks, counts, first, zeros, how.bits)
    spread = middle(how.bits) if how.symmetric else (1 << how.bits) - 1
    for step in STEPS:
        start = (first * (spread / (spread + step))).astype(np.float32)
        tried = _refit(blocks, counts, start, zeros, how)
        error = _error(blocks, counts, *tried, how.bits)
        better = error < least
        scales, zeros = np.where(better, tried[0], scales), np.where(better, tried[1], zeros)
        least = np.minimum(error, least)
    return Blocks(
        encode(blocks, scales, zeros, how.bits), scales, zeros, matrix.shape[1], how.bits, how.symmetric
    )


def _refit(blocks: Floats, counts: Floats, scales: Floats, zeros: Zeros, how: Cut) -> tuple[Floats, Zeros]:
    """Scale and zero point that fit the values best, by least squares, to the codes that `scales` gives them."""
    codes = encode(blocks, scales, zeros, how.bits).astype(np.float64)
    if how.symmetric:
        shifted = codes - middle(how.bits)
        fitted = _divided((counts * blocks * shifted).sum(axis=2), (counts * shifted**2).sum(axis=2), scales)
        return fitted, zeros
    total = counts.sum(axis=2)
    mean_code, mean = (counts * codes).sum(axis=2) / total, (counts * blocks).sum(axis=2) / total
    away = codes - mean_code[..., np.newaxis]
    covariance = (counts * away * blocks).sum(axis=2)
    fitted = np.abs(_divided(covariance, (counts * away**2).sum(axis=2), scales))
    zero = _divided(fitted * mean_code - mean, fitted, zeros.astype(np.float32))
    return fitted, np.clip(np.rint(zero), 0, (1 << how.bits) - 1).astype(np.uint8)


def _divided(above: Floats, below: Floats, otherwise: Floats) -> Floats:
    there = np.abs(below) > 0
    quotient: Floats = np.where(there, above / np.where(there, below, 1), otherwise).astype(np.float32)
    return quotient


def _error(blocks: Floats, counts: Floats, scales: Floats, zeros: Zeros, bits: int) -> Floats:
    rounded = (encode(blocks, scales, zeros, bits).astype(np.float32) - zeros[..., np.newaxis]) * scales[
        ..., np.newaxis
    ]
    errors: Floats = (counts * (blocks - rounded) ** 2).sum(axis=2)
    return errors
