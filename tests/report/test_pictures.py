"""The README's pictures load nothing, are small, and show the figures of the spec that stands beside them."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from qspec.lang.load import load

PICTURES = Path(__file__).parents[2] / "specs" / "pictures"
MOST_BYTES = 400_000
WIDTH = 2400


@pytest.mark.parametrize("name", ["check.svg", "execute.svg", "report.png"])
def test_a_picture_is_small(name: str) -> None:
    assert 0 < (PICTURES / name).stat().st_size < MOST_BYTES


@pytest.mark.parametrize("name", ["check.svg", "execute.svg"])
def test_a_drawing_is_well_formed_and_loads_nothing(name: str) -> None:
    text = (PICTURES / name).read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {
        "svg",
        "title",
        "style",
        "rect",
        "text",
    }
    assert not re.search(r"url\(|@import|@font-face|href|/tmp|/root", text)


def test_the_report_is_drawn_at_twice_its_size() -> None:
    head = (PICTURES / "report.png").read_bytes()[:24]
    assert struct.unpack(">I", head[16:20]) == (WIDTH,)


def test_the_figures_are_those_of_the_spec_beside_them() -> None:
    claim = load(PICTURES / "quickstart.qspec").main.document.claims["under-one-point"]
    (block,) = claim.measured
    root = ElementTree.fromstring((PICTURES / "execute.svg").read_text(encoding="utf-8"))
    shown = "\n".join(element.text or "" for element in root.iter() if element.tag.endswith("text"))
    for result in block.results:
        if result.ratio is not None:
            assert f"{float(result.ratio.value):.3g} x baseline" in shown
    assert shown.count("confirmed") == 1 + sum(one.outcome == "confirmed" for one in block.verdicts.values())
