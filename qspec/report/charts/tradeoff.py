"""Speed against accuracy: the baseline, the quantized model, and the way between them."""

from __future__ import annotations

from qspec.report.plots import Point, Tradeoff
from qspec.report.svg import Axis, Markup, element, figure, label, line

_HEIGHT = 300.0
_LEFT, _TOP, _BOTTOM = 62.0, 34.0, 250.0
_CAP = 4.0


def tradeoff_chart(plot: Tradeoff, identity: str, width: float) -> Markup:
    """Draw both models `width` pixels wide, with the intervals of speed and accuracy where there are any."""
    right = width - 16
    points = (plot.baseline, plot.quantized)
    across = [x for p in points for x in (p.x, *(p.x_range or ()))]
    up = [y for p in points for y in (p.y, *(p.y_range or ()))]
    x = Axis.over([0.0, *across], _LEFT, right, ticks=6 if width > 500 else 4, pad=0.06)
    x = Axis(0.0, x.high, x.start, x.end, x.step)
    y = Axis.over(up, _BOTTOM, _TOP + 12, ticks=7, pad=0.25)
    body = [line(_LEFT, y.at(tick), right, y.at(tick), "grid") for tick in y.ticks]
    body += [label(_LEFT - 8, y.at(tick) + 4, y.tick_label(tick), "tick", "end") for tick in y.ticks]
    body += [label(x.at(tick), _BOTTOM + 17, x.tick_label(tick), "tick", "middle") for tick in x.ticks]
    body += [
        line(_LEFT, _BOTTOM, right, _BOTTOM, "axis"),
        label(0, 14, plot.y_axis, "axis-name"),
        label(right, _HEIGHT - 12, f"{plot.x_axis} \u2192", "axis-name", "end"),
        line(*_place(plot.baseline, x, y), *_place(plot.quantized, x, y), "path"),
    ]
    for point, kind in ((plot.baseline, "reference"), (plot.quantized, "subject")):
        body += _point(point, x, y, kind, right)
    return figure(identity, plot.title, plot.description, width, _HEIGHT, body, "tradeoff")


def _place(point: Point, x: Axis, y: Axis) -> tuple[float, float]:
    return x.at(point.x), y.at(point.y)


def _point(point: Point, x: Axis, y: Axis, kind: str, right: float) -> list[Markup]:
    across, up = _place(point, x, y)
    drawn: list[Markup] = []
    if point.x_range is not None:
        low, high = (x.at(end) for end in point.x_range)
        drawn.append(line(low, up, high, up, f"error {kind}"))
        drawn += [line(end, up - _CAP, end, up + _CAP, f"error {kind}") for end in (low, high)]
    if point.y_range is not None:
        low, high = (y.at(end) for end in point.y_range)
        drawn.append(line(across, low, across, high, f"error {kind}"))
        drawn += [line(across - _CAP, end, across + _CAP, end, f"error {kind}") for end in (low, high)]
    drawn.append(element("circle", cx=across, cy=up, r=5.5, class_=f"point {kind}"))
    near_edge = across > right - 130
    side = -10 if near_edge else 10
    below = -12 if kind == "reference" else 21
    drawn.append(
        label(across + side, up + below, point.label, f"point-name {kind}", "end" if near_edge else None)
    )
    return drawn
