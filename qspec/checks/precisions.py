"""What a precision means in full, and where it contradicts itself or a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qspec.errors import QSpecError
from qspec.model.number_format import NumberFormat, find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.model.shorthand import expand

_IN_NAME = re.compile(
    r"(?<![a-z0-9])(?:w(?P<weights>\d{1,2})a(?P<activations>\d{1,2})|(?P<format>fp8|int[248]|nf4|mxfp4|nvfp4))(?![a-z0-9])",
    re.IGNORECASE,
)


def expanded(precision: Any) -> Precision | None:
    """The full form of a declared precision, or None when there is none or nobody knows its shorthand."""
    if not isinstance(precision, Precision):
        return None
    try:
        return expand(precision)
    except QSpecError:
        return None


def format_of(tensor: TensorFormat | None) -> NumberFormat | None:
    """The number format of a tensor, where it is known."""
    return find_format(tensor.type) if tensor is not None else None


def formats(precision: Precision) -> tuple[NumberFormat | None, NumberFormat | None] | None:
    """The formats of weights and activations; None when neither is known."""
    both = format_of(precision.weights), format_of(precision.activations)
    return both if any(both) else None


def contradictions(declared: Precision, full: Precision) -> Iterator[str]:
    """Fields that differ in width from the shorthand beside them, and quantized activations in a weight-only method."""
    shorthand = expanded(Precision(shorthand=declared.shorthand)) if declared.shorthand else None
    for field in ("weights", "activations", "kv_cache"):
        meant = format_of(getattr(shorthand, field, None))
        said = format_of(getattr(declared, field))
        if meant is not None and said is not None and meant.bits != said.bits:
            what = field.replace("_", "-")
            yield f"`{declared.shorthand}` has {meant.bits}-bit {what}, and `{what}: {said.name}` has {said.bits}."
    activations = format_of(full.activations)
    if declared.method == "weight-only" and activations is not None and activations.bits < 16:
        yield f"The method is weight-only, and the activations are {activations.name}."


def name_contradictions(name: str, full: Precision) -> Iterator[str]:
    """Schemes in the name of a model that are not the precision's."""
    weights, activations = format_of(full.weights), format_of(full.activations)
    for found in _IN_NAME.finditer(name):
        if found["format"]:
            named = find_format(found["format"])
            if (
                named is not None
                and weights is not None
                and (named.bits, named.kind) != (weights.bits, weights.kind)
            ):
                yield f"`{name}` says {found[0]}, and the precision has {weights.name} weights."
            continue
        for part, form in (("weights", weights), ("activations", activations)):
            if form is not None and int(found[part]) != form.bits:
                yield f"`{name}` says {found[0]}, and the precision has {form.name} {part}."
                break
