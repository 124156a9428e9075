"""The editor grammar, made from the terminals of the parser; `python -m qspec.lang.textmate` writes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from qspec.lang.grammar import parser
from qspec.lang.shape import Shape, shape_of
from qspec.model.document import Document
from qspec.model.spelling import CONNECTIVES, MEANINGFUL
from qspec.model.unit import UNITS

_SIGNS = ("LE", "LT", "GE", "GT", "EQ", "NE", "PIPE", "PIN", "RANGE", "PLUS_MINUS", "COLON", "COMMA")


def grammar() -> dict[str, Any]:
    """A TextMate grammar: comments, strings, numbers with units, section words, keys, connectives, signs."""
    terminals = {terminal.name: terminal.pattern.to_regexp() for terminal in parser().terminals}
    name = _own(terminals["NAME"])
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "QSpec",
        "scopeName": "source.qspec",
        "fileTypes": ["qspec"],
        "patterns": [
            {"name": "comment.line.number-sign.qspec", "match": terminals["COMMENT"]},
            _string("string.quoted.triple.qspec", '"""', '"""'),
            _string("string.quoted.double.qspec", '"', '"|$'),
            _match("constant.other.date.qspec", _own(terminals["DATE"])),
            {
                "match": f"({_own(terminals['NUMBER'])})[ \\t]*({_units()})?",
                "captures": {
                    "1": {"name": "constant.numeric.qspec"},
                    "2": {"name": "keyword.other.unit.qspec"},
                },
            },
            {
                "match": f"^[ \\t]*({_alternatives(_openers())})[ \\t]+({name})(?=[^:\\n]*\\{{)",
                "captures": {
                    "1": {"name": "keyword.declaration.qspec"},
                    "2": {"name": "entity.name.section.qspec"},
                },
            },
            _match("keyword.control.qspec", '^[ \\t]*(?:qspec|use)(?=[ \\t]+[0-9"])'),
            _match("variable.other.key.qspec", f"{name}(?=[ \\t]*(?::|\\{{))"),
            _match("constant.language.qspec", _alternatives(MEANINGFUL - CONNECTIVES)),
            _match("keyword.operator.word.qspec", _alternatives(CONNECTIVES)),
            _match("entity.name.function.qspec", f"{name}(?=\\()"),
            _match("string.unquoted.qspec", name),  # whole names, so that no digit in one is a number
            _match("keyword.operator.qspec", "|".join(terminals[sign] for sign in _SIGNS)),
        ],
    }


def _own(pattern: str) -> str:
    """A terminal's pattern as part of a longer one."""
    return f"(?:{pattern})"


def _match(scope: str, pattern: str) -> dict[str, str]:
    return {"name": scope, "match": pattern}


def _string(scope: str, begin: str, end: str) -> dict[str, Any]:
    escapes = {"name": "constant.character.escape.qspec", "match": r'\\(?:[\\"nrt]|u\{[0-9A-Fa-f]{1,6}\})'}
    return {"name": scope, "begin": begin, "end": end, "patterns": [escapes]}


def _alternatives(words: Any) -> str:
    """Any of some words, and no longer name that holds one."""
    escaped = "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
    return f"(?<![\\w.-])(?:{escaped})(?![\\w.-])"


def _units() -> str:
    names = "|".join(re.escape(unit) for unit in sorted(UNITS, key=lambda unit: (-len(unit), unit)))
    return f"(?:{names})(?![\\w])(?: per \\w+)?"


def _openers() -> set[str]:
    """The words that lead in a section with a name, anywhere in a document."""
    found: set[str] = set()
    waiting: list[Shape] = [shape_of(Document)]
    seen: set[type[Any]] = set()
    while waiting:
        shape = waiting.pop()
        found |= set(shape.labelled)
        entries = [*shape.values.values(), *shape.labelled.values(), *shape.repeated.values()]
        for kind in (kind for entry in entries for kind in entry.types if isinstance(kind, type)):
            if kind not in seen and hasattr(kind, "model_fields"):
                seen.add(kind)
                waiting.append(shape_of(kind))
    return found


def rendered() -> str:
    """The grammar as it lies in `grammar/qspec.tmLanguage.json`."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the editor grammar beside the grammar of the parser."""
    folder = Path(__file__).resolve().parents[2] / "grammar"
    (folder / "qspec.tmLanguage.json").write_text(rendered(), encoding="utf-8")


if __name__ == "__main__":
    main()
