"""The YAML and JSON twins of a document: the model itself as plain data, under the published schema."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, Literal, TypeGuard, get_args, get_origin

from pydantic import ValidationError

from qspec.lang.complaint import Complaints, known_unit
from qspec.lang.diagnostic import Diagnostic, Severity
from qspec.lang.load import Loaded
from qspec.lang.plain import Plain, PlainSyntaxError, read_json
from qspec.lang.positions import Path, Positions
from qspec.lang.shape import members_of
from qspec.lang.source import Source, Span
from qspec.lang.tree import Block, Node, SyntaxTree
from qspec.model.base import Noun, Open
from qspec.model.document import LANGUAGE_VERSION, Document
from qspec.model.quantity import Quantity

Format = Literal["yaml", "json"]

_MISSING = object()
"""Stands for a value that was reported and left out."""


def read_twin(source: Source) -> Loaded:
    """Read a YAML or JSON text, by the ending of its path; every error has its line and column."""
    empty = SyntaxTree(Block(0, len(source.text), []))
    try:
        if FilePath(source.path).suffix.lower() == ".json":
            plain = read_json(source)
        else:
            from qspec.lang.plain_yaml import read_yaml

            plain = read_yaml(source)
    except PlainSyntaxError as problem:
        error = Diagnostic(
            "QS001", "syntax-error", Severity.ERROR, problem.message, problem.span, source, help=problem.hint
        )
        return Loaded(source, empty, Document(), Positions(), [error], 1)
    raising = _Raising(source)
    document = raising.document(plain)
    errors = sorted(raising.complaints.errors, key=lambda error: error.span)
    return Loaded(source, empty, document, raising.positions, errors)


def write_twin(document: Document, form: Format) -> str:
    """The document as YAML or JSON; reading it gives the same document, and writing that the same text."""
    data = {"qspec": document.qspec, **document.to_json()}
    if form == "json":
        import json

        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    from qspec.lang.plain_yaml import dump

    return dump(data)


class _Raising:
    """Plain data to nouns: the annotations of the fields say what each value may be."""

    def __init__(self, source: Source) -> None:
        self.complaints = Complaints(source)
        self.positions = Positions()

    def document(self, plain: Plain) -> Document:
        """The document, without what was reported."""
        if not plain.mapping:
            self.complaints.wrong("A document is a mapping of names to values.", Node(*plain.span))
            return Document()
        for key, value in plain.pairs:
            if key.text == "qspec" and value.value != LANGUAGE_VERSION:
                self.complaints.version(str(value.value), Node(*value.span))
                return Document()
        built = self.noun(plain, Document, ())
        return built if isinstance(built, Document) else Document()

    def value(self, plain: Plain, annotation: Any, path: Path) -> Any:
        """A value as an annotation allows it, or `_MISSING` after reporting that it does not."""
        self.positions.values[path] = plain.span
        kinds = members_of(annotation)
        if plain.value is None and type(None) in kinds:
            return None
        if plain.mapping:
            return self._mapping(plain, kinds, path)
        if isinstance(plain.value, list):
            return self._list(plain, kinds, path)
        return self._scalar(plain, kinds, path)

    def _mapping(self, plain: Plain, kinds: Sequence[Any], path: Path) -> Any:
        for kind in kinds:
            if get_origin(kind) is dict:
                return self._entries(plain, get_args(kind)[1], path)
        nouns = [kind for kind in kinds if _is_noun(kind)]
        if not nouns:
            return self._wrong(plain, kinds, path)
        keys = {key.text for key, _ in plain.pairs}
        return self.noun(plain, max(nouns, key=lambda noun: _likeness(noun, keys)), path)

    def _entries(self, plain: Plain, annotation: Any, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in self._once(plain):
            one = self.value(value, annotation, (*path, name))
            if one is not _MISSING:
                found[name] = one
        for key, _ in plain.pairs:
            self.positions.keys.setdefault((*path, key.text), key.span)
        return found

    def _once(self, plain: Plain) -> list[tuple[str, Plain]]:
        """The pairs of a mapping, a key that is said twice reported and its first value kept."""
        seen: dict[str, Span] = {}
        pairs = []
        for key, value in plain.pairs:
            if key.text in seen:
                self.complaints.twice(key.text, Node(*key.span), Node(*seen[key.text]))
                continue
            seen[key.text] = key.span
            pairs.append((key.text, value))
        return pairs

    def _list(self, plain: Plain, kinds: Sequence[Any], path: Path) -> Any:
        for kind in kinds:
            if get_origin(kind) is list:
                parts = plain.value if isinstance(plain.value, list) else []
                read = [
                    self.value(part, get_args(kind)[0], (*path, number))
                    for number, part in enumerate(parts)
                    if isinstance(part, Plain)
                ]
                return [one for one in read if one is not _MISSING]
        return self._wrong(plain, kinds, path)

    def _scalar(self, plain: Plain, kinds: Sequence[Any], path: Path) -> Any:
        value = plain.value
        for kind in kinds:
            if get_origin(kind) is Literal and value in get_args(kind):
                return value
            if kind in {str, bool, int} and type(value) is kind:
                return value
            if kind is Decimal and isinstance(value, str | int | Decimal) and not isinstance(value, bool):
                return str(value)
        return self._wrong(plain, kinds, path)

    def _wrong(self, plain: Plain, kinds: Sequence[Any], path: Path) -> Any:
        expected = " or ".join(dict.fromkeys(_name(kind) for kind in kinds if kind is not type(None)))
        key = next((part for part in reversed(path) if isinstance(part, str)), "the document")
        self.complaints.wrong(f"`{key}` takes {expected}.", Node(*plain.span))
        return _MISSING

    def noun(self, plain: Plain, noun: type[Noun | Open[Any]], path: Path) -> Any:
        """A noun out of a mapping."""
        self.positions.values[path] = plain.span
        if issubclass(noun, Open):
            entries = self._entries(plain, get_args(noun.model_fields["root"].annotation)[1], path)
            return self._build(noun, {"root": entries}, plain, path)
        fields = {info.alias or name: (name, info) for name, info in noun.model_fields.items()}
        values: dict[str, Any] = {}
        known = dict(self._once(plain))
        for key, _ in plain.pairs:
            if key.text in fields:
                self.positions.keys.setdefault((*path, key.text), key.span)
            else:
                self.complaints.unknown(key.text, Node(*key.span), list(fields))
        for key_text, value in known.items():
            if key_text in fields:
                name, info = fields[key_text]
                one = self.value(value, info.annotation, (*path, key_text))
                if one is not _MISSING:
                    values[name] = one
        return self._build(noun, values, plain, path)

    def _build(self, noun: type[Noun | Open[Any]], values: dict[str, Any], plain: Plain, path: Path) -> Any:
        try:
            built = noun(values["root"]) if issubclass(noun, Open) else noun(**values)
        except ValidationError as error:
            node = Node(*plain.span)
            self.complaints.refused(error, path, self.positions, node, node)
            return _MISSING
        if isinstance(built, Quantity) and built.unit is not None and not known_unit(built.unit):
            span = self.positions.of((*path, "unit"))
            self.complaints.unit(built.unit, span)
        return built


def _is_noun(kind: Any) -> TypeGuard[type[Noun | Open[Any]]]:
    return isinstance(kind, type) and issubclass(kind, Noun | Open)


def _likeness(noun: type[Noun | Open[Any]], keys: set[str]) -> tuple[int, int]:
    """How well a mapping's keys fit a noun: few unknown ones, then few missing ones."""
    if issubclass(noun, Open):
        return (0, -1)  # any key fits, so that a noun whose keys these are goes first
    names = {info.alias or name for name, info in noun.model_fields.items()}
    needed = {info.alias or name for name, info in noun.model_fields.items() if info.is_required()}
    return (-len(keys - names), -len(needed - keys))


def _name(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    if get_origin(kind) is list:
        return "a list"
    names = {str: "a text", bool: "true or false", int: "a whole number", Decimal: "a number"}
    return names.get(kind, "a mapping")
