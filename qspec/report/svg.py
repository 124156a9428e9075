"""Just enough SVG to draw charts by hand: escaped elements, figures with a name, linear axes with round ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from qspec.report.text import clean

ASCENT = 0.35
"""How far below the middle of a line its baseline lies, in font sizes."""


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def number(value: float) -> str:
    """A coordinate to a tenth of a pixel."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """An element; children that are not `Markup` are escaped, `_` in names stands for `-`, None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else escape(clean(child)) for child in children)
    return Markup(f"<{name}{given}>{inner}</{name}>" if inner else f"<{name}{given}/>")


def _value(value: str | float) -> str:
    return escape(clean(value), quote=True) if isinstance(value, str) else number(value)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def label(x: float, y: float, text: str, class_: str = "label", anchor: str | None = None) -> Markup:
    """Text standing on y, from x on unless anchored in the `middle` or at the `end`."""
    return element("text", text, x=x, y=y, class_=class_, text_anchor=anchor)


def figure(
    identity: str,
    title: str,
    description: str,
    width: float,
    height: float,
    body: Sequence[Markup],
    class_: str,
) -> Markup:
    """A whole drawing that a screen reader announces by its title and description."""
    return element(
        "svg",
        element("title", title, id=f"{identity}-title"),
        element("desc", description, id=f"{identity}-desc"),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        class_=f"chart {class_}",
    )


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    step: float

    @classmethod
    def over(
        cls, values: Sequence[float], start: float, end: float, *, ticks: int = 5, pad: float = 0.04
    ) -> Axis:
        """An axis that holds all values, with room at both ends and about `ticks` round steps."""
        low, high = min(values), max(values)
        if high - low <= 1e-12 * max(1.0, abs(high)):
            spread = abs(high) * 0.05 or 1.0
            low, high = low - spread, high + spread
        margin = (high - low) * pad
        low, high = low - margin, high + margin
        return cls(low, high, start, end, nice_step((high - low) / ticks))

    def at(self, value: float) -> float:
        """The pixel of a value; values beyond the axis are held at its ends."""
        part = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return self.start + part * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """The round values within the axis."""
        first = math.ceil(self.low / self.step)
        last = math.floor(self.high / self.step)
        return [index * self.step for index in range(first, last + 1)]

    def tick_label(self, value: float) -> str:
        """A tick's figure, with the decimals that the step needs."""
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        text = f"{abs(value):,.{decimals}f}"
        return f"\u2212{text}" if value < 0 and float(text.replace(",", "")) else text


def nice_step(rough: float) -> float:
    """The least of 1, 2, 5, 10 times a power of ten that is not under `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))
