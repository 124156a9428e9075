"""Foreign text made harmless: no control characters, no reordering of what is read, addresses only to the web."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_REPLACED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Control characters, marks that reorder text, and code points that XML or UTF-8 cannot hold."""

_BREAKS = re.compile("[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")


def clean(text: str) -> str:
    """The text with every character that could hide, reorder or break something shown as U+FFFD."""
    return _REPLACED.sub("\ufffd", text)


def one_line(text: str) -> str:
    """`clean`, with breaks and breakable space run together."""
    return clean(_BREAKS.sub(" ", text))


def spans(text: str) -> list[tuple[bool, str]]:
    """A sentence cut at its pairs of backticks: whether a part is code, and the part."""
    parts = re.split(r"`([^`]+)`", text)
    return [(index % 2 == 1, part) for index, part in enumerate(parts) if part]


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis where it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "\u2026"


def web_address(text: str | None) -> str | None:
    """The address if it is an absolute http or https one without a password in it, else None."""
    if text is None or clean(text) != text or any(mark in text for mark in " \t\r\n\"'<>\\`"):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    safe = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    return text if safe else None
