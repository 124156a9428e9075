"""Pages of the blocks of the language: every key, what it takes, and what it is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin

from qspec.lang.shape import Block, FieldShape, shape_of
from qspec.lang.spell import WRITERS
from qspec.model.base import Noun, Open, Silence, kebab
from qspec.model.claim import Bound
from qspec.model.describe import describe, summary
from qspec.model.document import Document
from qspec.model.expression import ByColumn, Crossed, Pinned, Quantiles, Term, Where
from qspec.model.quantity import Quantity, Range, Spread
from qspec.model.vocabulary import vocabulary_fields
from qspec.report.reference import Kind, Page, kind, table

_TAKES: dict[Any, str] = {
    str: "text",
    bool: "`true` or `false`",
    int: "whole number",
    Quantity: "number, with its unit",
    Range: "range `low..high`",
    Bound: "relation and number, for example `< 1 %`",
    Spread: "number `+-` number",
    Term: "term with arguments",
    Pinned: "name, `@` revision",
    Silence: '`unstated`, or `not-applicable "why"`',
    ByColumn: "`by COLUMN`",
    Where: "condition",
    Quantiles: "`quantiles(COLUMN, n)`",
    Crossed: "`A x B`",
}


@cache
def blocks() -> dict[str, type[Block]]:
    """The nouns that are written as blocks, by the word that opens one, outermost first."""
    found: dict[str, type[Block]] = {"document": Document}
    seen: set[type[Block]] = {Document}
    queue: list[type[Block]] = [Document]
    while queue:
        outer = queue.pop(0)
        for entry in entries(outer):
            for noun in entry.types:
                if _is_block(noun) and noun not in seen:
                    seen.add(noun)
                    queue.append(noun)
                    found[
                        entry.key if entry.key not in found else f"{_name_in(found, outer)}.{entry.key}"
                    ] = noun
    return found


def entries(noun: type[Block]) -> list[FieldShape]:
    """The keys of a block; of one with names of the author's choosing, the one shape that all have."""
    shape = shape_of(noun)
    if shape.members is not None:
        return [shape.members]
    named = [*shape.values.values(), *shape.labelled.values(), *shape.repeated.values()]
    return [*named, *(entry for entry in (shape.quantities, shape.assertions) if entry is not None)]


@cache
def keys_of_vocabulary(name: str) -> list[str]:
    """The keys, as `block.key`, whose words are those of a list."""
    keys = []
    for block, noun in blocks().items():
        fields = {} if issubclass(noun, Open) else vocabulary_fields(noun)
        keys += [f"{block}.{kebab(field)}" for field, list_name in fields.items() if list_name == name]
    return keys


def takes(entry: FieldShape) -> str:
    """What a key takes, in words; silence is named last."""
    if entry.kind in {"quantities", "assertions"}:
        return entry.kind
    spoken = sorted(entry.types, key=lambda alternative: alternative is Silence)
    text = ", or ".join(dict.fromkeys(_takes(alternative) for alternative in spoken))
    if entry.kind == "labelled":
        return f"`{entry.key} NAME {{ … }}`, several times"
    if entry.kind == "repeated":
        return f"`{entry.key} {{ … }}`, several times"
    return f"list of: {text}" if entry.many else text


def _takes(alternative: Any) -> str:
    if alternative in _TAKES:
        return _TAKES[alternative]
    if get_origin(alternative) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(alternative))
    if _is_block(alternative):
        return "block `{ … }`"
    return "condition" if "Combination" in str(alternative) or "Comparison" in str(alternative) else "value"


def _is_block(noun: Any) -> bool:
    return (
        isinstance(noun, type)
        and issubclass(noun, Noun | Open)
        and noun not in WRITERS
        and noun is not Silence
    )


def _name_in(found: Mapping[str, type[Block]], noun: type[Block]) -> str:
    return next(name for name, known in found.items() if known is noun)


@cache
def _aliases() -> dict[str, str]:
    """Other words that open a block of the same keys: `activations` as `weights`."""
    known = blocks()
    others: dict[str, str] = {}
    for outer in known.values():
        for entry in entries(outer):
            for noun in entry.types:
                if _is_block(noun) and entry.key not in known and entry.kind != "members":
                    others.setdefault(entry.key, _name_in(known, noun))
    return others


def rows(noun: type[Block]) -> Iterator[tuple[str, str, str]]:
    """Key, what it takes and what it is for, of every key of a block."""
    sentences = {} if issubclass(noun, Open) else describe(noun)
    for entry in entries(noun):
        name = "*any name*" if entry.kind == "members" else f"`{entry.key}`"
        if entry.kind in {"quantities", "assertions"}:
            name = f"*{entry.kind}*"
        yield name, takes(entry) + (" (needed)" if entry.required else ""), sentences.get(entry.name, "")


def _names() -> Iterable[str]:
    return blocks()


def _page(name: str) -> Page:
    noun = blocks()[name]
    body = "## Keys\n\n" + table(("key", "takes", "meaning"), rows(noun))
    inside = [word for word, outer in blocks().items() for entry in entries(outer) if noun in entry.types]
    if inside:
        body = f"Stands in {', '.join(f'`{word}`' for word in dict.fromkeys(inside))}.\n\n{body}"
    return Page("block", name, summary(noun), body)


kind(Kind("block", "Blocks and their keys", _names, _page, _aliases), __name__)
