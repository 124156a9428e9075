"""What holds for every text: it is read or refused by a sentence, and never ends in a traceback."""

from __future__ import annotations

from qspec.errors import QSpecError
from qspec.lang.format import format_text
from qspec.lang.load import Loaded, load_one
from qspec.lang.source import Source
from qspec.lang.twin import Format, read_twin, write_twin
from qspec.lang.write import write_document
from qspec.model.document import Document


def read_or_refused(name: str, text: str) -> Loaded | None:
    """The loaded text, its errors inspected; None where a cap refused it."""
    try:
        loaded = load_one(Source(name, text))
    except QSpecError as error:
        assert str(error)
        return None
    for error in loaded.errors:
        assert error.message
        assert error.message.endswith((".", "?"))
        assert 0 <= error.span.start <= error.span.end <= len(loaded.source.text)
        assert error.line >= 1
    return loaded


def survives(text: str) -> None:
    """A text of the language is read, formatted and converted, or refused by a sentence."""
    loaded = read_or_refused("x.qspec", text)
    if loaded is None:
        return
    try:
        formatted = format_text(Source("x.qspec", text))
    except QSpecError as error:
        # A text that is read without errors is formatted, whatever it looks like.
        assert loaded.syntax_errors, f"{error}\n{text}"
        return
    assert load_one(Source("x.qspec", formatted)).document == loaded.document


def is_kept(document: Document, forms: tuple[Format, ...] = ("json", "yaml")) -> None:
    """A document is the same after a trip through the language and its twins."""
    text = write_document(document)
    assert load_one(Source("x.qspec", text)).document == document
    assert format_text(Source("x.qspec", text)) == text
    for form in forms:
        twin = write_twin(document, form)
        back = read_twin(Source(f"x.{form}", twin))
        assert not back.errors
        assert back.document == document
