"""Number formats: how many bits a value takes, what kind of number it is, and the spellings people use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["integer", "float", "codebook", "block"]


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What is fixed by the name of a format."""

    name: str
    bits: int
    """Bits a value takes, scales aside."""
    kind: Kind
    """`integer` (affine), `float`, `codebook` (a table of values), or `block` (values that share a scale by design)."""
    signed: bool = True
    group: int | None = None
    """Values that share a scale, where the format itself says so."""
    scale: str | None = None
    """Format of that scale."""


def _table() -> dict[str, NumberFormat]:
    formats = [NumberFormat(f"int{bits}", bits, "integer") for bits in (*range(1, 9), 16, 32)]
    formats += [NumberFormat(f"uint{bits}", bits, "integer", signed=False) for bits in (*range(1, 9), 16)]
    formats += [
        NumberFormat("fp64", 64, "float"),
        NumberFormat("fp32", 32, "float"),
        NumberFormat("tf32", 19, "float"),
        NumberFormat("fp16", 16, "float"),
        NumberFormat("bf16", 16, "float"),
        NumberFormat("fp8", 8, "float"),
        NumberFormat("fp8-e4m3", 8, "float"),
        NumberFormat("fp8-e5m2", 8, "float"),
        NumberFormat("fp6-e2m3", 6, "float"),
        NumberFormat("fp6-e3m2", 6, "float"),
        NumberFormat("fp4-e2m1", 4, "float"),
        NumberFormat("e8m0", 8, "float", signed=False),
        NumberFormat("binary", 1, "codebook"),
        NumberFormat("ternary", 2, "codebook"),
        # bitsandbytes stores both with one scale for 64 values (Dettmers et al., NeurIPS 2023).
        NumberFormat("nf4", 4, "codebook", group=64, scale="fp32"),
        NumberFormat("fp4", 4, "codebook", group=64, scale="fp32"),
        # OCP Microscaling Formats specification 1.0, table 1; NVFP4 as in NVIDIA's Blackwell documentation.
        NumberFormat("mxfp8", 8, "block", group=32, scale="e8m0"),
        NumberFormat("mxfp6", 6, "block", group=32, scale="e8m0"),
        NumberFormat("mxfp4", 4, "block", group=32, scale="e8m0"),
        NumberFormat("mxint8", 8, "block", group=32, scale="e8m0"),
        NumberFormat("nvfp4", 4, "block", group=16, scale="fp8-e4m3"),
    ]
    # GGUF tensor types: blocks of 32, or super-blocks of 256 made of groups of 16 or 32 with quantized scales.
    formats += [NumberFormat(f"q{bits}_{v}", bits, "block", group=32) for bits in (4, 5, 8) for v in (0, 1)]
    groups = {2: 16, 3: 16, 4: 32, 5: 32, 6: 16}
    formats += [NumberFormat(f"q{bits}_k", bits, "block", group=size) for bits, size in groups.items()]
    return {entry.name: entry for entry in formats}


FORMATS = _table()
"""Every format by its name."""

_SPELLINGS = {
    "float64": "fp64", "double": "fp64", "float32": "fp32", "float": "fp32", "single": "fp32", "float16": "fp16",
    "half": "fp16", "bfloat16": "bf16", "fp8e4m3": "fp8-e4m3", "e4m3": "fp8-e4m3", "fp8e4m3fn": "fp8-e4m3",
    "float8e4m3fn": "fp8-e4m3", "float8e4m3": "fp8-e4m3", "fp8e5m2": "fp8-e5m2", "e5m2": "fp8-e5m2",
    "float8e5m2": "fp8-e5m2", "float8": "fp8", "fp6e2m3": "fp6-e2m3", "fp6e3m2": "fp6-e3m2", "fp4e2m1": "fp4-e2m1",
    "e2m1": "fp4-e2m1", "normalfloat4": "nf4", "1bit": "binary", "s8": "int8", "i8": "int8", "u8": "uint8",
    "s4": "int4", "i4": "int4", "u4": "uint4",
}  # fmt: skip
_GGUF = re.compile(r"q\d_(?:k|[01])")


def find_format(name: str) -> NumberFormat | None:
    """The format that `name` spells, in any of its usual spellings, or None."""
    word = name.strip().lower()
    if word in FORMATS:
        return FORMATS[word]
    if _GGUF.fullmatch(word):
        return FORMATS.get(word)
    plain = re.sub(r"[\s_-]", "", word)
    return FORMATS.get(_SPELLINGS.get(plain, plain))
