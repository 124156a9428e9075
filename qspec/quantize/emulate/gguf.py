"""The block formats of GGUF files, from llama.cpp: plain blocks of 32, and super-blocks of 256 with quantized scales."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.quantize.emulate.grids import Floats

Values = NDArray[np.floating[Any]]
"""Floats of any width: sums and quotients come out wider than what went in."""

SUPER = 256
"""Values of a super-block."""


@dataclass(frozen=True)
class Form:
    """How a format holds its values."""

    bits_per_weight: float
    """Bits that a value takes in the file, scales included."""
    size: int
    """Values of a block, all of them under one scale in half precision."""
    round: Callable[[Values], Values]
    """Quantizes and dequantizes blocks, (count, size)."""


def round_rows(matrix: Floats, name: str) -> Floats:
    """`matrix`, (rows, columns), as a file of format `name` holds it; the last block of a row is filled up with zeros.

    llama.cpp itself stores rows that super-blocks of 256 do not cut evenly in another format.
    """
    form = FORMS[name]
    rows, columns = matrix.shape
    padded = np.zeros((rows, -(-columns // form.size) * form.size), dtype=np.float32)
    padded[:, :columns] = matrix
    rounded: Floats = form.round(padded.reshape(-1, form.size)).astype(np.float32)
    return rounded.reshape(padded.shape)[:, :columns]


def _half(values: Values) -> Values:
    """`values` in half precision, as blocks hold their scales."""
    return values.astype(np.float16).astype(np.float32)


def _inverse(values: Values) -> Values:
    """One over `values`, and zero where there is none."""
    there = values != 0
    inverse: Values = np.where(there, 1 / np.where(there, values, 1), 0).astype(values.dtype)
    return inverse


def _extreme(blocks: Values) -> Values:
    """The value of largest magnitude of each block, with its sign, shape (…, 1)."""
    places = np.argmax(np.abs(blocks), axis=-1, keepdims=True)
    return np.take_along_axis(blocks, places, axis=-1)


def _signed(bits: int) -> Callable[[Values], Values]:
    """The formats q4_0 and q5_0: the extreme becomes the lowest code."""
    middle = 1 << (bits - 1)

    def rounded(blocks: Values) -> Values:
        scale = _extreme(blocks) / -middle
        codes = np.trunc(blocks * _inverse(scale) + np.float32(middle + 0.5))
        values: Values = (np.minimum(codes, 2 * middle - 1) - middle) * _half(scale)
        return values

    return rounded


def _shifted(bits: int) -> Callable[[Values], Values]:
    """The formats q4_1 and q5_1: codes count from the least value."""
    most = (1 << bits) - 1

    def rounded(blocks: Values) -> Values:
        low, high = blocks.min(axis=1, keepdims=True), blocks.max(axis=1, keepdims=True)
        scale = (high - low) / np.float32(most)
        codes = np.minimum(np.trunc((blocks - low) * _inverse(scale) + np.float32(0.5)), most)
        values: Values = codes * _half(scale) + _half(low)
        return values

    return rounded


def _bytes(blocks: Values) -> Values:
    """The format q8_0; halves round away from zero, as C's `roundf` does."""
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    scaled = blocks * _inverse(scale)
    values: Values = np.sign(scaled) * np.floor(np.abs(scaled) + np.float32(0.5)) * _half(scale)
    return values


@dataclass(frozen=True)
class Search:
    """The search for scale and minimum of a group: `steps + 1` spreads of `levels + start` levels on, a tenth apart."""

    levels: int
    start: float
    steps: int
    absolute: bool
    """Whether the error is absolute rather than squared."""


def fit(groups: Values, counts: Values, how: Search) -> tuple[Values, Values]:
    """Scale and minimum (negated, never negative) of least weighted error of each group (llama.cpp, `make_qkx2_quants`).

    `groups` and their weights `counts` have the shape (…, values of a group); the results lack the last axis.
    """
    low = np.minimum(groups.min(axis=-1, keepdims=True), 0)
    high = groups.max(axis=-1, keepdims=True)
    flat = (high == low)[..., 0]
    scale = (high - low) / np.float32(how.levels)
    total, mean = counts.sum(axis=-1, keepdims=True), (counts * groups).sum(axis=-1, keepdims=True)

    def error(codes: Values, step: Values, least: Values) -> Values:
        off = step * codes + least - groups
        weighted: Values = (counts * (np.abs(off) if how.absolute else off * off)).sum(axis=-1, keepdims=True)
        return weighted

    def nearest(spread: float) -> Values:
        codes: Values = np.clip(np.rint(spread * _inverse(high - low) * (groups - low)), 0, how.levels)
        return codes

    best = error(nearest(how.levels), scale, low)
    for step in range(how.steps + 1):
        codes = nearest(how.levels + how.start + 0.1 * step)
        first = (counts * codes).sum(axis=-1, keepdims=True)
        second = (counts * codes * codes).sum(axis=-1, keepdims=True)
        cross = (counts * codes * groups).sum(axis=-1, keepdims=True)
        spread = total * second - first * first
        safe = np.where(spread > 0, spread, 1)
        tried, least = (total * cross - mean * first) / safe, (second * mean - first * cross) / safe
        above = least > 0
        tried = np.where(above, cross / np.where(second > 0, second, 1), tried)
        least = np.where(above, 0, least)
        found = error(codes, tried, least)
        better = (spread > 0) & (found < best)
        scale, low = np.where(better, tried, scale), np.where(better, least, low)
        best = np.where(better, found, best)
    return np.where(flat, 0, scale[..., 0]).astype(np.float32), -low[..., 0].astype(np.float32)


def _with_minima(
    how: Search, group: int, held: int, weigh: Callable[[Values], Values]
) -> Callable[[Values], Values]:
    """The formats q2_k, q4_k and q5_k: groups with a scale and a minimum, both in integers up to `held`."""

    def rounded(blocks: Values) -> Values:
        groups = blocks.reshape(len(blocks), -1, group)
        scales, minima = (_held(one, held) for one in fit(groups, weigh(groups), how))
        codes = np.clip(np.rint((groups + minima) * _inverse(scales)), 0, how.levels)
        values: Values = codes * scales - minima
        return values.reshape(blocks.shape)

    return rounded


def _held(parts: Values, most: int) -> Values:
    """Scales (or minima) of groups as integers up to `most` under the super-block's own; shape (…, groups, 1)."""
    top = parts.max(axis=1, keepdims=True)
    codes = np.minimum(np.rint(most * _inverse(top) * parts), most)
    held: Values = codes * _half(top / np.float32(most))
    return held[..., np.newaxis]


def _magnitudes(groups: Values) -> Values:
    return np.abs(groups)


def _above_their_spread(groups: Values) -> Values:
    spread: Values = np.sqrt((groups * groups).mean(axis=-1, keepdims=True))
    return spread + np.abs(groups)


def _symmetric(groups: Values, middle: int) -> Values:
    """Scales without a minimum, of least error weighted by the square (llama.cpp, `make_qx_quants`); shape (…)."""
    weights, extreme = groups * groups, _extreme(groups)

    def sums(levels: float) -> tuple[Values, Values]:
        codes = np.clip(np.rint(-levels * _inverse(extreme) * groups), -middle, middle - 1)
        return (weights * groups * codes).sum(axis=-1), (weights * codes * codes).sum(axis=-1)

    cross, square = sums(middle)
    scale = cross * _inverse(square)
    best = scale * cross
    for step in (*range(-9, 0), *range(1, 10)):
        cross, square = sums(middle + 0.1 * step)
        better = (square > 0) & (cross * cross > best * square)
        tried = cross * _inverse(square)
        scale, best = np.where(better, tried, scale), np.where(better, tried * cross, best)
    return scale.astype(np.float32)


def _in_turn(groups: Values, middle: int) -> Values:
    """Scales as above, codes bettered one after the other (llama.cpp, `make_q3_quants`); shape (…)."""
    weights = groups * groups
    codes = np.clip(np.rint(-middle * _inverse(_extreme(groups)) * groups), -middle, middle - 1)
    cross, square = (weights * groups * codes).sum(axis=-1), (weights * codes * codes).sum(axis=-1)
    for _ in range(5):
        for place in range(groups.shape[-1]):
            x, w, code = groups[..., place], weights[..., place], codes[..., place].copy()
            rest_cross, rest_square = cross - w * x * code, square - w * code * code
            new = np.clip(np.rint(x * rest_square * _inverse(rest_cross)), -middle, middle - 1)
            new_cross, new_square = rest_cross + w * x * new, rest_square + w * new * new
            gain = new_cross * new_cross * square > cross * cross * new_square
            better = (rest_cross > 0) & (new != code) & (new_square > 0) & gain
            codes[..., place] = np.where(better, new, code)
            cross, square = np.where(better, new_cross, cross), np.where(better, new_square, square)
    scale: Values = cross * _inverse(square)
    return scale.astype(np.float32)


def _without_minima(
    scale: Callable[[Values, int], Values], middle: int, held: int
) -> Callable[[Values], Values]:
    """The formats q3_k and q6_k: groups of 16 with a scale alone, in signed integers from `-held` up."""

    def rounded(blocks: Values) -> Values:
        groups = blocks.reshape(len(blocks), -1, 16)
        scales = scale(groups, middle)
        top = _extreme(scales)
        whole = np.clip(np.rint(-held * _inverse(top) * scales), -held, held - 1)
        steps = (whole * _half(top / -held))[..., np.newaxis]
        codes = np.clip(np.rint(groups * _inverse(steps)), -middle, middle - 1)
        values: Values = codes * steps
        return values.reshape(blocks.shape)

    return rounded


FORMS: dict[str, Form] = {
    "q4_0": Form(4.5, 32, _signed(4)),
    "q4_1": Form(5.0, 32, _shifted(4)),
    "q5_0": Form(5.5, 32, _signed(5)),
    "q5_1": Form(6.0, 32, _shifted(5)),
    "q8_0": Form(8.5, 32, _bytes),
    "q2_k": Form(2.625, SUPER, _with_minima(Search(3, -0.5, 15, True), 16, 15, _magnitudes)),
    "q3_k": Form(3.4375, SUPER, _without_minima(_in_turn, 4, 32)),
    "q4_k": Form(4.5, SUPER, _with_minima(Search(15, -1.0, 20, False), 32, 63, _above_their_spread)),
    "q5_k": Form(5.5, SUPER, _with_minima(Search(31, -0.5, 15, False), 32, 63, _above_their_spread)),
    "q6_k": Form(6.5625, SUPER, _without_minima(_symmetric, 32, 128)),
}
"""The reference quantizers of llama.cpp's ggml-quants.c, without an importance matrix."""
