"""Rounding weights to an emulated format: granule by granule, each under its own scale."""

from __future__ import annotations

import numpy as np

from qspec.quantize.emulate import gguf
from qspec.quantize.emulate.formats import Emulation
from qspec.quantize.emulate.granules import cut_up
from qspec.quantize.emulate.grids import FLOATING, Floating, Floats

TERNARY_THRESHOLD = 0.7
"""Share of the mean magnitude under which a ternary weight is zero (Li et al., arXiv:1605.04711, section 2.2)."""


def round_matrix(matrix: Floats, how: Emulation) -> Floats:
    """`matrix`, (rows, columns), as the format holds it: quantized and dequantized to the nearest values."""
    if how.rule == "gguf":
        return gguf.round_rows(matrix, how.format.name)
    granules, restore = cut_up(matrix, how.granularity)
    if how.rule in ("binary", "ternary"):  # means are over what is there, not over the filling
        there, _ = cut_up(np.ones_like(matrix), how.granularity)
        rounded = _signs(granules, there, threshold=TERNARY_THRESHOLD if how.rule == "ternary" else 0)
    else:
        rounded = round_granules(granules, how)
    return restore(rounded).astype(np.float32)


def round_granules(granules: Floats, how: Emulation) -> Floats:
    """`granules`, (count, values of each), each under its own scale, rounded to the nearest values of the grid."""
    if how.rule == "plain":
        return how.grid.round(granules)
    if how.rule == "affine":
        return _affine(granules, how)
    scales = scales_of(np.abs(granules).max(axis=1, keepdims=True), how)
    return how.grid.round(granules / scales) * scales


def scales_of(extremes: Floats, how: Emulation) -> Floats:
    """The scales that map largest magnitudes to the grid's own, in the format of scales; never zero.

    E8M0 scales are the power of two of the magnitude over that of the element format (OCP Microscaling Formats 1.0,
    section 6.3). E4M3 scales stand under a second one, in fp32, for the whole tensor (NVFP4).
    """
    if how.power_of_two and isinstance(how.grid, Floating):
        exponents = np.frexp(extremes)[1] - 1 - how.grid.exponent
        return np.where(extremes > 0, np.ldexp(np.float32(1), np.clip(exponents, -127, 127)), 1).astype(
            np.float32
        )
    return round_scales((extremes / how.grid.most).astype(np.float32), how.scale)


def round_scales(scales: Floats, kind: str) -> Floats:
    """`scales` in the format `kind`; a zero becomes one."""
    whole = float(np.max(scales, initial=0.0))
    if kind in ("fp8-e4m3", "fp8-e5m2") and whole > 0:
        second = np.float32(whole / FLOATING[kind].most)
        scales = FLOATING[kind].round(scales / second) * second
    elif kind in FLOATING:
        scales = FLOATING[kind].round(scales)
    return np.where(scales > 0, scales, np.float32(1)).astype(np.float32)


def _affine(granules: Floats, how: Emulation) -> Floats:
    low = np.minimum(granules.min(axis=1, keepdims=True), 0)
    high = np.maximum(granules.max(axis=1, keepdims=True), 0)
    scales = round_scales(((high - low) / how.grid.most).astype(np.float32), how.scale)
    zeros = how.grid.round(-low / scales)
    return (how.grid.round(granules / scales + zeros) - zeros) * scales


def _signs(granules: Floats, there: Floats, threshold: float) -> Floats:
    """Signs times the mean magnitude of what is kept; zero counts as positive where nothing is dropped.

    Without a threshold: binary weights (Rastegari et al., XNOR-Net, ECCV 2016, section 3.1). With one, weights under
    that share of the mean magnitude become zero (Li et al., Ternary Weight Networks, arXiv:1605.04711, section 2.2).
    """
    magnitudes = np.abs(granules)
    means = magnitudes.sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    kept = there * (magnitudes > threshold * means) if threshold else there
    scale = (magnitudes * kept).sum(axis=1, keepdims=True) / np.maximum(kept.sum(axis=1, keepdims=True), 1)
    signed: Floats = np.where(granules >= 0, scale, -scale) * kept
    return signed
