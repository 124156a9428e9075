"""A forest plot: one line an estimate with its interval, bounds as dashed lines under their names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from qspec.report.plots import Forest, ForestBound, ForestRow
from qspec.report.svg import ASCENT, Axis, Markup, element, figure, label, line
from qspec.report.text import shortened

_ROW = 24.0
_HEADING = 30.0
_LEGEND = 18.0
_MARK = 4.5
_WIDE_FROM = 560.0
_INTERVAL = 108.0
_PIXELS_A_CHARACTER = 6.6


def forest_chart(forest: Forest, identity: str, width: float) -> Markup:
    """Draw a forest `width` pixels wide; narrow ones leave the figures to the table below."""
    wide = width >= _WIDE_FROM
    left, right = (150.0, width - 200.0) if wide else (104.0, width - 12.0)
    axis = Axis.over(_extent(forest), left, right, ticks=7 if wide else 4)
    top = max(_LEGEND * len(forest.bounds) + (18.0 if wide else 10.0), 22.0)
    tops = _tops(forest.rows, top)
    bottom = tops[-1]
    body: list[Markup] = []
    if wide:
        unit = f", {forest.unit}" if forest.unit else ""
        body.append(label(width - _INTERVAL, top - 4, f"loss{unit}", "unit", "end"))
        body.append(label(width, top - 4, "interval", "unit", "end"))
    body += _grid(axis, top, bottom)
    for index, bound in enumerate(forest.bounds):
        body += _bound(bound, axis, tops, _LEGEND * (index + 1) - 5, width)
    for index, row in enumerate(forest.rows):
        middle = tops[index + 1] - _ROW / 2
        body += _row(row, axis, middle, left, width, wide)
    body += _foot(forest, axis, bottom, left, right)
    return figure(identity, forest.title, forest.description, width, bottom + 44, body, "forest")


def _extent(forest: Forest) -> list[float]:
    values = [0.0]
    for row in forest.rows:
        values += [value for value in (row.estimate, row.low, row.high) if value is not None]
    for bound in forest.bounds:
        values += [place for place in bound.places if place is not None]
    return values


def _tops(rows: tuple[ForestRow, ...], start: float) -> list[float]:
    """The upper edge of every row, and the lower edge of the last."""
    edges = [start]
    for row in rows:
        edges.append(edges[-1] + (_HEADING if row.estimate is None else _ROW))
    return edges


def _grid(axis: Axis, top: float, bottom: float) -> list[Markup]:
    lines = [line(axis.at(tick), top, axis.at(tick), bottom, "grid") for tick in axis.ticks]
    return [*lines, line(axis.at(0.0), top, axis.at(0.0), bottom, "zero")]


def _bound(bound: ForestBound, axis: Axis, tops: list[float], name_at: float, width: float) -> list[Markup]:
    """The bound's name on a line of its own, a thin line down to the rows, and a dashed one along them."""
    runs = list(_runs(bound.places))
    first, _, place = runs[0]
    x = axis.at(place)
    kind = "bound foretold" if bound.foretold else "bound"
    drawn = [line(x, name_at + 3, x, tops[first], "leader")]
    for begin, end, place in runs:
        drawn.append(line(axis.at(place), tops[begin], axis.at(place), tops[end], kind))
    name = shortened(bound.label, int(width / _PIXELS_A_CHARACTER))
    start = max(0.0, min(x + 4, width - len(name) * _PIXELS_A_CHARACTER))
    return [*drawn, label(start, name_at, name, "bound-name")]


def _runs(places: tuple[float | None, ...]) -> Iterator[tuple[int, int, float]]:
    """Stretches of neighbouring rows with one place: the first row, the row after the last, the place."""
    start = 0
    for place, members in groupby(places):
        end = start + len(list(members))
        if place is not None:
            yield start, end, place
        start = end


def _row(row: ForestRow, axis: Axis, middle: float, left: float, width: float, wide: bool) -> list[Markup]:
    base = middle + 12 * ASCENT
    most = int((left - 14) / _PIXELS_A_CHARACTER)
    if row.estimate is None:
        return [label(0, base, row.label, "group")]
    weight = " whole" if row.is_whole else ""
    drawn = [label(left - 14, base, shortened(row.label, most), f"label{weight}", "end")]
    if wide:
        drawn.append(label(width - _INTERVAL, base, row.loss, f"figures{weight}", "end"))
        drawn.append(label(width, base, row.interval, f"figures{weight}", "end"))
    if row.low is not None and row.high is not None:
        drawn.append(
            line(axis.at(row.low), middle, axis.at(row.high), middle, f"interval {row.standing}{weight}")
        )
    drawn.append(_mark(row, axis.at(row.estimate), middle))
    return drawn


def _mark(row: ForestRow, x: float, y: float) -> Markup:
    """Shapes tell the standing without colour: filled circle, filled diamond, ring, small square."""
    size = _MARK + (1.0 if row.is_whole else 0.0)
    kind = f"mark {row.standing}"
    if row.standing == "beyond":
        reach = size + 1.5
        corners = f"M{x:.1f} {y - reach:.1f}l{reach} {reach}l-{reach} {reach}l-{reach} -{reach}z"
        return element("path", d=corners, class_=kind)
    if row.standing == "unbounded":
        return element(
            "rect", x=x - size + 1, y=y - size + 1, width=2 * size - 2, height=2 * size - 2, class_=kind
        )
    return element("circle", cx=x, cy=y, r=size, class_=kind)


def _foot(forest: Forest, axis: Axis, bottom: float, left: float, right: float) -> list[Markup]:
    drawn = [line(left, bottom, right, bottom, "axis")]
    drawn += [
        label(axis.at(tick), bottom + 16, axis.tick_label(tick), "tick", "middle") for tick in axis.ticks
    ]
    middle = (left + right) / 2
    return [*drawn, label(middle, bottom + 34, f"{forest.axis} (right is worse)", "axis-name", "middle")]
