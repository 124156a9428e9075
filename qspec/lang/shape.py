"""What each block may hold, read off the nouns: the semantic model is the only place that says it."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from qspec.model.base import Assertions, Labelled, Noun, Open, Quantities, Repeated, Silence, kebab

Block = Noun | Open[Any]

Kind = Literal["value", "labelled", "repeated", "quantities", "assertions", "members"]

_MARKERS: dict[type, Kind] = {
    Labelled: "labelled",
    Repeated: "repeated",
    Quantities: "quantities",
    Assertions: "assertions",
}


QUALIFIERS = {
    "from": "from_",
    "on": "on",
    "for-each": "for_each",
    "for": "for_",
    "at": "at",
    "expect": "expect",
}
"""The kinds of qualifiers that stand behind the head of an item, in their order, and the fields they fill."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a noun: its Python name, its name in the language, how it is filled, and its types."""

    name: str
    key: str
    kind: Kind
    types: tuple[Any, ...]
    """Members of the union that one value may be; of one element where the field is a collection."""
    many: bool = False
    """True for a plain list of values."""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a noun, by the word that fills them."""

    noun: type[Block]
    values: dict[str, FieldShape] = field(default_factory=dict)
    labelled: dict[str, FieldShape] = field(default_factory=dict)
    repeated: dict[str, FieldShape] = field(default_factory=dict)
    quantities: FieldShape | None = None
    assertions: FieldShape | None = None
    members: FieldShape | None = None

    @property
    def words(self) -> list[str]:
        """Every word that may begin an item of the block."""
        return [*self.values, *self.labelled, *self.repeated]


def members_of(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, annotations aside; anything else is its own only member."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return members_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(m for part in get_args(annotation) for m in members_of(part))
    return (annotation,)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The alternatives in the order they are tried: words with a meaning first, since all would pass as names."""
    order = {Silence: 0, bool: 1, str: 3}
    members = (member for member in members_of(annotation) if member is not type(None))
    return tuple(sorted(members, key=lambda kind: order.get(kind, 2)))


def _field_shape(name: str, info: Any) -> FieldShape:
    marker = next((m for m in info.metadata if type(m) in _MARKERS), None)
    kind: Kind = _MARKERS[type(marker)] if marker is not None else "value"
    key = marker.keyword if isinstance(marker, Labelled | Repeated) else kebab(name)
    alternatives = _alternatives(info.annotation)
    many = False
    if kind == "labelled":
        alternatives = _alternatives(get_args(alternatives[0])[1])
    elif kind in {"repeated", "quantities", "assertions"}:
        alternatives = _alternatives(get_args(alternatives[0])[0])
    else:
        lists = [a for a in alternatives if get_origin(a) is list]
        if lists:
            many = True
            singles = tuple(a for a in alternatives if get_origin(a) is not list)
            alternatives = (*singles, *_alternatives(get_args(lists[0])[0]))
    return FieldShape(name, key, kind, alternatives, many, info.is_required())


@cache
def shape_of(noun: type[Block]) -> Shape:
    """The shape of a noun's block."""
    if issubclass(noun, Open):
        entry_types = _alternatives(get_args(noun.model_fields["root"].annotation)[1])
        return Shape(noun, members=FieldShape("root", "root", "members", entry_types))
    shape = Shape(noun)
    single: dict[str, FieldShape | None] = {"quantities": None, "assertions": None}
    for name, info in noun.model_fields.items():
        entry = _field_shape(name, info)
        if entry.kind in single:
            single[entry.kind] = entry
        else:
            {"value": shape.values, "labelled": shape.labelled, "repeated": shape.repeated}[entry.kind][
                entry.key
            ] = entry
    return Shape(noun, shape.values, shape.labelled, shape.repeated, **single)
