from __future__ import annotations

import threading
from pathlib import Path

import pytest
from lark import Lark

from qspec.errors import LimitError
from qspec.lang.grammar import grammar_text
from qspec.lang.parse import parse
from qspec.lang.source import Source, decode_source
from qspec.lang.tree import AssertionNode, Entry, Section, String


def only(text: str) -> object:
    parsed = parse(Source("x.qspec", text))
    assert not parsed.errors
    (item,) = parsed.tree.root.items
    return item


def test_the_grammar_has_no_collisions() -> None:
    Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        start="document",
        maybe_placeholders=False,
        strict=True,
    )


def test_words_that_join_parts_may_still_be_names() -> None:
    item = only("strata { on: by for, x: x x per, in: by at, each: by each }")
    assert isinstance(item, Section)
    assert len(item.block.items) == 4


def test_an_assertion_keeps_its_bounds_in_reading_order() -> None:
    item = only("1 % <= |loss(top1)| < 2 % on mmlu for each subject at 99 % expect refuted")
    assert isinstance(item, AssertionNode)
    assert item.absolute
    assert [(b.relation, b.quantity.text) for b in item.bounds] == [(">=", "1"), ("<", "2")]
    assert [q.kind for q in item.qualifiers] == ["on", "for-each", "at", "expect"]


@pytest.mark.parametrize("written", ["≤", "<="])
def test_signs_of_typography_are_read(written: str) -> None:
    item = only(f"loss(top1) {written} 1 pp")
    assert isinstance(item, AssertionNode)
    assert item.bounds[0].relation == "<="


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"a\"b\\c\n\t"', 'a"b\\c\n\t'),
        (r'"\u{1F600}\u{41}"', "\U0001f600A"),
        ('"""one\r\n  two"""', "one\n  two"),
        ('"""say \\"""" ""', None),
        ('"""a"b""c"""', 'a"b""c'),
        ('"# no comment"', "# no comment"),
    ],
)
def test_strings_are_unescaped(written: str, meant: str | None) -> None:
    parsed = parse(Source("x.qspec", f"a: {written}\n"))
    if meant is None:
        assert parsed.errors
        return
    item = parsed.tree.root.items[0]
    assert isinstance(item, Entry)
    assert isinstance(item.value, String)
    assert item.value.text == meant


@pytest.mark.parametrize("escape", [r"\m", r"\u{D800}", r"\u{110000}", r"\u{}", r"\u41", r"\'"])
def test_an_escape_that_means_nothing_is_an_error_with_a_fix(escape: str) -> None:
    source = Source("x.qspec", f'a: "C:{escape} \\\\m"\n')
    (error,) = parse(source).errors
    assert source.text[slice(*error.span)].startswith(escape[:2])
    assert error.fixes[0].safe


def test_every_comment_is_kept_in_order() -> None:
    text = '# one\na: "# no" # two\nb { # three\n  # four\n} # five\n'
    comments = parse(Source("x.qspec", text)).tree.comments
    assert [c.text for c in comments] == ["# one", "# two", "# three", "# four", "# five"]
    assert all(text[c.start : c.end] == c.text for c in comments)


def test_positions_are_those_of_the_text() -> None:
    text = 'qspec 1\r\nmodel "größe 𝔘" {\r\n\tfile: "a"\r\n}'
    section = parse(Source("x.qspec", text)).tree.root.items[1]
    assert isinstance(section, Section)
    assert text[section.start : section.end].startswith("model")
    assert text[section.start : section.end].endswith("}")
    assert text[section.block.items[0].start : section.block.items[0].end] == 'file: "a"'


@pytest.mark.parametrize("opening", ["{", "[", "("])
def test_nesting_is_capped_by_a_sentence(opening: str) -> None:
    with pytest.raises(LimitError, match="nested more than"):
        parse(Source("x.qspec", f"a: {opening * 10_000}"))


def test_a_byte_order_mark_is_dropped_and_other_encodings_are_named() -> None:
    assert decode_source(b"\xef\xbb\xbfa: b", "x").text == "a: b"
    with pytest.raises(Exception, match="0xff is not UTF-8") as caught:
        decode_source(b"a: b\nc: \xff", "x")
    assert "x:2:4" in str(caught.value)


def test_texts_are_parsed_in_several_threads() -> None:
    texts = [f"model m{n} {{ version: {n} }} # {n}\n" for n in range(20)]
    found: dict[int, list[str]] = {}

    def work(number: int) -> None:
        found[number] = [c.text for c in parse(Source("x", texts[number])).tree.comments]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [f"# {n}"] for n in range(20)}


def test_the_parser_works_where_nothing_can_be_cached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from qspec.lang import grammar

    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("QSPEC_CACHE", str(blocked / "below"))
    built = grammar.parser.__wrapped__()
    assert built.parse("a: b\n").items
