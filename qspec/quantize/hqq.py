"""Half-quadratic quantization: zero points that leave a sparse error, without data."""

from __future__ import annotations

import numpy as np

from qspec.quantize import registry
from qspec.quantize.block_weights import Cut, plainly, quantize_blocks
from qspec.quantize.blocks import Blocks, Floats, cut, encode, parameters
from qspec.quantize.graph import Layer
from qspec.quantize.request import Realized, Request
from qspec.quantize.support import keep_activations

SCHEME = "weight-only/hqq"
NORM = 0.7
"""The p of the error's norm."""

BETA, KAPPA, ROUNDS = 10.0, 1.01, 20
"""Weight of the quadratic term, its growth a round, and the most rounds."""

FRACTIONS = (2, 4)
"""Widths for which the runtime takes zero points that are fractions, in products."""


@registry.register(SCHEME, aliases=("simulated/hqq",))
def quantize(request: Request) -> Realized:
    """Quantize with HQQ (Badri and Shaji, 2023): scales from the range, zero points by half-quadratic splitting.

    Reads no data. Zero points are fractions where the runtime takes them (products of 2 and 4 bits), whole numbers
    otherwise.
    """
    keep_activations(request.precision)
    return quantize_blocks(request, SCHEME, plainly(half_quadratic), zero_points=True)


def half_quadratic(layer: Layer | None, matrix: Floats, how: Cut) -> Blocks:
    """Codes whose zero points lessen the p-norm of the error; a block that would get worse keeps what it had.

    Without a layer the matrix is a product's.
    """
    blocks = cut(matrix, how.size)
    scales, whole = parameters(blocks, how.bits, symmetric=False)
    safe = np.where(scales == 0, np.float32(1), scales)[..., np.newaxis]
    start = whole.astype(np.float32)
    zeros, best, least = start, start, _error(blocks, scales, start, how.bits)
    beta = BETA
    for _ in range(ROUNDS):
        codes = encode(blocks, scales, zeros, how.bits)
        rounded = (codes - zeros[..., np.newaxis]) * safe
        sparse = _shrink(blocks - rounded, beta)
        zeros = (codes - (blocks - sparse) / safe).mean(axis=2).astype(np.float32)
        error = _error(blocks, scales, zeros, how.bits)
        best, least = np.where(error < least, zeros, best), np.minimum(error, least)
        beta *= KAPPA
    if how.bits not in FRACTIONS or (layer is not None and layer.op == "Conv"):
        near = np.clip(np.rint(best), 0, (1 << how.bits) - 1).astype(np.uint8)
        return Blocks(encode(blocks, scales, near, how.bits), scales, near, matrix.shape[1], how.bits, False)
    return Blocks(encode(blocks, scales, best, how.bits), scales, best, matrix.shape[1], how.bits, False)


def _shrink(values: Floats, beta: float) -> Floats:
    """The generalized soft threshold of the p-norm (Badri and Shaji, 2023, equation 4)."""
    magnitudes = np.abs(values)
    pulled = magnitudes - np.power(np.maximum(magnitudes, 1e-8), NORM - 1) / beta
    shrunk: Floats = np.sign(values) * np.maximum(pulled, 0)
    return shrunk


def _error(blocks: Floats, scales: Floats, zeros: Floats, bits: int) -> Floats:
    rounded = (encode(blocks, scales, zeros, bits) - zeros[..., np.newaxis]) * scales[..., np.newaxis]
    errors: Floats = np.power(np.abs(blocks - rounded), NORM).sum(axis=2)
    return errors
