from __future__ import annotations

import random
import re

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from strategies import documents

from qspec.errors import QSpecError, SpecSyntaxError
from qspec.lang.format import _Formatter, format_text
from qspec.lang.load import load_one
from qspec.lang.parse import parse
from qspec.lang.reprint import Reprinter
from qspec.lang.source import Source
from qspec.lang.write import write_document
from qspec.model.document import Document


def formatted(text: str, **options: bool) -> str:
    return format_text(Source("x.qspec", text), **options)


CASES = {
    "values align, and block openers with them": (
        "executor e {\n hardware:local\n   runtime { name : a ,version:b }\n precision {\n weights:int8\n}\n"
        "test-set{data:d.test}\n}",
        "executor e {\n  hardware: local\n  runtime   { name: a, version: b }\n  precision {\n    weights: int8\n  }\n"
        "  test-set  { data: d.test }\n}\n",
    ),
    "words in front of blocks align": (
        "precision {\n  weights: int8 {symmetric: true}\n  activations: uint8 {symmetric: false}\n}",
        "precision {\n  weights:     int8  { symmetric: true }\n  activations: uint8 { symmetric: false }\n}\n",
    ),
    "assertions align in columns": (
        "claim c on e {\n loss(perplexity)<=0.1 ppl on a\n x ≥ 1% on b expect refuted at 99 % for each s\n\n y<2\n}",
        "claim c on e {\n  loss(perplexity) <= 0.1 ppl on a\n"
        "  x                >= 1 %     on b for each s at 99 % expect refuted\n"
        "\n  y < 2\n}\n",
    ),
    "the language's own words for a loss": (
        "claim c on e {\n drop(a) <= 1 pp\n recovery(b) >= 99 %\n |degradation(c)| < 1\n}",
        "claim c on e {\n  loss(a)   <= 1 pp\n  b         >= 99 % of baseline\n  |loss(c)| < 1\n}\n",
    ),
    "comments stay where they belong": (
        "# head\n\n\n# more\nqspec 1 # version\n"
        "model m { # opener\n\n  # above\n\n\n  file: a # behind\n  # dangling\n}# end\n# last",
        "# head\n\n# more\nqspec 1  # version\n"
        "model m {  # opener\n  # above\n\n  file: a  # behind\n  # dangling\n}  # end\n# last\n",
    ),
    "one blank line at most, none at the ends of a block": (
        "a {\n\n\n  b: 1\n\n\n  c: 2\n\n}\n\n\n\nd: 3\n\n\n",
        "a {\n  b: 1\n\n  c: 2\n}\n\nd: 3\n",
    ),
    "a list with comments stays on several lines": (
        "exclude: [a, # one\n  # two\n  b\n  # three\n]",
        "exclude: [\n  a,  # one\n  # two\n  b,\n  # three\n]\n",
    ),
    "a short list is one line": ("exclude: [\n  a,\n  b,\n]", "exclude: [a, b]\n"),
    "a comment inside a call moves above the item": (
        "metrics: f(\n  a, # why\n  b)",
        "# why\nmetrics: f(a, b)\n",
    ),
    "needless quotes go, needful ones stay": (
        'load "single" { "batch": 1, "a b": "c d" @ 4.1, "x": "y" }',
        'load single { batch: 1, "a b": "c d" @ "4.1", x: "y" }\n',
    ),
    "prose is never touched": ('a {\n    b: """one\n two"""\n}', 'a {\n  b: """one\n two"""\n}\n'),
    "an empty block is one word": ("hardware h {\n\n}", "hardware h {}\n"),
    "a colon before a block goes": ("load: { batch: 1 }", "load { batch: 1 }\n"),
    "conditions": (
        "splits { a: not ( x==1 or y ≠ 2 ), }".replace("≠", "!="),
        "splits { a: not (x == 1 or y != 2) }\n",
    ),
    "both bounds": ("claim c on e { 1 %<=|a|<2 % }", "claim c on e { 1 % <= |a| < 2 % }\n"),
    "nothing": ("\n\n", ""),
    "only a comment": ("\n# alone\n\n\n# two", "# alone\n\n# two\n"),
    "wide characters": (
        'a {\n  "日本": x\n  abc: y\n}',
        "a {\n  日本: x\n  abc:  y\n}\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_layout(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


def test_line_ends_are_the_authors() -> None:
    text = 'a {\r\n  b: 1\r\n  c: """x\r\n y"""\r\n}\r\n'
    assert formatted(text) == text


def test_long_blocks_and_lists_are_broken() -> None:
    wide = ", ".join(f'"name-{n}"' for n in range(20))
    lines = formatted(f"precision {{ exclude: [{wide}], method: qat }}").split("\n")
    assert lines[:3] == ["precision {", "  exclude: [", '    "name-0",']
    assert max(map(len, lines)) < 120


def test_a_text_that_does_not_parse_is_refused() -> None:
    with pytest.raises(SpecSyntaxError, match="and 1 more") as caught:
        formatted("a: \nb: \n")
    assert str(caught.value.place) == "x.qspec:1:3"


def test_a_text_whose_meaning_is_doubtful_is_still_laid_out() -> None:
    assert formatted("executor e {\n tsak:x\n}") == "executor e {\n  tsak: x\n}\n"


def test_a_change_of_meaning_stops_the_formatter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reprinter, "number", lambda self, node: "7")
    with pytest.raises(QSpecError, match="would change what the file says"):
        formatted("hardware h { cores: 4 }")


def test_a_lost_comment_stops_the_formatter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Formatter, "within", lambda self, start, end: [])
    with pytest.raises(QSpecError, match="would lose a comment"):
        formatted("hardware h { cores: 4 } # four")


def test_shorthands_are_spelt_out_on_request() -> None:
    text = "executor e {\n  # why\n  precision: W4A16 g128 # short\n  baseline:  fp16\n}\n"
    assert formatted(text) == text.replace("128 #", "128  #")
    expanded = formatted(text, expand=True)
    assert "  # why\n  precision  {" in expanded
    assert "per-group(128)" in expanded
    assert " }  # short\n" in expanded
    assert formatted(expanded, expand=True) == expanded


def test_a_shorthand_that_nobody_writes_is_refused_at_its_place() -> None:
    with pytest.raises(QSpecError) as caught:
        formatted("executor e {\n  precision: nonsense\n}", expand=True)
    assert str(caught.value.place) == "x.qspec:2:3"


def ruffled(text: str, rng: random.Random) -> str:
    """The text with comments, blank lines and line breaks thrown in wherever they change nothing."""

    def at(match: re.Match[str]) -> str:
        chance, number = rng.random(), rng.randrange(99)
        if match[0] == "\n":
            kinds = [f"  # c{number}\n", f"\n# d{number}\n", "\n\n\n"]
        else:
            kinds = [match[0] + "\n", f"{match[0]} # e{number}\n"]
        return kinds[int(chance * 8)] if chance * 8 < len(kinds) else match[0]

    parts = re.split(r'("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*")', text)
    return "".join(part if n % 2 else re.sub(r"[\n{,\[]", at, part) for n, part in enumerate(parts))


@seed(3)
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
@given(documents, st.integers(0, 10**6))
def test_meaning_and_comments_survive_any_layout(document: Document, number: int) -> None:
    source = Source("x.qspec", ruffled(write_document(document), random.Random(number)))
    text = format_text(source)  # raises where meaning or a comment is lost, or where it would not settle
    assert load_one(Source("x.qspec", text)).document == document
    assert len(parse(Source("x.qspec", text)).tree.comments) == len(parse(source).tree.comments)
    assert not any(line != line.rstrip() for line in text.split("\n") if '"""' not in text)
