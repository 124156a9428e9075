"""From a tensor format of the language to the grid, granularity and scales that emulate it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qspec.errors import QSpecError
from qspec.model.expression import Term
from qspec.model.number_format import NumberFormat, find_format
from qspec.model.precision import TensorFormat
from qspec.model.shorthand import per_group
from qspec.quantize.emulate import gguf
from qspec.quantize.emulate.granules import PER_TENSOR, block_shape
from qspec.quantize.emulate.grids import ELEMENTS, FLOATING, TABLES, Grid, integers
from qspec.quantize.support import refuse_format_parts

Rule = Literal["affine", "scaled", "plain", "binary", "ternary", "gguf"]

SCALES = ("fp32", "fp16", "bf16", "fp8-e4m3", "fp8-e5m2", "e8m0")
"""Formats that scales can be rounded to."""

GRANULARITIES = ("per-tensor", "per-channel", "per-group", "per-block", "per-token")
_MOST_UNIFORM_BITS = 8


@dataclass(frozen=True)
class Emulation:
    """How values are rounded to a format."""

    format: NumberFormat
    rule: Rule
    """`affine` has a zero point, `scaled` a scale alone, `plain` neither; `binary` and `ternary` keep signs; `gguf` is a
    format of such files."""
    grid: Grid
    granularity: Term
    scale: str = "fp32"
    """Format of the scales."""
    symmetric: bool = True

    def __str__(self) -> str:
        """One line for the record, different for different emulations."""
        parts = [self.format.name, str(self.granularity), "symmetric" if self.symmetric else "asymmetric"]
        return " ".join(parts if self.rule == "plain" else [*parts, f"{self.scale} scales"])

    @property
    def power_of_two(self) -> bool:
        """Whether scales are powers of two."""
        return self.scale == "e8m0"


def emulation(form: TensorFormat, what: str, scheme: str, *, cast: bool = False) -> Emulation:
    """The emulation of `form`; `what` is `weights` or `activations`, `cast` converts to floats without a scale.

    Raises `QSpecError` for a format or a part of it that cannot be emulated.
    """
    refuse_format_parts(form, {"granularity", "symmetric", "scale"}, what, scheme)
    known = find_format(form.type)
    granularity = form.granularity or _default(known, what)
    if granularity.name not in GRANULARITIES:
        raise QSpecError(
            f"The scheme {scheme} knows no granularity {granularity}.",
            hint=f"it knows {', '.join(GRANULARITIES)}",
        )
    if granularity.name in ("per-group", "per-block"):
        block_shape(granularity)
    if (granularity.name == "per-token") == (what == "weights") and granularity.name in (
        "per-token",
        "per-block",
    ):
        raise QSpecError(f"There are no {what} {granularity}.")
    scale = _scale(form, known, scheme)
    if known is not None and known.name in gguf.FORMS:
        return _of_gguf(known, form, granularity, what)
    if known is not None and known.kind == "integer" and known.bits <= _MOST_UNIFORM_BITS:
        return _uniform(known, form, granularity, scale)
    if form.symmetric is False:
        raise QSpecError(f"The format {form.type} has no zero point, so {what} in it cannot be asymmetric.")
    if known is not None and known.name in ("binary", "ternary"):
        grid = integers(2, symmetric=True)
        return Emulation(known, "binary" if known.bits == 1 else "ternary", grid, granularity, scale)
    if known is not None and known.name in TABLES:
        return Emulation(known, "scaled", TABLES[known.name], granularity, scale)
    element = ELEMENTS.get(known.name, known.name) if known is not None else ""
    if known is None or element not in FLOATING:
        raise QSpecError(
            f"The format {form.type} of {what} cannot be emulated here.",
            hint="integers of 1 to 8 bits, binary, ternary, nf4, fp4, fp8, fp16, bf16, mxfp, nvfp4 and GGUF formats can",
        )
    plain = known.bits >= 16 or (cast and known.kind == "float")
    return Emulation(known, "plain" if plain else "scaled", FLOATING[element], granularity, scale)


def _default(known: NumberFormat | None, what: str) -> Term:
    if known is not None and known.group is not None:
        return per_group(known.group)
    return Term(name="per-channel") if what == "weights" else PER_TENSOR


def _scale(form: TensorFormat, known: NumberFormat | None, scheme: str) -> str:
    said = (
        form.scale.type if form.scale is not None else (known.scale if known is not None else None) or "fp32"
    )
    found = find_format(said)
    if found is None or found.name not in SCALES:
        raise QSpecError(
            f"The scheme {scheme} cannot round scales to {said}.", hint=f"it can to {', '.join(SCALES)}"
        )
    return found.name


def _of_gguf(known: NumberFormat, form: TensorFormat, granularity: Term, what: str) -> Emulation:
    """The emulation of a format of GGUF files, which fixes its blocks and their scales by itself."""
    if what != "weights":
        raise QSpecError(
            f"The format {known.name} is for weights, and the precision gives it to {what}.",
            hint="leave `activations` out: llama.cpp chooses their format by itself",
        )
    own = form.symmetric is None and form.scale is None
    if not own or (known.group is not None and granularity != per_group(known.group)):
        raise QSpecError(
            f"The format {known.name} has blocks and scales of its own, and the precision gives it others.",
            hint="leave `granularity`, `symmetric` and `scale` out",
        )
    grid = integers(known.bits, symmetric=False)
    return Emulation(known, "gguf", grid, granularity, "fp16", symmetric=False)


def _uniform(known: NumberFormat, form: TensorFormat, granularity: Term, scale: str) -> Emulation:
    symmetric = known.signed if form.symmetric is None else form.symmetric
    if scale == "e8m0":
        raise QSpecError("Scales that are powers of two belong to floating elements, not to integers.")
    if symmetric and known.bits == 1:  # one bit that mirrors is a sign
        return Emulation(known, "binary", integers(2, symmetric=True), granularity, scale)
    grid = integers(known.bits, symmetric=symmetric)
    return Emulation(known, "scaled" if symmetric else "affine", grid, granularity, scale, symmetric)
