"""How baseline and quantized model are compared on one metric: one family of metrics a file."""

from __future__ import annotations

from collections.abc import Callable

from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.undecided import Undecided
from qspec.metrics.definition import Family
from qspec.registry import Registry
from qspec.stats.interval import InsufficientDataError

Maker = Callable[[Sides], Contrast]
"""From the stored columns of both models to what decides questions about them."""

SEQUENTIAL = frozenset({Family.BINARY, Family.MEAN, Family.DISTANCE})
"""Families with a confidence sequence: those of means over examples."""

registry: Registry[Maker] = Registry("contrast", "qspec.execute.contrasts")


def contrast(sides: Sides) -> Contrast:
    """The contrast for the metric's family, over the examples in `sides` that count.

    Raises `InsufficientDataError` where none does; where too few do, the contrast has values and no interval.
    """
    sides = sides.counted()
    family = sides.metric.family_of(sides.baseline, sides.quantized)
    if sides.sequential and family not in SEQUENTIAL:
        reason = (
            f"{sides.metric} has no interval that holds at every look, which `sequential: true` asks for."
        )
        hint = "bound a mean over examples, or look once"
        return Undecided.of(sides, InsufficientDataError(reason, hint=hint))
    try:
        return registry.get(family.value)(sides)
    except InsufficientDataError as error:
        return Undecided.of(sides, error)
