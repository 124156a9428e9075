from __future__ import annotations

from pathlib import Path

import pytest

from qspec.lang.format import format_text
from qspec.lang.load import load_one
from qspec.lang.source import Source, read_source
from qspec.lang.twin import Format, read_twin, write_twin
from qspec.lang.write import write_document

FOLDER = Path(__file__).parent / "examples"
SPECS = Path(__file__).parents[2] / "specs" / "examples"
LANGUAGE = sorted(FOLDER.glob("*.qspec"))
EXAMPLES = [*LANGUAGE, *sorted(SPECS.glob("*.qspec"))]
each_example = pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])


def test_the_examples_are_there() -> None:
    assert [path.stem for path in LANGUAGE] == ["brochure", "digits", "llama", "mammo", "triage"]


@each_example
def test_an_example_is_read_without_a_word(path: Path) -> None:
    assert not load_one(read_source(path)).errors


@each_example
def test_an_example_is_formatted_without_change_of_meaning(path: Path) -> None:
    source = read_source(path)
    text = format_text(source)
    assert load_one(Source("x.qspec", text)).document == load_one(source).document
    assert format_text(Source("x.qspec", text)) == text


@each_example
def test_an_example_is_written_from_its_document(path: Path) -> None:
    document = load_one(read_source(path)).document
    text = write_document(document)
    assert load_one(Source("x.qspec", text)).document == document
    assert format_text(Source("x.qspec", text)) == text


@each_example
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_an_example_has_twins(path: Path, form: Format) -> None:
    document = load_one(read_source(path)).document
    twin = write_twin(document, form)
    back = read_twin(Source(f"x.{form}", twin))
    assert not back.errors
    assert back.document == document
    again = load_one(Source("x.qspec", write_document(back.document))).document
    assert write_twin(again, form) == twin


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.qspec")), ids=lambda path: path.stem)
def test_a_published_example_is_in_canonical_layout(path: Path) -> None:
    source = read_source(path)
    assert format_text(source) == source.text
