"""Texts that are almost documents: what an editor, a merge or an attacker makes of a good one."""

from __future__ import annotations

import random

PIECES = [
    "{", "}", "[", "]", "(", ")", ":", ",", '"', '"""', "#", "\n", "\r\n", "\r", "\t", "\x00", "\\", "@", "%", "|",
    "..", "+-", "<=", "!=", "=", "==", "not", "and", "or", "in", "from", "on", "for", "each", "at", "expect", "x",
    "1e9", "9" * 30, "1e400", "0", "-", "§", "\ufeff", "\u2028", "é", "𝔘", "unstated", "not-applicable", "true",
    "recall@0", "qspec 9", 'use "a"', "a b", "claim c on e {", "measured {", "quantiles(x, 1)", "cross()", "\\u{}",
]  # fmt: skip


def mutated(text: str, rng: random.Random) -> str:
    """The text after one to four small accidents."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice((0, 1, 1, 2, 5, 40)))
        kind = rng.randrange(4)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif kind == 2:
            text = text[:at] + rng.choice(PIECES) + text[end:]
        else:
            other = rng.randrange(len(text) + 1)
            text = text[:other] + text[at:end] + text[other:]
    return text
