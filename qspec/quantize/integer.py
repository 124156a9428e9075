"""Arguments that the runtime's integer quantizers share: type, granularity, symmetry and range of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qspec.errors import QSpecError
from qspec.model.precision import TensorFormat
from qspec.quantize.support import choose, granularity, refuse_format_parts

EIGHT_BITS = frozenset({"QInt8", "QUInt8"})
"""The runtime's names of the 8-bit integers."""


def said(form: TensorFormat | None, what: str, scheme: str) -> TensorFormat:
    """`form`, or a `QSpecError` where the precision leaves it out."""
    if form is None:
        raise QSpecError(f"The scheme {scheme} needs the format of {what}, and the precision leaves it out.")
    return form


def weight_arguments(form: TensorFormat, types: Mapping[str, str], scheme: str) -> dict[str, Any]:
    """The runtime's arguments for weights in `form`, as plain data; `types` maps format names to the runtime's.

    Signed weights are symmetric unless said otherwise. Raises `QSpecError` for a format, granularity or range that
    the quantizer would get wrong or ignore.
    """
    refuse_format_parts(form, {"granularity", "symmetric", "range"}, "weights", scheme)
    shared = granularity(form, {"per-tensor", "per-channel"}, "per-tensor", "weights", scheme)
    symmetric = form.type.startswith("int") if form.symmetric is None else form.symmetric
    kind = choose(form.type, types, None, "type of weights", scheme)
    span = choose(form.range, {"full": "full", "reduced": "reduced"}, "full", "range of weights", scheme)
    if span == "reduced" and kind not in EIGHT_BITS:
        raise QSpecError("A reduced range is seven of eight bits, and the weights are not 8-bit integers.")
    if shared.name == "per-channel" and not symmetric:
        raise QSpecError(
            f"Weights of {form.type} per channel are quantized symmetrically or not at all by {scheme}.",
            hint="use int8 weights, which are symmetric, or granularity per-tensor",
        )
    return {
        "weight_type": kind,
        "per_channel": shared.name == "per-channel",
        "reduce_range": span == "reduced",
        "weight_symmetric": symmetric,
    }
