"""The values that a number format can hold, before any scale, and rounding to the nearest of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Integers:
    """The whole numbers from `low` to `high`."""

    low: int
    high: int

    @property
    def most(self) -> float:
        """The largest magnitude that a symmetric scale maps to."""
        return float(self.high)

    def round(self, values: Floats) -> Floats:
        """The nearest whole numbers, halves to even, saturating."""
        whole: Floats = np.clip(np.rint(values), self.low, self.high)
        return whole


@dataclass(frozen=True)
class Floating:
    """Binary floating point with subnormal numbers, without infinities: what exceeds `most` saturates."""

    mantissa: int
    """Bits after the leading one."""
    least: int
    """Exponent of the smallest normal number."""
    most: float
    """Largest finite value."""

    @property
    def exponent(self) -> int:
        """Exponent of the largest value."""
        return int(np.frexp(self.most)[1]) - 1

    def round(self, values: Floats) -> Floats:
        """The nearest values of the format, halves to even, saturating."""
        exponents = np.maximum(np.frexp(values)[1] - 1, self.least) - self.mantissa
        steps = np.ldexp(1.0, exponents)
        whole: Floats = np.clip(np.rint(values / steps) * steps, -self.most, self.most).astype(np.float32)
        return whole


@dataclass(frozen=True)
class Table:
    """A list of values in ascending order."""

    values: tuple[float, ...]

    @property
    def most(self) -> float:
        """The largest magnitude."""
        return max(abs(self.values[0]), abs(self.values[-1]))

    @cached_property
    def entries(self) -> Floats:
        """The values as an array."""
        return np.asarray(self.values, dtype=np.float32)

    @cached_property
    def middles(self) -> Floats:
        """The thresholds between neighbours; a value on one belongs to the lower."""
        return (self.entries[1:] + self.entries[:-1]) / np.float32(2)

    def round(self, values: Floats) -> Floats:
        """The nearest entries, saturating."""
        found: Floats = self.entries[np.searchsorted(self.middles, values)]
        return found


Grid = Integers | Floating | Table

_THIRDS = (0.0, 0.0052083335, 0.16666667, 0.25, 0.33333334, 0.5, 0.6666667, 1.0)

FLOATING: dict[str, Floating] = {
    # IEEE 754 binary16; bfloat16 and TensorFloat-32 have the exponents of binary32.
    "fp16": Floating(10, -14, 65504.0),
    "bf16": Floating(7, -126, (2 - 2**-7) * 2.0**127),
    "tf32": Floating(10, -126, (2 - 2**-10) * 2.0**127),
    # OCP 8-bit Floating Point Specification 1.0 (Micikevicius et al., arXiv:2209.05433, table 1).
    "fp8": Floating(3, -6, 448.0),
    "fp8-e4m3": Floating(3, -6, 448.0),
    "fp8-e5m2": Floating(2, -14, 57344.0),
    # OCP Microscaling Formats Specification 1.0, section 5.3.
    "fp6-e2m3": Floating(3, 0, 7.5),
    "fp6-e3m2": Floating(2, -2, 28.0),
    "fp4-e2m1": Floating(1, 0, 6.0),
    "mxint8": Floating(6, 0, 127 / 64),
}
"""Floating formats; MXINT8 is the fixed-point format of its specification, one binade with six bits of fraction."""

TABLES: dict[str, Table] = {
    # Dettmers et al., QLoRA (NeurIPS 2023), appendix E: quantiles of the normal distribution.
    "nf4": Table(
        (
            -1.0,
            -0.6961928,
            -0.52507305,
            -0.3949175,
            -0.28444138,
            -0.18477343,
            -0.09105004,
            0.0,
            0.0795803,
            0.1609302,
            0.2461123,
            0.33791524,
            0.44070983,
            0.562617,
            0.72295684,
            1.0,
        )
    ),
    # The 4-bit float of the bitsandbytes kernels, which the runtime's MatMulBnb4 shares.
    "fp4": Table((*(-value for value in reversed(_THIRDS[1:])), *_THIRDS)),
}
"""Codebooks with fixed entries, normalized to a largest magnitude of one."""

ELEMENTS = {
    "mxfp8": "fp8-e4m3",
    "mxfp6": "fp6-e2m3",
    "mxfp4": "fp4-e2m1",
    "mxint8": "mxint8",
    "nvfp4": "fp4-e2m1",
}
"""The element format of each block format; where the specification leaves a choice, the one with more mantissa."""


def integers(bits: int, *, symmetric: bool) -> Integers:
    """The codes of uniform quantization to `bits` bits.

    Symmetric codes leave the lowest one out, so that the range mirrors; asymmetric ones count from zero (Krishnamoorthi,
    arXiv:1806.08342, section 2).
    """
    if symmetric:
        most = (1 << (bits - 1)) - 1
        return Integers(-most, most)
    return Integers(0, (1 << bits) - 1)
