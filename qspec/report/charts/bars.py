"""Horizontal bars against one whole, for sizes and for shares of layers."""

from __future__ import annotations

from qspec.report.plots import Bars
from qspec.report.svg import ASCENT, Markup, element, figure, label
from qspec.report.text import shortened

_ROW = 30.0
_THICK = 12.0
_MOST_CHARACTERS = 12


def bars_chart(bars: Bars, identity: str, width: float) -> Markup:
    """Draw bars `width` pixels wide, each with its name before and its figure behind."""
    left, right = 84.0, width - 76.0
    body: list[Markup] = []
    for index, bar in enumerate(bars.bars):
        middle = _ROW * index + _ROW / 2
        base = middle + 12 * ASCENT
        part = min(1.0, max(0.0, bar.value / bars.whole)) if bars.whole > 0 else 0.0
        top = middle - _THICK / 2
        kind = "bar strong" if bar.strong else "bar"
        body += [
            label(0, base, shortened(bar.label, _MOST_CHARACTERS), "label"),
            element("rect", x=left, y=top, width=right - left, height=_THICK, rx=2, class_="track"),
            element("rect", x=left, y=top, width=(right - left) * part, height=_THICK, rx=2, class_=kind),
            label(width, base, bar.text, "figures", "end"),
        ]
    return figure(identity, bars.title, bars.description, width, _ROW * len(bars.bars), body, "bars")
