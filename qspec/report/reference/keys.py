"""Pages of single keys, as `block.key`; a key alone is looked up where nothing else bears its name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from qspec.model.base import Open
from qspec.model.describe import describe
from qspec.model.vocabulary import VOCABULARIES, vocabulary_fields
from qspec.report.reference import Kind, Page, codes, facts, kind
from qspec.report.reference.blocks import blocks, entries, takes


@cache
def _names() -> Iterable[str]:
    keys = (
        f"{name}.{entry.key}"
        for name, noun in blocks().items()
        if not issubclass(noun, Open)
        for entry in entries(noun)
        if entry.kind not in {"quantities", "assertions"}
    )
    return list(dict.fromkeys(keys))  # `load` occurs once without a name, and several times with one


@cache
def _aliases() -> dict[str, str]:
    """A key alone, where it means one thing or the same thing everywhere."""
    found: dict[str, str] = {}
    for name in _names():
        found.setdefault(name.rpartition(".")[2], name)
    return found


def _page(name: str) -> Page:
    block, _, key = name.rpartition(".")
    noun = blocks()[block]
    ways = [entry for entry in entries(noun) if entry.key == key]
    entry = ways[0]
    words = "" if issubclass(noun, Open) else vocabulary_fields(noun).get(entry.name, "")
    others = [other for other in _names() if other.rpartition(".")[2] == key and other != name]
    sentence = {} if issubclass(noun, Open) else describe(noun)
    body = facts(
        [
            ("stands in", f"`{block}`"),
            ("takes", "; or ".join(takes(way) for way in ways)),
            ("words", codes(VOCABULARIES[words]) if words in VOCABULARIES else ""),
            ("needed", "yes" if entry.required else ""),
            ("the same word elsewhere", codes(others)),
        ]
    )
    return Page("key", name, sentence.get(entry.name, "A key of the language."), body)


kind(Kind("key", "Keys", _names, _page, _aliases, last_resort=True), __name__)
