"""Syntax tree to Document: which item fills which field, and a diagnostic for each that fills none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from pydantic import ValidationError

from qspec.lang.alias import canonical
from qspec.lang.assemble import assemble
from qspec.lang.complaint import Complaints
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.positions import Path, Positions
from qspec.lang.read import NAMES, READERS, SHORT_FORMS, MismatchError, key_of, read, short_form
from qspec.lang.shape import QUALIFIERS, FieldShape, Shape, shape_of
from qspec.lang.shape import Block as BlockNoun
from qspec.lang.source import Source, Span
from qspec.lang.tree import (
    AssertionNode,
    Block,
    BoundNode,
    Detailed,
    Entry,
    ListNode,
    Node,
    Number,
    Qualifier,
    RangeNode,
    Section,
    SpreadNode,
    String,
    SyntaxTree,
    Use,
    Value,
    Version,
    Word,
)
from qspec.model.base import Noun, Open, Silence
from qspec.model.claim import Assertion, Bound
from qspec.model.document import LANGUAGE_VERSION, Document
from qspec.model.expression import Comparison, Term
from qspec.model.quantity import Quantity

__all__ = ["Lowered", "Path", "Positions", "lower"]


@dataclass
class Lowered:
    """A document, the place of everything in it, and what could not be understood."""

    document: Document
    positions: Positions
    errors: list[Diagnostic]


def lower(tree: SyntaxTree, source: Source) -> Lowered:
    """Lower a tree; items that mean nothing are left out of the document and reported."""
    lowering = _Lowering(source)
    values = lowering.block(tree.root, shape_of(Document), ())
    document = lowering.build(Document, values, (), tree.root) or Document()
    lowering.complaints.units(tree.measures)
    return Lowered(document, lowering.positions, lowering.complaints.errors)


def _is_noun(kind: Any) -> TypeGuard[type[BlockNoun]]:
    """Whether a type is written as a block."""
    return isinstance(kind, type) and issubclass(kind, Noun | Open) and kind not in READERS


class _Lowering:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.positions = Positions()
        self.complaints = Complaints(source)

    def build(self, noun: type[BlockNoun], values: dict[str, Any], path: Path, node: Node) -> Any:
        """The noun, or None after reporting what its own limits refuse."""
        try:
            return assemble(noun, values)
        except ValidationError as error:
            head = Node(*self.positions.key(path)) if path else node
            self.complaints.refused(error, path, self.positions, node, head)
            return None

    def _read(self, kind: Any, node: Node, otherwise: str) -> Any:
        """A value that can be of one type only, or None after reporting that it is not."""
        try:
            return read(kind, node)
        except MismatchError as mismatch:
            self.complaints.wrong(mismatch.message or otherwise, node, mismatch.hint)
            return None

    # Blocks ----------------------------------------------------------------------------------

    def block(self, block: Block, shape: Shape, path: Path) -> dict[str, Any]:
        """The fields that the items of a block fill."""
        values: dict[str, Any] = {}
        seen: dict[tuple[str, str | None], Node] = {}
        self.positions.values.setdefault(path, block.span)
        for item in block.items:
            if isinstance(item, AssertionNode):
                self._assertion(item, shape, values, path)
            elif isinstance(item, Version | Use):
                self._header(item, shape, values, path)
            else:
                self._item(item, shape, values, path, seen)
        return values

    def _header(self, item: Version | Use, shape: Shape, values: dict[str, Any], path: Path) -> None:
        expected = "qspec" if isinstance(item, Version) else "use"
        if item.keyword != expected or shape.noun is not Document:
            self.complaints.no_colon(item.keyword, item)
        elif isinstance(item, Use):
            uses = values.setdefault("use", [])
            self.positions.values[(*path, "use", len(uses))] = item.path.span
            uses.append(item.path.text)
        elif item.number.text != str(LANGUAGE_VERSION):
            self.complaints.version(item.number.text, item)
        else:
            self.positions.values[(*path, "qspec")] = item.number.span
            values["qspec"] = LANGUAGE_VERSION

    def _assertion(self, item: AssertionNode, shape: Shape, values: dict[str, Any], path: Path) -> None:
        if shape.assertions is None:
            hint = "assertions stand in a claim" if shape.members is None else "write `name: value`"
            self.complaints.wrong("An assertion cannot stand in this block.", item, hint)
            return
        listed = values.setdefault(shape.assertions.name, [])
        here = (*path, shape.assertions.key, len(listed))
        self.positions.values[here] = item.span
        self.positions.keys[here] = item.term.span
        fields = self._qualifiers(item.qualifiers, Assertion, here)
        for number, part in enumerate(item.bounds):
            self.positions.values[(*here, "bounds", number)] = part.quantity.span
        quantity = self._read(Term, item.term, "This is no quantity.")
        bounds = [self._read(Bound, part, "This is no bound.") for part in item.bounds]
        if quantity is None or None in bounds:
            return
        fields["quantity"], fields["bounds"] = canonical(quantity, bounds)
        assertion = self.build(Assertion, {**fields, "absolute": item.absolute}, here, item)
        if assertion is not None:
            listed.append(assertion)

    def _qualifiers(
        self, qualifiers: list[Qualifier], noun: type[BlockNoun] | None, path: Path
    ) -> dict[str, Any]:
        """The fields that stand behind a head; none of them fits where `noun` is None."""
        fields: dict[str, Any] = {}
        for qualifier in qualifiers:
            name, value = QUALIFIERS[qualifier.kind], qualifier.value
            word = qualifier.kind.replace("-", " ")
            self.positions.values.setdefault((*path, qualifier.kind), value.span)
            if noun is None or name not in noun.model_fields:
                self.complaints.wrong(f"`{word}` cannot stand here.", qualifier, "remove it")
            elif name in fields:
                self.complaints.add("QS005", f"`{word}` is said twice.", qualifier, "keep one of them")
            elif isinstance(value, Word | String):
                fields[name] = value.text
            else:
                kind = Quantity if isinstance(value, Number) else Comparison
                found = self._read(kind, value, "This is no condition.")
                if found is not None:
                    fields[name] = found
        return fields

    def _item(
        self,
        item: Section | Entry,
        shape: Shape,
        values: dict[str, Any],
        path: Path,
        seen: dict[tuple[str, str | None], Node],
    ) -> None:
        key = key_of(item.head)
        label = item.label.text if isinstance(item, Section) and item.label is not None else None
        target = self._target(key, label, item, shape)
        if target is None:
            return self._unknown(item, key, label, shape)
        if target.kind in {"quantities", "repeated"}:
            return self._append(item, target, values, path)
        name = label if target.kind == "labelled" else (key if target.kind == "members" else None)
        here: Path = path if target.kind == "members" else (*path, target.key)
        if target.kind == "labelled":
            here = (*path, target.name.replace("_", "-"))
        if name is not None:
            here = (*here, name)
        before = seen.setdefault((target.name, name), item)
        if before is not item:
            return self.complaints.twice(name or target.key, item.head, before)
        self.positions.keys[here] = Span(
            item.head.start, item.label.end if isinstance(item, Section) and item.label else item.head.end
        )
        value = item.block if isinstance(item, Section) else item.value
        self.positions.values[here] = value.span
        result = self._field(value, target, here, item)
        if result is None:
            return None
        if name is None:
            values[target.name] = result
        else:
            values.setdefault(target.name, {})[name] = result
        return None

    def _target(
        self, key: str | None, label: str | None, item: Section | Entry, shape: Shape
    ) -> FieldShape | None:
        if label is not None:
            return shape.labelled.get(key or "")
        if shape.members is not None:
            return shape.members if key is not None else None
        figure = shape.quantities is not None and isinstance(item, Entry) and bool(item.qualifiers)
        if key is not None and not figure:
            block = isinstance(item, Section) or isinstance(item.value, Block)
            known = shape.values.get(key) or (shape.repeated.get(key) if block else None)
            if known is not None:
                return known
        if shape.quantities is not None and key not in shape.labelled:
            return shape.quantities
        return None

    def _unknown(self, item: Section | Entry, key: str | None, label: str | None, shape: Shape) -> None:
        if label is not None and (key in shape.values or key in shape.repeated):
            hint = f"write `{key}: {label}`, or `{key} {{ … }}`" if key in shape.values else "remove it"
            self.complaints.add("QS001", f"`{key}` takes no name.", item, hint)
        elif label is None and key in shape.labelled:
            self.complaints.add("QS001", f"`{key}` needs a name.", item.head, f"write `{key} NAME {{ … }}`")
        elif key in shape.repeated:
            self.complaints.wrong(f"`{key}` takes a block.", item, f"write `{key} {{ … }}`")
        else:
            written = self.source.text[item.head.start : item.head.end]
            self.complaints.unknown(written, item.head, shape.words)

    def _append(self, item: Section | Entry, target: FieldShape, values: dict[str, Any], path: Path) -> None:
        """An item of a list that grows with every section: measured blocks, reported and measured figures."""
        noun: type[BlockNoun] = target.types[0]
        listed = values.setdefault(target.name, [])
        here = (*path, target.name.replace("_", "-"), len(listed))
        self.positions.values[here] = item.span
        self.positions.keys[here] = item.head.span
        fields = self._qualifiers(item.qualifiers, noun, here)
        if target.kind == "quantities":
            quantity = self._read(Term, item.head, "This is no quantity.")
            if quantity is None:
                return
            fields["quantity"], _ = canonical(quantity, [])
        block = item.block if isinstance(item, Section) else item.value
        if isinstance(block, Block):
            inner = self.block(block, shape_of(noun), here)
            for name in fields.keys() & inner.keys():
                self.complaints.twice(name.rstrip("_"), block, item.head)
            fields = {**inner, **fields}
        elif isinstance(block, BoundNode) and "bound" in noun.model_fields:
            fields["bound"] = self._read(Bound, block, "This is no bound.")
        elif isinstance(block, Number | SpreadNode | RangeNode) and "value" in noun.model_fields:
            fields["value"] = self._one(block, shape_of(noun).values["value"], here)
        else:
            self.complaints.wrong("A figure is a number, a bound, or a block.", block)
            return
        built = self.build(noun, fields, here, item)
        if built is not None:
            listed.append(built)

    # Values ----------------------------------------------------------------------------------

    def _field(self, value: Value, target: FieldShape, path: Path, item: Section | Entry) -> Any:
        if item.qualifiers:
            noun = next((kind for kind in target.types if _is_noun(kind)), None)
            fields = self._qualifiers(item.qualifiers, noun if isinstance(item, Section) else None, path)
            if noun is not None and isinstance(item, Section):
                return self._noun(item.block, noun, path, fields)
        if target.many and isinstance(value, ListNode):
            found = []
            for number, part in enumerate(value.items):
                self.positions.values[(*path, number)] = part.span
                one = self._one(part, target, (*path, number))
                if isinstance(one, Silence):
                    self.complaints.wrong("A list holds no silence.", part, f"write `{target.key}: unstated`")
                elif one is not None:
                    found.append(one)
            return found
        one = self._one(value, target, path)
        if target.many and one is not None and not isinstance(one, Silence):
            self.positions.values[(*path, 0)] = value.span
            return [one]
        return one

    def _one(self, value: Value, target: FieldShape, path: Path) -> Any:
        """One value as the first type of the field that takes it; reports and returns None when none does."""
        hint: MismatchError | None = None
        for kind in target.types:
            try:
                return self._as(value, kind, path)
            except MismatchError as mismatch:
                if mismatch.message:
                    hint = mismatch
                    if kind is Silence:  # its words would pass as a name
                        break
        if hint is not None:
            self.complaints.wrong(hint.message or "", value, hint.hint)
            return None
        names = list(dict.fromkeys(NAMES.get(kind, "a block `{ … }`") for kind in target.types))
        expected = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
        key = path[-1] if target.kind == "members" and path else target.key
        self.complaints.wrong(f"`{key}` takes {expected}.", value)
        return None

    def _as(self, value: Value, kind: Any, path: Path) -> Any:
        if not _is_noun(kind):
            return read(kind, value)
        if isinstance(value, Block):
            return self._noun(value, kind, path, {})
        short = SHORT_FORMS.get(kind)
        if short is None:
            raise MismatchError
        if isinstance(value, Detailed):
            return self._noun(value.block, kind, path, {short: short_form(value.term, kind)})
        return self.build(kind, {short: short_form(value, kind)}, path, value)

    def _noun(self, block: Block, noun: type[BlockNoun], path: Path, fields: dict[str, Any]) -> Any:
        inner = self.block(block, shape_of(noun), path)
        for name in fields.keys() & inner.keys():
            self.complaints.twice(name.rstrip("_").replace("_", "-"), block, Node(*self.positions.key(path)))
        return self.build(noun, {**inner, **fields}, path, block)
