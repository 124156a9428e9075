from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qspec.errors import QSpecError
from qspec.lang.diagnostic import Edit
from qspec.lang.edit import append_section, apply, find_section, replace_section, rewrite, verified
from qspec.lang.load import load_one
from qspec.lang.source import Source, Span, read_source
from qspec.model.hardware import Hardware
from qspec.model.measured import Measured
from qspec.model.quantity import Quantity


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.text(max_size=5)), max_size=5),
)
def test_what_stands_outside_the_edits_never_changes(text: str, cuts: list[tuple[int, int, str]]) -> None:
    edits, end = [], 0
    for low, length, new in sorted(cuts):
        start = max(low, end)
        if start + length <= len(text):
            edits.append(Edit(Span(start, start + length), new))
            end = start + length
    result, at, before = apply(text, reversed(edits)), 0, 0
    for edit in sorted(edits, key=lambda e: e.span):
        kept = text[before : edit.span.start]
        assert result[at : at + len(kept)] == kept
        assert result[at + len(kept) :].startswith(edit.text)
        at, before = at + len(kept) + len(edit.text), edit.span.end
    assert result[at:] == text[before:]


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(QSpecError, match="overlap"):
        apply("abcdef", [Edit(Span(0, 3), "x"), Edit(Span(2, 4), "y")])
    with pytest.raises(QSpecError, match="outside"):
        apply("abc", [Edit(Span(2, 9), "x")])


def measured(note: str = "first") -> Measured:
    return Measured.model_validate(
        {
            "at": "2026-01-01T00:00:00Z", "tool": "qspec 1", "judge-version": {"text": "1"},
            "executor": {"cpu": "some cpu", "cores": {"text": "2"}}, "notes": [note, "two\nlines"],
            "executor-digest": "0a", "assertions-digest": "0b", "content-digest": "0c",
        }
    )  # fmt: skip


CLAIMS = {
    "two blanks": "claim a on b {\n  loss(top1) <= 1 pp  # why\n  # last\n}\n",
    "tabs": "claim a on b {\n\tloss(top1) <= 1 pp\n}\n",
    "four blanks and no final newline": "# 日本\nclaim a on b {\n    loss(top1) <= 1 pp\n}",
    "Windows line ends": 'claim a on b {\r\n  title: "größe 日本 𝔘"\r\n  loss(top1) <= 1 pp\r\n}\r\n',
    "one line": "claim a on b { loss(top1) <= 1 pp }\n",
    "one line with a comma": "claim a on b { loss(top1) <= 1 pp, }",
    "empty": "claim a on b {}\n",
    "empty on two lines": "claim a on b {\n}\n",
    "brace behind an item": "claim a on b {\n  loss(top1) <= 1 pp }\n",
    "neighbours": "claim z on b {\n  x <= 1\n}\nclaim a on b {\n  x <= 1\n}\n# end\nclaim c on b {\n}\n",
}


@pytest.mark.parametrize("text", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_section_is_added_and_replaced_in_the_authors_layout(text: str) -> None:
    source = Source("a.qspec", text)
    loaded = load_one(source)
    claim = find_section(loaded.tree.root, "claim", "a")
    assert claim is not None
    document = loaded.document
    for note in ("first", "second"):
        old = document.claims["a"]
        new = old.model_copy(update={"measured": [measured(note)]})
        document = document.model_copy(update={"claims": {**document.claims, "a": new}})
        claim = find_section(load_one(source).tree.root, "claim", "a")
        assert claim is not None
        tree, section = load_one(source).tree, find_section(claim.block, "measured")
        edit = (
            append_section(source, tree, claim.block, "measured", measured(note))
            if section is None
            else replace_section(source, tree, section, "measured", measured(note))
        )
        edited = verified(source, [edit], document)
        start, end = edit.span
        assert edited.text[:start] == source.text[:start]
        assert edited.text[len(edited.text) - (len(source.text) - end) :] == source.text[end:]
        source = edited
    crlf = "\r\n" in text
    body = source.text.replace("\r\n", "")
    assert ("\n" not in body) if crlf else ("\r" not in source.text)
    assert ("\n\t\tcpu:" in source.text or "\n\t\texecutor" in source.text) == ("\t" in text)


def test_a_section_is_added_to_a_document_without_final_newline() -> None:
    source = Source("a.qspec", "qspec 1\n\nhardware a { cpu: x }")
    loaded = load_one(source)
    machine = Hardware(cores=Quantity.of("4"))
    edit = append_section(source, loaded.tree, loaded.tree.root, "hardware b", machine)
    edited = verified(source, [edit])
    assert edited.text == source.text + "\n\nhardware b {\n  cores: 4\n}\n"


def test_an_edit_that_breaks_the_file_is_refused() -> None:
    source = Source("a.qspec", "hardware a { cpu: x }\n")
    with pytest.raises(QSpecError, match="would break the file"):
        verified(source, [Edit(Span(0, 8), "hardwrae")])
    with pytest.raises(QSpecError, match="would not say"):
        verified(source, [Edit(Span(18, 19), "y")], load_one(source).document)


def test_a_byte_order_mark_and_permissions_survive(tmp_path: Path) -> None:
    path = tmp_path / "a.qspec"
    path.write_bytes(b"\xef\xbb\xbfhardware a { cpu: x }\r\n")
    path.chmod(0o640)
    source = read_source(path)
    rewrite(path, source, verified(source, [Edit(Span(18, 19), "y")]))
    assert path.read_bytes() == b"\xef\xbb\xbfhardware a { cpu: y }\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(QSpecError, match="changed since"):
        rewrite(path, source, source)
