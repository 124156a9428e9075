"""Weights as integers in blocks: codes, scales and zero points, rounded to nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Blocks:
    """A matrix of shape (rows, columns), each row cut into blocks of `size` columns, the last padded.

    A value is `(code - zero) * scale`, with code and zero in 0..2^bits - 1 and one scale and zero a block.
    """

    codes: NDArray[np.uint8]
    """Shape (rows, blocks, size)."""
    scales: Floats
    """Shape (rows, blocks)."""
    zeros: NDArray[np.uint8] | Floats
    """Shape (rows, blocks); fractions where the algorithm chooses them and the runtime takes them."""
    columns: int
    bits: int
    symmetric: bool
    """True when every zero is the middle code."""

    @property
    def size(self) -> int:
        """Columns a block."""
        return int(self.codes.shape[2])

    def dequantized(self) -> Floats:
        """The matrix that the codes stand for, shape (rows, columns)."""
        shifted = self.codes.astype(np.float32) - self.zeros[..., np.newaxis]
        values: Floats = shifted * self.scales[..., np.newaxis]
        return values.reshape(len(values), -1)[:, : self.columns]


def cut(matrix: Floats, size: int) -> Floats:
    """`matrix`, (rows, columns), as (rows, blocks, size), filled up with zeros."""
    rows, columns = matrix.shape
    count = -(-columns // size)
    padded = np.zeros((rows, count * size), dtype=np.float32)
    padded[:, :columns] = matrix
    return padded.reshape(rows, count, size)


def middle(bits: int) -> int:
    """The code that stands for zero in a symmetric block."""
    return 1 << (bits - 1)


def parameters(blocks: Floats, bits: int, symmetric: bool) -> tuple[Floats, NDArray[np.uint8]]:
    """Scale and zero of each block, shapes (rows, blocks), from its range.

    Symmetric: the value of largest magnitude becomes the lowest code, so the scale may be negative and the whole
    range of codes is used. Asymmetric: the range from the least to the greatest value, zero included.
    """
    low, high = blocks.min(axis=2), blocks.max(axis=2)
    if symmetric:
        extreme = np.where(np.abs(high) > np.abs(low), high, low)
        scales = (extreme / -middle(bits)).astype(np.float32)
        zeros = np.full(scales.shape, middle(bits), dtype=np.uint8)
        return scales, zeros
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    most = (1 << bits) - 1
    scales = ((high - low) / most).astype(np.float32)
    safe = np.where(scales == 0, np.float32(1), scales)
    return scales, np.clip(np.rint(-low / safe), 0, most).astype(np.uint8)


def encode(blocks: Floats, scales: Floats, zeros: NDArray[np.uint8] | Floats, bits: int) -> NDArray[np.uint8]:
    """The nearest codes of `blocks` under given scales and zeros."""
    safe = np.where(scales == 0, np.float32(1), scales)[..., np.newaxis]
    codes = np.rint(blocks / safe + zeros[..., np.newaxis].astype(np.float32))
    return np.clip(codes, 0, (1 << bits) - 1).astype(np.uint8)


def round_to_nearest(matrix: Floats, bits: int, size: int, *, symmetric: bool) -> Blocks:
    """Quantize `matrix`, (rows, columns), in blocks of `size` columns of a row, to `bits` (at most 8) bits."""
    blocks = cut(matrix, size)
    scales, zeros = parameters(blocks, bits, symmetric)
    return Blocks(encode(blocks, scales, zeros, bits), scales, zeros, matrix.shape[1], bits, symmetric)


def stacked(parts: Sequence[Blocks]) -> Blocks:
    """Blocks of matrices cut alike, one below the other."""
    first = parts[0]
    return replace(
        first,
        codes=np.concatenate([part.codes for part in parts]),
        scales=np.concatenate([part.scales for part in parts]),
        zeros=np.concatenate([part.zeros for part in parts]),
    )


def pack(codes: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Codes of 2, 4 or 8 bits packed along the last axis, the first code in the lowest bits."""
    per_byte = 8 // bits
    if per_byte == 1:
        return codes
    short = -codes.shape[-1] % per_byte
    padded = np.pad(codes, [(0, 0)] * (codes.ndim - 1) + [(0, short)])
    grouped = padded.reshape(*codes.shape[:-1], -1, per_byte)
    shifts = np.arange(per_byte, dtype=np.uint8) * bits
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(grouped << shifts, axis=-1)
    return packed
