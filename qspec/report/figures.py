"""Figures as people read them: proportions in per cent, losses in points, times, sizes, rates and ratios."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from qspec.model.quantity import Quantity, Range, Spread

NARROW = "\u202f"
MINUS = "\u2212"
TIMES = "\u00d7"
_MOST_DECIMALS = 6
_MOST_DIGITS = 18
_LARGEST = 1e100

_TIMES = (("s", 1.0), ("ms", 1e-3), ("\u00b5s", 1e-6), ("ns", 1e-9))
_SIZES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0))


@dataclass(frozen=True, slots=True)
class Scale:
    """One way of showing values of a kind: divide by `step`, round to `decimals`, write `suffix` behind.

    Values of one column share a scale, so that their digits align.
    """

    step: float = 1.0
    suffix: str = ""
    decimals: int = 2

    def number(self, value: float) -> str:
        """The figure without its unit; a value that rounds to nought has no sign."""
        shown = round(value / self.step, self.decimals)
        text = f"{abs(shown):,.{self.decimals}f}"
        return f"{MINUS}{text}" if shown < 0 else text

    def show(self, value: float | None) -> str:
        """The figure with its unit; a dash for nothing."""
        return "\u2013" if value is None else f"{self.number(value)}{self.suffix}"

    def between(self, low: float, high: float) -> str:
        """An interval, with its unit once."""
        first = self.number(low) + (self.suffix if self.suffix == TIMES else "")
        return f"{first} to {self.number(high)}{self.suffix}"


def _present(values: Iterable[float | None]) -> list[float]:
    return [abs(value) for value in values if value is not None and math.isfinite(value)]


def _decimals(smallest: float, least: int) -> int:
    """Decimals that give two digits to the smallest figure that matters (an interval's half-width)."""
    if smallest <= 0:
        return least
    return min(_MOST_DECIMALS, max(least, 1 - math.floor(math.log10(smallest))))


def share(widths: Iterable[float | None] = (), suffix: str = f"{NARROW}%", least: int = 2) -> Scale:
    """Fractions in per cent (or in another hundredth, by `suffix`); `widths` are half-widths to resolve."""
    narrowest = min((100 * width for width in _present(widths) if width > 0), default=0.0)
    return Scale(0.01, suffix, _decimals(narrowest, least))


def plain(values: Iterable[float | None], unit: str = "", *, integers: bool = False) -> Scale:
    """Numbers in their own unit, to about four digits."""
    largest = max(_present(values), default=0.0)
    decimals = 0 if integers else min(_MOST_DECIMALS, max(0, 3 - _magnitude(largest)))
    return Scale(1.0, f"{NARROW}{unit}" if unit else "", decimals)


def ratio(values: Iterable[float | None] = ()) -> Scale:
    """Multiples, as 2.39×; small ones get a third decimal."""
    least = min((value for value in _present(values) if value > 0), default=1.0)
    return Scale(1.0, TIMES, 3 if least < 1 else 2)


def duration(values: Iterable[float | None]) -> Scale:
    """Seconds in the largest unit that leaves the largest value at one or more."""
    return _stepped(_present(values), _TIMES, digits=3)


def size(values: Iterable[float | None]) -> Scale:
    """Bytes in powers of ten, to four digits; whole bytes below a kilobyte."""
    scale = _stepped(_present(values), _SIZES, digits=4)
    return Scale(1.0, scale.suffix, 0) if scale.step == 1.0 else scale


def rate(values: Iterable[float | None], unit: str = "/s") -> Scale:
    """Work a second, without decimals from a hundred up."""
    largest = max(_present(values), default=0.0)
    return Scale(1.0, f"{NARROW}{unit}", max(0, 2 - _magnitude(largest)))


def _magnitude(value: float) -> int:
    return math.floor(math.log10(value)) if value > 0 else 0


def _stepped(values: list[float], steps: tuple[tuple[str, float], ...], digits: int) -> Scale:
    largest = max(values, default=0.0)
    name, step = next(((n, s) for n, s in steps if largest >= s), steps[-1])
    decimals = max(0, digits - 1 - _magnitude(largest / step))
    return Scale(step, f"{NARROW}{name}", decimals)


def count(value: Quantity | None) -> str:
    """A count with its thousands set apart, and its noun where it has one."""
    if value is None:
        return "\u2013"
    number = value.base
    whole = number.adjusted() < _MOST_DIGITS and number == number.to_integral_value()
    text = f"{int(number):,}" if whole else value.text
    return f"{text} {value.unit}" if value.unit else text


def printed(value: Quantity | Spread | Range | None) -> str:
    """A figure exactly as its source printed it, set with proper signs."""
    if value is None:
        return "\u2013"
    if isinstance(value, Spread):
        return f"{printed(value.value)} \u00b1 {printed(value.plus_minus)}"
    if isinstance(value, Range):
        return f"{printed(value.low)} to {printed(value.high)}"
    text = value.text.replace("-", MINUS)
    return f"{text}{NARROW}{value.unit}" if value.unit else text


def base(value: Quantity | None) -> float | None:
    """The number in base units; None for nothing, and for what is too large to be drawn or meant."""
    number = math.nan if value is None else float(value.base)
    return number if abs(number) <= _LARGEST else None


def ends(value: Range | None) -> tuple[float, float] | None:
    """Both ends of an interval in base units, or None; infinite and absent ends count as no interval."""
    low, high = (base(value.low), base(value.high)) if value is not None else (None, None)
    return (low, high) if low is not None and high is not None else None
