"""Another name for what a spec declares, in every file that uses it: splices at the places of the name."""

from __future__ import annotations

import copy
import difflib
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from qspec.errors import Place, QSpecError
from qspec.lang.build import unescaped
from qspec.lang.claims import refuse_errors
from qspec.lang.diagnostic import Edit
from qspec.lang.edit import verified
from qspec.lang.load import Loaded, Workspace
from qspec.lang.references import COLLECTIONS, Change, Data, Declared, References
from qspec.lang.source import Source, Span
from qspec.model.document import Document
from qspec.model.expression import Crossed
from qspec.model.spelling import NAME, inner_word, key_word, quote, value_word

_TOKEN = re.compile(rf'"(?:[^"\\\r\n]|\\.)*"|#[^\r\n]*|{NAME.pattern}')
_CALL = re.compile(r"cross[ \t]*\(")


@dataclass(frozen=True)
class Renamed:
    """One file that a rename changes: what it was, what it becomes, and the edits between the two."""

    before: Source
    after: Source
    edits: tuple[Edit, ...]


def rename(workspace: Workspace, name: str, new: str) -> list[Renamed]:
    """Give what `name` stands for another name, in the document and in all that it uses; nothing is written.

    `name` is one that the workspace declares; where several things bear it, `KIND/NAME` or `OWNER/KIND/NAME` says
    which. What was measured under the old name stays as it was written. Raises `QSpecError` where nothing or several
    things bear the name, where the new one is taken, or where a file would not say what it should.
    """
    refuse_errors(workspace.errors)
    references = References([loaded.document.to_json() for loaded in workspace.files])
    target = _find(references.declared(), name, workspace)
    _refuse_taken(references, target, new, workspace)
    found = []
    for loaded, data in zip(workspace.files, references.documents, strict=True):
        changes = list(references.changes(data, target, new))
        if changes:
            found.append(_renamed(loaded, data, changes))
    return [one for one in found if one.edits]


def _find(declared: list[Declared], name: str, workspace: Workspace) -> Declared:
    """What a name or an address stands for."""
    place = Place(workspace.main.source.path)
    exact = [one for one in declared if name in {one.name, f"{one.kind}/{one.name}", str(one)}]
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise QSpecError(
            f"`{name}` is the name of several things here.",
            place=place,
            hint=f"say which: {', '.join(f'`{one}`' for one in exact)}",
        )
    near = difflib.get_close_matches(name, [n for one in declared for n in (one.name, str(one))], n=1)
    hint = (
        f"did you mean `{near[0]}`?" if near else "name something that the spec, or a file it uses, declares"
    )
    raise QSpecError(f"Nothing here is called `{name}`.", place=place, hint=hint)


def _refuse_taken(references: References, target: Declared, new: str, workspace: Workspace) -> None:
    place = Place(workspace.main.source.path)
    taken = Declared(target.kind, new, target.owner)
    declared = references.declared()
    if taken in declared:
        raise QSpecError(f"`{taken}` is there already.", place=place, hint="choose another name")
    # An assertion is `on` an evaluation or a load, and a name that both bear would not say on which.
    beside = {"evaluation": "load", "load": "evaluation"}.get(target.kind)
    for one in (target.name, new):
        other = Declared(beside, one, target.owner) if beside else None
        if other in declared:
            raise QSpecError(
                f"`{other}` bears that name, and an assertion `on {one}` could mean either.",
                place=place,
                hint="choose another name" if one == new else "rename one of them by hand",
            )
    if target.kind in COLLECTIONS and not new.strip():
        raise QSpecError("A name is empty.", place=place, hint="write a name")


def _renamed(loaded: Loaded, data: Data, changes: list[Change]) -> Renamed:
    source = loaded.source
    if not source.path.endswith(".qspec") and source.path != "-":
        raise QSpecError(
            "Names are changed in the text of the language, and this is a twin.",
            place=Place(source.path),
            hint="`qspec convert` writes it as a .qspec",
        )
    try:
        expected = Document.model_validate(_changed(data, changes))
    except ValidationError:
        raise QSpecError(
            f"`{changes[0].new}` is no name.",
            place=Place(source.path),
            hint="write letters, digits and hyphens",
        ) from None
    edits = {edit for change in changes for edit in _edits(loaded, change, data)}
    ordered = tuple(sorted(edits, key=lambda edit: edit.span))
    return Renamed(source, verified(source, ordered, expected), ordered)


def _changed(data: Data, changes: list[Change]) -> Data:
    """The data after the changes; what bears another name stays where it stands among its neighbours."""
    data = copy.deepcopy(data)
    # Names of what is further in change first, so that the paths of the others stay true.
    for change in sorted(changes, key=lambda change: (change.key, -len(change.path))):
        holder: Any = data
        for part in change.path[:-1]:
            holder = holder[part]
        last = change.path[-1]
        if change.key:
            kept = {change.new if key == last else key: value for key, value in holder.items()}
            holder.clear()
            holder.update(kept)
        else:
            holder[last] = change.new
    return data


def _edits(loaded: Loaded, change: Change, data: Data) -> list[Edit]:
    """The splices of a change: the token that says the old name where the change stands."""
    text = loaded.source.text
    in_head = change.key or change.path[-2] == "named"
    span = loaded.positions.key(change.path) if in_head else loaded.positions.of(change.path)
    found = [
        Span(match.start(), match.end())
        for match in _TOKEN.finditer(text, *span)
        if (unescaped(match[0]) if match[0][0] == '"' else match[0]) == change.old
    ]
    if change.path[-2] == "cross":
        return _crossed(change, text, span, found, data)
    # A pin stands behind its name, other words stand before it.
    pinned = change.path[-1] == "name" and change.path[-2] != "baseline"
    found = found[:1] if pinned else found[-1:]
    return [Edit(place, _spelled(change, text, place)) for place in found]


def _crossed(change: Change, text: str, span: Span, found: list[Span], data: Data) -> list[Edit]:
    """The splices in what is crossed: of `a x b` the whole, since its first name says how it can be written."""
    if _CALL.match(text, span.start):
        return [Edit(place, _spelled(change, text, place)) for place in found if place.start > span.start]
    names: Any = data
    for part in change.path[:-1]:
        names = names[part]
    return [Edit(span, str(Crossed(cross=[change.new if name == change.old else name for name in names])))]


def _spelled(change: Change, text: str, place: Span) -> str:
    """The new name as it is spelled there: in quotes where the old one was, or where it needs them."""
    if text[place.start] == '"':
        return quote(change.new)
    if change.key:
        return key_word(change.new) if change.path[-2] in {"strata", "splits"} else inner_word(change.new)
    behind_a_word = change.path[-1] in {"on", "from", "for-each", "for"} or change.path[-2] in {
        "baseline",
        "cross",
    }
    return (inner_word if behind_a_word else value_word)(change.new)
