"""Pages of the units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qspec.model.unit import COUNT_NOUNS, PER_NOUNS, UNITS, Dimension, find_unit
from qspec.report.reference import Kind, Page, codes, facts, kind

_BASE = {
    Dimension.SHARE: "of the whole",
    Dimension.POINTS: "of the whole",
    Dimension.OF_BASELINE: "of the baseline",
    Dimension.OF_ERROR: "of the error",
    Dimension.TIME: "seconds",
    Dimension.SIZE: "bytes",
    Dimension.POWER: "watts",
    Dimension.ENERGY: "joules",
    Dimension.FREQUENCY: "hertz",
}
_QUANTITIES = {
    Dimension.SHARE: "top1 >= 75 %",
    Dimension.POINTS: "loss(top1) <= 1 pp",
    Dimension.OF_BASELINE: "loss(top1) <= 1 % of baseline",
    Dimension.OF_ERROR: "loss(top1) <= 10 % of error",
    Dimension.TIMES_BASELINE: "throughput >= 1.2 x baseline",
    Dimension.PERPLEXITY: "loss(perplexity) <= 0.1 ppl",
    Dimension.DECIBEL: "loss(psnr) <= 0.2 dB",
    Dimension.TIME: "latency(p99) <= 25 {}",
    Dimension.SIZE: "size <= 4 {}",
    Dimension.POWER: "power <= 15 {}",
    Dimension.ENERGY: "energy <= 2 {}",
    Dimension.RATE: "throughput >= 900 {}",
    Dimension.TOKEN_RATE: "throughput >= 900 {}",
}


def _names() -> Iterable[str]:
    return UNITS


def _aliases() -> Mapping[str, str]:
    return {
        "percent": "%",
        "per cent": "%",
        "percentage points": "pp",
        "points": "pp",
        "x": "x baseline",
        "µs": "us",
    }


def _read(text: str) -> str | None:
    """Units of many: `ms per token`, `images/s`, a count with its noun."""
    return text if find_unit(text) is not None else None


def _page(name: str) -> Page:
    unit = find_unit(name)
    assert unit is not None
    quantity = _QUANTITIES.get(unit.dimension)
    body = facts(
        [
            ("measures", unit.dimension.value),
            ("one of it is", f"{unit.factor} {_BASE[unit.dimension]}" if unit.dimension in _BASE else ""),
            (
                "may be followed by",
                f"`per` and one of {codes(sorted(PER_NOUNS))}" if _takes_per(unit.dimension) else "",
            ),
            ("counts have", codes(sorted(COUNT_NOUNS)) if unit.dimension is Dimension.COUNT else ""),
        ]
    )
    example = f"qspec 1\n\nclaim bounded {{\n  {quantity.format(name)}\n}}\n" if quantity else ""
    return Page("unit", name, f"{unit.title[0].upper()}{unit.title[1:]}.", body, example)


def _takes_per(dimension: Dimension) -> bool:
    return dimension in {Dimension.TIME, Dimension.ENERGY, Dimension.SIZE}


kind(Kind("unit", "Units", _names, _page, _aliases, _read), __name__)
