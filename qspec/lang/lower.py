"""Syntax tree to Document: which item fills which field, and a diagnostic for each that fills none."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from qspec.lang.diagnostic import Diagnostic, Edit, Fix, Related, Severity
from qspec.lang.read import NAMES, READERS, MismatchError, bound, plain, predicate, quantity, term, text_of
from qspec.lang.shape import Block as BlockNoun
from qspec.lang.shape import FieldShape, Shape, shape_of
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
    SyntaxTree,
    Use,
    Value,
    Version,
    Word,
)
from qspec.model.base import Noun, Open, Silence
from qspec.model.claim import Assertion
from qspec.model.document import LANGUAGE_VERSION, Document
from qspec.model.hardware import Hardware
from qspec.model.precision import Precision, TensorFormat

Path = tuple[str | int, ...]

_QUALIFIERS = {
    "from": "from_",
    "on": "on",
    "for": "for_",
    "for-each": "for_each",
    "at": "at",
    "expect": "expect",
}


@dataclass
class Positions:
    """Where everything stands: the span of each value and of the words that name it, by path in the document."""

    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)

    def of(self, path: Path) -> Span:
        """The span of the value at `path`, or of the nearest thing around it."""
        while path:
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return self.values.get((), Span(0, 0))

    def key(self, path: Path) -> Span:
        """The span of the words that name what is at `path`, or the nearest thing around it."""
        while path:
            if path in self.keys:
                return self.keys[path]
            path = path[:-1]
        return Span(0, 0)


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
    return Lowered(document, lowering.positions, lowering.errors)


class _Lowering:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.positions = Positions()
        self.errors: list[Diagnostic] = []

    def report(
        self,
        code: str,
        rule: str,
        message: str,
        node: Node,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        """Add an error at a node."""
        self.errors.append(
            Diagnostic(
                code, rule, Severity.ERROR, message, node.span, self.source, None, hint, (), related, fixes
            )
        )

    def build(self, noun: type[BlockNoun], values: dict[str, Any], path: Path, node: Node) -> Any:
        """The noun, or None after reporting what its own limits refuse."""
        try:
            return noun(values.get("root", {})) if issubclass(noun, Open) else noun(**values)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                location = tuple(
                    str(p).replace("_", "-") if isinstance(p, str) else p for p in problem["loc"]
                )
                span = self.positions.of((*path, *location)) if location else node.span
                if problem["type"] == "missing":
                    message = f"`{location[-1]}` is missing from this block."
                    span = self.positions.key(path) if path else node.span
                    code, rule = "QS011", "missing-item"
                else:
                    message = f"`{location[-1] if location else noun.__name__}`: {problem['msg'].lower()}."
                    code, rule = "QS003", "wrong-type"
                self.report(code, rule, message, Node(*span))
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
            key = item.keyword
            insert = Fix(
                f"Put a colon after `{key}`",
                (Edit(Span(item.start + len(key), item.start + len(key)), ":"),),
                True,
            )
            self.report(
                "QS001",
                "syntax-error",
                f"A colon is missing after `{key}`.",
                item,
                f"write `{key}: …`",
                (),
                (insert,),
            )
            return
        if isinstance(item, Use):
            uses = values.setdefault("use", [])
            self.positions.values[(*path, "use", len(uses))] = item.path.span
            uses.append(item.path.text)
            return
        self.positions.values[(*path, "qspec")] = item.number.span
        version = item.number.text
        if not version.isdigit() or int(version) > LANGUAGE_VERSION or int(version) < 1:
            self.report(
                "QS009",
                "language-version",
                f"This program reads version {LANGUAGE_VERSION} of the language, and the file says {version}.",
                item,
                "install a newer qspec"
                if version.isdigit() and int(version) > LANGUAGE_VERSION
                else "write `qspec 1`",
            )
            return
        values["qspec"] = int(version)

    def _assertion(self, item: AssertionNode, shape: Shape, values: dict[str, Any], path: Path) -> None:
        if shape.assertions is None:
            self.report(
                "QS003",
                "wrong-type",
                "An assertion cannot stand in this block.",
                item,
                "assertions stand in a claim",
            )
            return
        fields = self._qualifiers(item.qualifiers, Assertion, item)
        listed = values.setdefault(shape.assertions.name, [])
        here = (*path, shape.assertions.key, len(listed))
        self.positions.values[here] = item.span
        self.positions.keys[here] = item.term.span
        for number, part in enumerate(item.bounds):
            self.positions.values[(*here, "bounds", number)] = part.quantity.span
        try:
            fields["quantity"] = term(item.term)
            fields["bounds"] = [bound(part) for part in item.bounds]
        except MismatchError as mismatch:
            self.report(
                "QS003", "wrong-type", mismatch.message or "This is no assertion.", item, mismatch.hint
            )
            return
        assertion = self.build(Assertion, {**fields, "absolute": item.absolute}, here, item)
        if assertion is not None:
            listed.append(assertion)

    def _qualifiers(self, qualifiers: list[Qualifier], noun: type[BlockNoun], item: Node) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for qualifier in qualifiers:
            name = _QUALIFIERS[qualifier.kind]
            word = qualifier.kind.replace("-", " ")
            if name not in noun.model_fields:
                self.report("QS003", "wrong-type", f"`{word}` cannot stand here.", qualifier, "remove it")
            elif name in fields:
                self.report(
                    "QS005", "duplicate-name", f"`{word}` is said twice.", qualifier, "keep one of them"
                )
            elif isinstance(qualifier.value, Word):
                fields[name] = qualifier.value.text
            elif isinstance(qualifier.value, Number):
                fields[name] = quantity(qualifier.value)
            else:
                try:
                    fields[name] = predicate(qualifier.value)
                except MismatchError as mismatch:
                    self.report("QS003", "wrong-type", mismatch.message or "This is no condition.", qualifier)
        return fields

    def _item(
        self,
        item: Section | Entry,
        shape: Shape,
        values: dict[str, Any],
        path: Path,
        seen: dict[tuple[str, str | None], Node],
    ) -> None:
        key = plain(item.head)
        label = item.label.text if isinstance(item, Section) and item.label is not None else None
        target = self._target(key, label, item, shape)
        if target is None:
            return self._unknown(item, key, label, shape)
        if target.kind in {"quantities", "repeated"}:
            return self._append(item, target, values, path)
        name = label if target.kind == "labelled" else (key if target.kind == "members" else None)
        here: Path = (*path, target.key if target.kind == "value" else target.name.replace("_", "-"))
        if target.kind == "members":
            here = path
        if name is not None:
            here = (*here, name)
        before = seen.setdefault((target.name, name), item)
        if before is not item:
            line, _ = self.source.position(before.start)
            related = (Related(before.span, "first said here"),)
            self.report(
                "QS005",
                "duplicate-name",
                f"`{name or key}` was said on line {line} already.",
                item.head,
                "keep one of them",
                related,
            )
            return None
        self.positions.keys[here] = Span(
            item.head.start, item.label.end if isinstance(item, Section) and item.label else item.head.end
        )
        value = item.block if isinstance(item, Section) else item.value
        self.positions.values[here] = value.span
        result = self._read(value, target, here, item)
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
        if key is not None and label is not None:
            return shape.labelled.get(key)
        if key is not None and not (isinstance(item, Entry) and item.qualifiers):
            known = shape.values.get(key) or (shape.repeated.get(key) if isinstance(item, Section) else None)
            if known is not None:
                return known
        if shape.members is not None and key is not None:
            return shape.members
        if shape.quantities is not None and key not in shape.labelled:
            return shape.quantities
        return None

    def _unknown(self, item: Section | Entry, key: str | None, label: str | None, shape: Shape) -> None:
        written = self.source.text[item.head.start : item.head.end]
        if label is not None and key in shape.values:
            self.report(
                "QS001",
                "syntax-error",
                f"`{key}` takes no name.",
                item,
                f"write `{key}: {label}`, or `{key} {{ … }}`",
            )
            return
        if label is None and key in shape.labelled:
            self.report(
                "QS001", "syntax-error", f"`{key}` needs a name.", item.head, f"write `{key} NAME {{ … }}`"
            )
            return
        near = difflib.get_close_matches(written, shape.words, n=1, cutoff=0.6)
        if near:
            fix = Fix(f"Write `{near[0]}`", (Edit(item.head.span, near[0]),), True)
            self.report(
                "QS002",
                "unknown-key",
                f"There is no `{written}` here.",
                item.head,
                f"did you mean `{near[0]}`?",
                (),
                (fix,),
            )
        else:
            known = ", ".join(f"`{w}`" for w in shape.words[:12])
            self.report(
                "QS002",
                "unknown-key",
                f"There is no `{written}` here.",
                item.head,
                f"this block takes {known}",
            )

    def _append(self, item: Section | Entry, target: FieldShape, values: dict[str, Any], path: Path) -> None:
        """An item of a list that grows with every section: measured blocks, reported and measured figures."""
        noun: type[BlockNoun] = target.types[0]
        listed = values.setdefault(target.name, [])
        here = (*path, target.name.replace("_", "-"), len(listed))
        self.positions.values[here] = item.span
        self.positions.keys[here] = item.head.span
        fields = self._qualifiers(item.qualifiers, noun, item)
        if target.kind == "quantities":
            try:
                fields["quantity"] = term(item.head)
            except MismatchError as mismatch:
                self.report(
                    "QS003",
                    "wrong-type",
                    mismatch.message or "This is no quantity.",
                    item.head,
                    mismatch.hint,
                )
                return
        if isinstance(item, Section):
            fields |= self.block(item.block, shape_of(noun), here)
        elif isinstance(item.value, BoundNode) and "bound" in noun.model_fields:
            fields["bound"] = bound(item.value)
        elif isinstance(item.value, Number | SpreadNode | RangeNode) and "value" in noun.model_fields:
            fields["value"] = self._one(item.value, shape_of(noun).values["value"], here)
        else:
            self.report("QS003", "wrong-type", "A figure is a number, a bound, or a block.", item.value)
            return
        built = self.build(noun, fields, here, item)
        if built is not None:
            listed.append(built)

    # Values ----------------------------------------------------------------------------------

    def _read(self, value: Value, target: FieldShape, path: Path, item: Section | Entry) -> Any:
        if isinstance(item, Section) and item.qualifiers:
            noun = next((t for t in target.types if isinstance(t, type) and issubclass(t, Noun | Open)), None)
            fields = self._qualifiers(item.qualifiers, noun, item) if noun else {}
            return self._noun(item.block, noun, path, fields) if noun else None
        if target.many and isinstance(value, ListNode):
            found = []
            for number, part in enumerate(value.items):
                self.positions.values[(*path, number)] = part.span
                one = self._one(part, target, (*path, number))
                if one is not None:
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
                if (
                    isinstance(value, Block)
                    and isinstance(kind, type)
                    and issubclass(kind, Noun | Open)
                    and kind not in READERS
                ):
                    return self._noun(value, kind, path, {})
                if kind in _DETAILED:
                    return self._detailed(value, kind, path)
                if kind in READERS:
                    return READERS[kind](value)
            except MismatchError as mismatch:
                if mismatch.message:
                    hint = mismatch
        if hint is not None:
            self.report("QS003", "wrong-type", hint.message or "", value, hint.hint)
        else:
            names = [NAMES.get(t, "a block `{ … }`") for t in target.types]
            expected = (
                names[0] if len(names) == 1 else ", ".join(dict.fromkeys(names[:-1])) + " or " + names[-1]
            )
            self.report("QS003", "wrong-type", f"`{target.key}` takes {expected}.", value)
        return None

    def _noun(self, block: Block, noun: type[BlockNoun], path: Path, fields: dict[str, Any]) -> Any:
        fields = {**fields, **self.block(block, shape_of(noun), path)}
        return self.build(noun, fields, path, block)

    def _detailed(self, value: Value, noun: type[BlockNoun], path: Path) -> Any:
        """A noun with a short form: one word, or one word and a block of detail."""
        short = _DETAILED[noun]
        if isinstance(value, Detailed):
            return self._noun(value.block, noun, path, {short: str(term(value.term))})
        if isinstance(value, Block):
            return self._noun(value, noun, path, {})
        written = text_of(value)
        if noun is Hardware:
            if written != "local":
                raise MismatchError
            return Hardware(local=True)
        if written == "unstated" or written.startswith("not-applicable"):
            raise MismatchError
        return noun(**{short: written})


_DETAILED: dict[type[BlockNoun], str] = {TensorFormat: "type", Precision: "shorthand", Hardware: "local"}
"""Nouns that may be written as one word, and the field that takes it."""
