"""Rewrite a picture in PNG with a palette of its 256 commonest colours: a page of text loses nothing that shows."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = 3
_COLOURS = 256

Bytes = NDArray[np.uint8]


def with_palette(png: bytes) -> bytes:
    """The picture (eight bits a channel, RGB, not interlaced) with one byte a pixel; refuses any other kind."""
    chunks = list(_chunks(png))
    header = next(data for kind, data in chunks if kind == b"IHDR")
    width, height, *kind = struct.unpack(">IIBBBBB", header)
    if kind != [8, 2, 0, 0, 0]:
        raise ValueError("this is no plain picture of eight bits a channel")
    rows = _rows(zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT")), width, height)
    packed = rows.reshape(-1, _CHANNELS).astype(np.int32) @ np.array([65536, 256, 1], dtype=np.int32)
    colours, place, seen = np.unique(packed, return_inverse=True, return_counts=True)
    split = (colours[:, None] >> np.array([16, 8, 0])) & 255
    kept = np.argsort(-seen, kind="stable")[:_COLOURS]
    nearest = np.abs(split[:, None, :] - split[kept][None]).sum(axis=2).argmin(axis=1).astype(np.uint8)
    pixels = nearest[place].reshape(height, width)
    unfiltered = np.concatenate([np.zeros((height, 1), np.uint8), pixels], axis=1).tobytes()
    return _SIGNATURE + b"".join(
        [
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", split[kept].astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(unfiltered, 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rows(data: bytes, width: int, height: int) -> Bytes:
    """The bytes of every row, its filter undone (PNG specification, third edition, section 9)."""
    stride = width * _CHANNELS
    lines = np.frombuffer(data, np.uint8).reshape(height, stride + 1)
    rows = np.zeros((height + 1, stride), np.uint8)
    for number, line in enumerate(lines):
        rows[number + 1] = _unfiltered(int(line[0]), line[1:], rows[number])
    return rows[1:]


def _unfiltered(kind: int, line: Bytes, above: Bytes) -> Bytes:
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line.reshape(-1, _CHANNELS), axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    found, up = [0] * _CHANNELS, [0] * _CHANNELS + above.tolist()
    for at, value in enumerate(line.tolist()):
        left, over, corner = found[at], up[at + _CHANNELS], up[at]
        guess = (left + over) // 2 if kind == 3 else _paeth(left, over, corner)
        found.append((value + guess) & 255)
    return np.array(found[_CHANNELS:], np.uint8)


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    to_left, to_above, to_corner = abs(guess - left), abs(guess - above), abs(guess - corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner
