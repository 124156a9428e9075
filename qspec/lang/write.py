"""From nouns to canonical text: what every block may hold is read off the same shapes that lowering uses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from qspec.errors import QSpecError
from qspec.lang import spell
from qspec.lang.layout import Bare, Body, Braces, Cells, Item, Listed, Plain, render, spaced
from qspec.lang.read import SHORT_FORMS
from qspec.lang.shape import QUALIFIERS, Block, FieldShape, Shape, shape_of
from qspec.model.base import Noun, Open
from qspec.model.document import Document
from qspec.model.precision import Precision
from qspec.model.spelling import inner_word, key_word, quote, value_word

_ON_SEVERAL_LINES = frozenset(
    {"models", "datasets", "executors", "claims", "deployments", "evaluations", "measured"}
)
_ROWS = frozenset({"census", "results", "hidden", "draws", "verdicts"})
"""What a measured block holds one line each of, as in a table."""


def write_document(document: Document) -> str:
    """The whole document as text, which reads back to the same document; raises `QSpecError` where none does."""
    from qspec.lang.load import load_one
    from qspec.lang.source import Source

    items = [Item(f"qspec {document.qspec}", Bare())]
    items += [Item(f"use {quote(path)}", Bare()) for path in document.use]
    rest = [item for name, item in _fields(document) if name not in {"qspec", "use"}]
    written = "\n".join(render(spaced([*items, *rest]))) + "\n"
    read = load_one(Source("written.qspec", written))
    if read.errors or read.document != document:
        detail = f": {read.errors[0].message}" if read.errors else "."
        raise QSpecError(
            f"This document has no spelling in the language{detail}",
            hint="names that stand before `@` or inside a unit are made of letters, digits, hyphens and dots",
        )
    return written


def write_section(
    keyword: str, noun: Block, indent: str = "", *, unit: str = "  ", label: str | None = None
) -> str:
    """`keyword [label] { … }` as lines at an indentation, without a line end behind the last."""
    head = keyword if label is None else f"{keyword} {inner_word(label)}"
    return "\n".join(render([_section(head, noun, flat=False)], indent=indent, unit=unit))


def write_item(key: str, value: Any, indent: str = "", *, unit: str = "  ") -> str:
    """`key: value` or `key { … }` as lines at an indentation, without a line end behind the last."""
    return "\n".join(render([_entry(key, value)], indent=indent, unit=unit))


def _section(head: str, noun: Block, *, flat: bool, table: str | None = None) -> Item:
    """A labelled or repeated section, its qualifiers in its head."""
    behind = spell.qualifiers(_head_fields(noun))
    body = Braces(_items(noun, in_head=True), flat=flat, table=table)
    return Item(f"{head} {behind}" if behind else head, body)


def _head_fields(noun: Block) -> dict[str, Any]:
    if isinstance(noun, Open):
        return {}
    given = {name: getattr(noun, name) for name in QUALIFIERS.values() if name in type(noun).model_fields}
    return {name: value for name, value in given.items() if spell.can_qualify(name, value)}


def _items(noun: Block, *, in_head: bool = False, but: frozenset[str] = frozenset()) -> list[Item]:
    """The items of a block; qualifiers that stand in the head are left out, and so are the fields of `but`."""
    if isinstance(noun, Open):
        return [_entry(key_word(name), value) for name, value in noun.members.items()]
    skipped = but | (frozenset(_head_fields(noun)) if in_head else frozenset())
    return [item for name, item in _fields(noun) if name not in skipped]


def _fields(noun: Noun) -> Iterator[tuple[str, Item]]:
    """Every item of a noun with the field it stands for, in the order of the fields."""
    shape = shape_of(type(noun))
    for name in _order(type(noun)):
        if not _said(noun, name):
            continue
        value = getattr(noun, name)
        entry = _shape_of_field(shape, name)
        table = name if name in _ROWS else None
        if entry.kind == "labelled":
            for label, part in value.items():
                head = f"{entry.key} {inner_word(label)}"
                yield name, _section(head, part, flat=name not in _ON_SEVERAL_LINES, table=table)
        elif entry.kind == "repeated":
            yield from (
                (name, _section(entry.key, part, flat=name not in _ON_SEVERAL_LINES)) for part in value
            )
        elif entry.kind == "quantities":
            yield from ((name, _figure(part, shape, table)) for part in value)
        elif entry.kind == "assertions":
            for part in value:
                quantity, bound, behind = spell.assertion(part)
                yield name, Item(quantity, Cells(bound, behind))
        else:
            yield name, _entry(entry.key, value)


@cache
def _order(noun: type[Noun]) -> tuple[str, ...]:
    """Fields in writing order: those a noun inherits stand before the sections that may occur several times."""
    inherited = [name for base in noun.__mro__[1:] for name in vars(base).get("__annotations__", {})]
    inherited = [name for name in noun.model_fields if name in inherited]
    own = [name for name in noun.model_fields if name not in inherited]
    labelled = {entry.name for entry in shape_of(noun).labelled.values()}
    cut = next((number for number, name in enumerate(own) if name in labelled), len(own))
    return (*own[:cut], *inherited, *own[cut:])


def _said(noun: Noun, name: str) -> bool:
    """Whether a field holds anything but what it holds when nothing is said."""
    info = type(noun).model_fields[name]
    value = getattr(noun, name)
    return bool(info.is_required() or value != info.get_default(call_default_factory=True))


def _shape_of_field(shape: Shape, name: str) -> FieldShape:
    every = [*shape.values.values(), *shape.labelled.values(), *shape.repeated.values()]
    single = [entry for entry in (shape.quantities, shape.assertions) if entry is not None]
    return next(entry for entry in (*every, *single) if entry.name == name)


def _figure(figure: Noun, shape: Shape, table: str | None) -> Item:
    """A reported or measured figure: `head: value`, `head: < bound`, or a block."""
    head = spell.figure_head(getattr(figure, "quantity"), shape.words)  # noqa: B009 (every figure has one)
    behind = spell.qualifiers(_head_fields(figure))
    head = f"{head} {behind}" if behind else head
    said = {name for name in type(figure).model_fields if _said(figure, name)}
    rest = said - {"quantity", *_head_fields(figure)}
    if rest in ({"value"}, {"bound"}):
        return Item(head, Plain(_scalar(getattr(figure, rest.pop()))))
    items = _items(figure, in_head=True, but=frozenset({"quantity"}))
    return Item(head, Braces(items, flat=True, table=table))


def _entry(key: str, value: Any) -> Item:
    return Item(key, _body(value))


def _body(value: Any) -> Body:
    if isinstance(value, list | tuple):
        return Listed([Item(_scalar(part), Bare()) for part in value])
    short = SHORT_FORMS.get(type(value))
    if short is not None:
        return _short(value, short)
    if isinstance(value, Open) or (isinstance(value, Noun) and type(value) not in spell.WRITERS):
        return Braces(_items(value), flat=True)
    return Plain(_scalar(value))


def _short(value: Noun, field: str) -> Body:
    """A noun with a short form: a word, a word and a block of detail, or a block."""
    word = getattr(value, field)
    said = {name for name in type(value).model_fields if _said(value, name)}
    spelled = "local" if word is True else value_word(word) if isinstance(word, str) else None
    if spelled is None or field not in said:
        return Braces(_items(value), flat=True)
    if said == {field}:
        return Plain(spell.phrase(word) if isinstance(value, Precision) else spelled)
    if word is not True and spelled != word:
        return Braces(_items(value), flat=True)
    return Braces(_items(value, but=frozenset({field})), term=spelled, flat=True)


def _scalar(value: Any) -> str:
    return spell.WRITERS[type(value)](value)
