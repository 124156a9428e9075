"""How words and texts are spelled on the surface: which may stand bare, and how the others are quoted."""

from __future__ import annotations

import re
import unicodedata

NAME = re.compile(r"(?:[^\W\d]|\d+[^\W\d])\w*(?:[.-]\w+)*")
NUMBER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?!\w)(?!\.\d)")
"""As the lexer takes it, before a name: `1e5-a` begins with one."""

CONNECTIVES = frozenset(
    {"from", "on", "for", "each", "at", "expect", "of", "per", "x", "and", "or", "not", "in"}
)
"""Words that join the parts of an item; behind another word they must be quoted to be names."""
MEANINGFUL = frozenset({"true", "false", "unstated", "not-applicable", "local", "not"})
"""Words that mean something where a value begins; they must be quoted to be texts."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SEPARATORS = frozenset({"Cc", "Cf", "Zl", "Zp", "Cn", "Co"})  # what cannot be seen is written as its number


def is_name(text: str) -> bool:
    """Whether `text` is a name of the language: letters, digits, inner hyphens and dots, and no number first."""
    return NAME.fullmatch(text) is not None and NUMBER.match(text) is None


def quote(text: str) -> str:
    """`text` in double quotes on one line, with escapes for what a line cannot show."""
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    known = _ESCAPES.get(sign)
    if known is not None:
        return known
    hidden = not sign.isprintable() and unicodedata.category(sign) in _SEPARATORS
    return f"\\u{{{ord(sign):x}}}" if hidden else sign


def value_word(text: str) -> str:
    """`text` where a value begins: bare when it is a name and means nothing else, quoted otherwise."""
    return text if is_name(text) and text not in MEANINGFUL else quote(text)


def inner_word(text: str) -> str:
    """`text` behind another word: bare when it is a name and no connective, quoted otherwise."""
    return text if is_name(text) and text not in CONNECTIVES else quote(text)


def key_word(text: str) -> str:
    """`text` where an item or an argument begins: bare when it is a name, quoted otherwise."""
    return text if is_name(text) and text != "not" else quote(text)
