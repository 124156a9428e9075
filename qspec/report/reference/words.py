"""Pages of single words of the word lists: `entropy`, `offline`, `cuda`, `inconclusive`."""

from __future__ import annotations

from collections.abc import Iterable

from qspec.model.vocabulary import VOCABULARIES
from qspec.report.reference import Kind, Page, codes, facts, kind
from qspec.report.reference.blocks import keys_of_vocabulary

_ELSEWHERE = frozenset({"method"})
"""Lists whose words have pages of their own."""


def _homes() -> dict[str, list[str]]:
    homes: dict[str, list[str]] = {}
    for name, words in VOCABULARIES.items():
        for word in words:
            homes.setdefault(word, []).append(name)
    return homes


def _names() -> Iterable[str]:
    return [word for word, homes in _homes().items() if not _ELSEWHERE.issuperset(homes)]


def _page(name: str) -> Page:
    homes = [home for home in _homes()[name] if home not in _ELSEWHERE]
    parts = []
    for home in homes:
        keys = keys_of_vocabulary(home)
        others = [word for word in VOCABULARIES[home] if word != name]
        parts.append(
            f"## {home}\n\n{VOCABULARIES[home][name].capitalize()}.\n\n"
            + facts([("taken by", codes(keys)), ("others of the list", codes(others))])
        )
    title = f"A word of the list{'s' if len(homes) > 1 else ''} {codes(homes)}."
    return Page("word", name, title, "\n\n".join(parts))


kind(Kind("word", "Words", _names, _page), __name__)
