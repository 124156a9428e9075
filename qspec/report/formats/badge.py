"""An SVG badge: the worst outcome of the claims, or their grade where nothing was executed."""

from __future__ import annotations

from qspec.report.formats import registry
from qspec.report.outcome import NOT_EXECUTED, Tone
from qspec.report.svg import Markup, element
from qspec.report.view import Page

_COLOURS: dict[Tone, str] = {"good": "#17703c", "bad": "#ae2418", "open": "#835600", "mute": "#4d555e"}
_BRAND = "#2b3137"
_GRADES = ("decision-grade", "interpretable", "partial")
_HEIGHT, _PAD = 20.0, 7.0
_NARROW_LETTERS, _WIDE_LETTERS = frozenset("fijlrt.,:-' |1"), frozenset("mwMW")


@registry.register("badge", aliases=("svg",))
def badge(page: Page) -> str:
    """The badge as one SVG document; a sign and a word stand beside the colour."""
    words, colour = _message(page)
    left, right = _width("qspec") + 2 * _PAD, _width(words) + 2 * _PAD
    width = left + right
    font = "Verdana, 'DejaVu Sans', Geneva, sans-serif"

    def text(content: str, start: float, room: float) -> Markup:
        return element("text", content, x=start + room / 2, y=14.0, textLength=room - 2 * _PAD)

    drawing = element(
        "svg",
        element("title", f"qspec: {words}"),
        element("clipPath", element("rect", width=width, height=_HEIGHT, rx=3), id="round"),
        element(
            "g",
            element("rect", width=left, height=_HEIGHT, fill=_BRAND),
            element("rect", x=left, width=right, height=_HEIGHT, fill=colour),
            clip_path="url(#round)",
        ),
        element(
            "g", text("qspec", 0.0, left), text(words, left, right),
            fill="#fff", text_anchor="middle", font_family=font, font_size="11",
        ),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=_HEIGHT,
        role="img",
        aria_label=f"qspec: {words}",
    )  # fmt: skip
    return f"{drawing}\n"


def _message(page: Page) -> tuple[str, str]:
    """What the badge says, and its colour."""
    claims = page.claims
    if not claims:
        return "no claims", _COLOURS["mute"]
    executed = [claim for claim in claims if claim.outcome is not NOT_EXECUTED]
    if not executed:
        return max((claim.grade for claim in claims), key=_GRADES.index), _COLOURS["mute"]
    outcome = page.outcome
    alike = sum(claim.outcome.key == outcome.key for claim in claims)
    number = f"{alike} of {len(claims)} " if len(claims) > 1 else ""
    return f"{outcome.sign} {number}{outcome.word.lower()}", _COLOURS[outcome.tone]


def _width(text: str) -> float:
    """About how wide a text is in the badge's font, in pixels; `textLength` makes it exact."""
    return sum(4.2 if c in _NARROW_LETTERS else 10.2 if c in _WIDE_LETTERS else 6.9 for c in text)
