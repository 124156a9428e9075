"""Pages of the word lists: every word with one line on what it means, and the keys that take one."""

from __future__ import annotations

from collections.abc import Iterable

from qspec.model.vocabulary import OPEN, VOCABULARIES
from qspec.report.reference import Kind, Page, codes, facts, kind, table
from qspec.report.reference.blocks import keys_of_vocabulary


def _names() -> Iterable[str]:
    return VOCABULARIES


def _page(name: str) -> Page:
    words = VOCABULARIES[name]
    keys = keys_of_vocabulary(name)
    body = facts(
        [
            ("taken by", codes(keys)),
            (
                "open",
                "yes: another word is accepted, and asked about when it looks misspelt"
                if name in OPEN
                else "no",
            ),
        ]
    )
    rows = ((f"`{word}`", meaning) for word, meaning in words.items())
    body += "\n\n" + table(("word", "meaning"), rows)
    return Page(
        "word list", name, f"The words that `{keys[0].rpartition('.')[2] if keys else name}` takes.", body
    )


kind(Kind("word list", "Word lists", _names, _page), __name__)
