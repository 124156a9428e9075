"""Layout while somebody types: the item around the cursor is laid out, and every other byte stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qspec.lang.edit import apply
from qspec.lang.format import format_text
from qspec.lang.format_around import format_around
from qspec.lang.load import load_one
from qspec.lang.parse import parse
from qspec.lang.source import Source

SPECS = Path(__file__).parents[2] / "specs"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted((SPECS / "examples").glob("*.qspec"))]
LAYOUTS = {
    "as it is": lambda text: text,
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "tabs": lambda text: text.replace("  ", "\t"),
    "wide characters": lambda text: text.replace("# ", "# 日本 𝔘 "),
    "no final newline": lambda text: text.rstrip("\n"),
}
ROUGH = 'qspec 1\nmodel  a{version:  "1"\n}\n\nmodel b   {  version:"2"\n      file: "m.onnx"  # here\n}\n'


def item_at(source: Source, offset: int):
    items = parse(source).tree.root.items
    return next((i for i, item in enumerate(items) if item.start <= offset <= item.end), None)


def test_only_the_item_that_was_just_closed_is_laid_out():
    closed = ROUGH.rindex("}") + 1
    edited = apply(ROUGH, format_around(Source("s.qspec", ROUGH), closed))
    assert edited == (
        'qspec 1\nmodel  a{version:  "1"\n}\n\nmodel b {\n  version: "2"\n  file:    "m.onnx"  # here\n}\n'
    )


def test_what_is_laid_out_already_needs_no_edit():
    text = format_text(Source("s.qspec", ROUGH))
    assert format_around(Source("s.qspec", text), len(text) - 2) == []


@pytest.mark.parametrize(
    "text", ["model a {\n", "model a { version: }\n", "model a { version: 1 }\nclaim {{\n"]
)
def test_a_document_that_does_not_parse_is_left_alone(text):
    assert all(format_around(Source("s.qspec", text), at) == [] for at in range(len(text) + 1))


def test_outside_every_item_nothing_is_done():
    assert format_around(Source("s.qspec", "\n\n# a comment\n\n"), 3) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=30, deadline=None, database=None, derandomize=True)
@given(data=st.data())
def test_every_byte_outside_the_item_stays_and_the_item_is_as_the_formatter_lays_it_out(layout, data):
    text = LAYOUTS[layout](data.draw(st.sampled_from(TEXTS)))
    for _ in range(data.draw(st.integers(0, 4))):  # blanks that mean nothing
        places = [at + 1 for at in range(len(text)) if text[at] in "{\n"]
        at = data.draw(st.sampled_from(places))
        text = f"{text[:at]}{data.draw(st.sampled_from([' ', '   ', chr(9)]))}{text[at:]}"
    source = Source("s.qspec", text)
    offset = data.draw(st.integers(0, len(text)))
    index = item_at(source, offset)
    edits = format_around(source, offset)
    edited = Source("s.qspec", apply(text, edits))
    if index is None:
        assert edited == source
        return
    before, after = parse(source).tree.root.items[index], parse(edited).tree.root.items[index]
    assert edited.text[: after.start] == text[: before.start]
    assert edited.text[after.end :] == text[before.end :]
    whole = Source("s.qspec", format_text(source))
    wanted = parse(whole).tree.root.items[index]
    assert edited.text[after.start : after.end] == whole.text[wanted.start : wanted.end]
    assert load_one(edited).document == load_one(source).document
    assert format_around(edited, after.start) == []
