from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings
from strategies import documents

from qspec.lang.format import format_text
from qspec.lang.load import load_one
from qspec.lang.source import Source
from qspec.lang.write import write_document
from qspec.model.claim import Claim
from qspec.model.document import Document


@seed(1)
@settings(
    max_examples=300,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(documents)
def test_what_is_written_reads_back(document: Document) -> None:
    text = write_document(document)  # raises where the text reads back differently
    read = load_one(Source("x.qspec", text))
    assert read.document == document
    assert not read.errors


def test_a_column_called_each_stays_a_column_behind_for():
    text = "qspec 1\n\nclaim a {\n  loss(top1) <= 1 pp for (each == 3)\n}\n"
    loaded = load_one(Source("x.qspec", text))
    assert write_document(loaded.document) == text
    assert format_text(loaded.source) == text


def test_a_backslash_before_a_t_stays_one_in_a_text_of_several_lines():
    title = "in C:\\tables\tand\nbelow"
    written = write_document(Document(claims={"a": Claim(title=title)}))
    assert load_one(Source("x.qspec", written)).document.claims["a"].title == title
