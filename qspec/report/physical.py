"""Times, rates, sizes and energies of both models, and the few figures that a reader should take home."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qspec.model.measurand import MeasurandKind, measurand
from qspec.model.measured import Result
from qspec.report import figures
from qspec.report.measure import physical_scale, title_of
from qspec.report.outcome import method_title
from qspec.report.plots import Bar, Bars
from qspec.report.scores import Score

MOST_TILES = 6
_MOST_LOSSES = 3
_MOST_LATENCIES = 2
_TELLING = ("p50", "median", "p99")
_SPACE = {MeasurandKind.SIZE, MeasurandKind.MEMORY}


@dataclass(frozen=True, slots=True)
class PhysicalRow:
    """A time, rate, size or energy of both models."""

    quantity: str
    on: str
    baseline: str
    quantized: str
    ratio: str
    interval: str
    method: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure to remember."""

    label: str
    value: str
    detail: str


def physical_row(result: Result) -> PhysicalRow:
    """The result in the largest units that fit, with its ratio and the interval of that."""
    kind = measurand(result.quantity).kind
    scale = physical_scale(kind, [result.baseline, result.quantized])
    ends, ratio = figures.ends(result.interval), figures.base(result.ratio)
    of = figures.ratio([ratio, *(ends or ())]) if ratio is not None else scale
    return PhysicalRow(
        quantity=title_of(result.quantity),
        on=result.on or "",
        baseline=scale.show(figures.base(result.baseline)),
        quantized=scale.show(figures.base(result.quantized)),
        ratio=of.show(ratio) if ratio is not None else "\u2013",
        interval=of.between(*ends) if ends else "\u2013",
        method=method_title(result.method),
    )


def size_bars(result: Result) -> Bars | None:
    """Both sizes as bars; None for what is no size, or was measured of one model only."""
    kind = measurand(result.quantity).kind
    baseline, quantized = figures.base(result.baseline), figures.base(result.quantized)
    if kind not in _SPACE or baseline is None or quantized is None:
        return None
    row = physical_row(result)
    return Bars(
        title=row.quantity,
        description=f"{row.quantity}: baseline {row.baseline}, quantized {row.quantized}.",
        whole=max(baseline, quantized),
        bars=(
            Bar("baseline", baseline, row.baseline),
            Bar("quantized", quantized, row.quantized, strong=True),
        ),
    )


def tiles(scores: Iterable[Score], physical: list[Result]) -> list[Tile]:
    """The losses, then throughput, then size, then at most two latencies: the typical one and the tail."""
    losses = [score.tile for score in scores if score.tile is not None]
    found = [Tile(f"Loss of {one.term}", one.loss, one.interval) for one in losses[:_MOST_LOSSES]]
    by_kind: dict[MeasurandKind, list[Result]] = {}
    for result in physical:
        if result.ratio is not None:
            by_kind.setdefault(measurand(result.quantity).kind, []).append(result)
    latencies = by_kind.get(MeasurandKind.LATENCY, [])
    telling = [one for one in latencies if measurand(one.quantity).statistic in _TELLING] or latencies
    shown = [*by_kind.get(MeasurandKind.THROUGHPUT, []), *by_kind.get(MeasurandKind.SIZE, [])]
    found += [_tile(result) for result in (*shown, *telling[:_MOST_LATENCIES])]
    return found[:MOST_TILES]


def _tile(result: Result) -> Tile:
    row = physical_row(result)
    between = f"{row.baseline} \u2192 {row.quantized}"
    name = f"{row.quantity} on {row.on}" if row.on else row.quantity
    return Tile(name, row.ratio, row.interval if row.interval != "\u2013" else between)
