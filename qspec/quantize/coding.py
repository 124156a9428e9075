"""How many bytes pruned and shared weights take when they are stored sparse and entropy-coded."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

INDEX_BITS = {"Conv": 8, "ConvTranspose": 8, "Gemm": 5, "MatMul": 5}
"""Bits of the gap between two weights that are left (Han et al., ICLR 2016, section 2)."""

FLOAT_BITS = 32
TABLE_BITS = 8
"""Bits for the code length of one symbol, from which a canonical Huffman code is rebuilt."""


def huffman_bits(counts: Sequence[int]) -> int:
    """Bits of a text under its own Huffman code; `counts` says how often each symbol occurs.

    A text of one symbol takes one bit each time.
    """
    heap = [count for count in counts if count > 0]
    if len(heap) == 1:
        return heap[0]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        pair = heapq.heappop(heap) + heapq.heappop(heap)
        total += pair
        heapq.heappush(heap, pair)
    return total


def gaps(values: NDArray[np.generic], bits: int) -> NDArray[np.int64]:
    """Distances from one weight that is not zero to the next, with filler zeros where one exceeds 2^bits - 1.

    A filler counts as a stored weight of zero; it is returned as the value 2^bits - 1 before the rest of the gap.
    """
    places = np.flatnonzero(values.reshape(-1))
    distances = np.diff(places, prepend=-1) - 1
    most = (1 << bits) - 1
    fillers = distances // (most + 1)
    found = np.empty(len(places) + int(fillers.sum()), dtype=np.int64)
    ends = np.cumsum(fillers + 1) - 1
    found[:] = most
    found[ends] = distances % (most + 1)
    return found


def coded_bits(values: NDArray[np.generic], op: str, *, shared: bool, huffman: bool) -> int:
    """Bits that the weights of one layer take: what is left of them, the gaps between, and the tables.

    `shared` stores a codebook of floats and an index for each weight that is left, else floats; with `huffman`
    indices and gaps are Huffman-coded, their code lengths stored beside. Weights without zeros need no gaps.
    """
    flat = values.reshape(-1)
    kept = flat[flat != 0]
    bits = 0
    fillers = 0
    if len(kept) < len(flat):
        between = gaps(flat, INDEX_BITS[op])
        fillers = len(between) - len(kept)
        bits += _symbols(between, INDEX_BITS[op], huffman=huffman)
    if not shared:
        return bits + FLOAT_BITS * (len(kept) + fillers)
    entries, codes = np.unique(kept, return_inverse=True)
    codes = np.concatenate([codes.reshape(-1) + 1, np.zeros(fillers, dtype=np.int64)])
    width = max(1, int(len(entries) + (fillers > 0) - 1).bit_length())
    return bits + FLOAT_BITS * len(entries) + _symbols(codes, width, huffman=huffman)


def _symbols(codes: NDArray[np.int64], width: int, *, huffman: bool) -> int:
    if not huffman:
        return width * len(codes)
    counts = np.unique(codes, return_counts=True)[1]
    return huffman_bits([int(count) for count in counts]) + TABLE_BITS * (1 << width)
