"""Ranges of activations chosen from calibration data: all values seen, a share of them, or least squared error."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.model.evaluation import Calibration
from qspec.quantize.emulate.activations import Span
from qspec.quantize.emulate.formats import Emulation
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.emulate.weights import round_scales
from qspec.quantize.observe import Watch

METHODS = ("minmax", "percentile", "mse")
USES = {"minmax": ("length",), "percentile": ("percentile", "length"), "mse": ("length",)}
"""What each method acts on of a calibration."""

BINS = 2048
CANDIDATES = 100
"""Ranges tried for the least squared error: the whole range shrunk in steps of one hundredth."""

DEFAULT_PERCENTILE = 99.99

Activation = tuple[str, Emulation]
"""A value of the graph, and how it is rounded."""

Histogram = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Counts of bins, and their edges."""


def choose_spans(
    watch: Watch, wanted: Collection[Activation], method: str, percentile: float
) -> dict[tuple[str, str], Span]:
    """The range of each activation of `wanted`, by value and format; memory holds one slice and a histogram of each.

    `percentile` is the share, in per cent, of values that the range holds, as much cut from either end. The least
    squared error is that of the histogram's values rounded under each candidate range.
    """
    extremes = _extremes(watch, [value for value, _ in wanted])
    if method == "minmax":
        return {(value, str(how)): extremes[value] for value, how in wanted}
    histograms = _histograms(watch, extremes)
    return {
        (value, str(how)): _share(histograms[value], percentile / 100)
        if method == "percentile"
        else _least_error(histograms[value], extremes[value], how)
        for value, how in wanted
    }


def declared_percentile(calibration: Calibration | None) -> float:
    """The percentile that the calibration says, in (50, 100], or the usual one; raises `QSpecError` for others."""
    share = calibration.percentile if calibration is not None else None
    if share is None:
        return DEFAULT_PERCENTILE
    value = float(share.value)
    if share.unit not in (None, "%") or not 50 < value <= 100:
        raise QSpecError(
            f"A calibration percentile lies above 50 and at most at 100, in per cent, not at {share}.",
            hint="write `percentile: 99.9`",
        )
    return value


def round_under(values: Floats, how: Emulation, span: Span) -> Floats:
    """`values` rounded as the graph rounds an activation whose range is `span`."""
    if how.rule == "affine":
        low, high = min(span.low, 0.0), max(span.high, 0.0)
        scale = round_scales(np.asarray((high - low) / how.grid.most, dtype=np.float32), how.scale)
        zero = np.rint(np.float32(-low) / scale)
        rounded: Floats = (how.grid.round(values / scale + zero) - zero) * scale
        return rounded
    extreme = max(abs(span.low), abs(span.high))
    scale = round_scales(np.asarray(extreme / how.grid.most, dtype=np.float32), how.scale)
    near: Floats = how.grid.round(values / scale) * scale
    return near


def _extremes(watch: Watch, values: Sequence[str]) -> dict[str, Span]:
    spans: dict[str, Span] = {}
    for arrays in watch.passes(values):
        for name, array in arrays.items():
            low, high = float(array.min()), float(array.max())
            if not np.isfinite([low, high]).all():
                raise QSpecError(f"The activation {name} becomes NaN or infinite over the calibration data.")
            before = spans.get(name, Span(low, high))
            spans[name] = Span(min(low, before.low), max(high, before.high))
    return spans


def _histograms(watch: Watch, spans: Mapping[str, Span]) -> dict[str, Histogram]:
    found: dict[str, Histogram] = {}
    for arrays in watch.passes(list(spans)):
        for name, array in arrays.items():
            span = spans[name]
            high = span.high if span.high > span.low else span.low + 1
            counts, edges = np.histogram(array, bins=BINS, range=(span.low, high))
            before = found.get(name)
            found[name] = (counts if before is None else before[0] + counts, edges)
    return found


def _share(histogram: Histogram, share: float) -> Span:
    counts, edges = histogram
    below = np.cumsum(counts) / counts.sum()
    cut = (1 - share) / 2
    low = int(np.searchsorted(below, cut, side="right"))
    high = int(np.searchsorted(below, 1 - cut, side="left"))
    return Span(float(edges[min(low, BINS - 1)]), float(edges[min(high, BINS - 1) + 1]))


def _least_error(histogram: Histogram, span: Span, how: Emulation) -> Span:
    counts, edges = histogram
    centres = ((edges[1:] + edges[:-1]) / 2).astype(np.float32)
    tried = [Span(span.low * step, span.high * step) for step in np.arange(CANDIDATES, 0, -1) / CANDIDATES]
    errors = [float(np.sum(counts * (round_under(centres, how, one) - centres) ** 2)) for one in tried]
    return tried[int(np.argmin(errors))]
