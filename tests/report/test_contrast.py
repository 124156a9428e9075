"""Words can be read on their grounds: WCAG 2.2, success criterion 1.4.3, in light, dark and print."""

import re
from pathlib import Path

import pytest

import qspec.report

CSS = (Path(qspec.report.__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")
BLOCKS = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
PAIRS = [
    *(
        (word, ground)
        for word in ("ink", "soft", "accent", "good", "bad", "open", "mute")
        for ground in ("paper",)
    ),
    *((tone, f"{tone}-wash") for tone in ("good", "bad", "open", "mute")),
    ("ink", "bad-wash"),
    ("ink", "panel"),
]


def colours(block: str) -> dict[str, str]:
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
    return {name: c if len(c) == 7 else "#" + "".join(2 * d for d in c[1:]) for name, c in found.items()}


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("block", BLOCKS, ids=["light", "dark", "print"])
@pytest.mark.parametrize(("word", "ground"), PAIRS)
def test_contrast_is_at_least_four_and_a_half_to_one(block: str, word: str, ground: str) -> None:
    palette = colours(block)
    one, other = sorted((luminance(palette[word]), luminance(palette[ground])))
    assert (other + 0.05) / (one + 0.05) >= 4.5
