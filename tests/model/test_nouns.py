from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from qspec.lang.shape import shape_of
from qspec.model.base import Noun, Open, kebab
from qspec.model.describe import describe, summary
from qspec.model.document import Document
from qspec.model.executor import Executor
from qspec.model.spelling import inner_word, is_name, key_word, quote, value_word


def nouns(base: type[Any]) -> list[type[Any]]:
    return [
        one
        for below in base.__subclasses__()
        for one in (below, *nouns(below))
        if one.__module__.startswith("qspec.model")
    ]


@pytest.mark.parametrize(
    "noun", [n for n in nouns(Noun) if "record" not in n.__module__], ids=lambda n: n.__name__
)
def test_every_noun_says_what_it_and_its_fields_are_for(noun: type[Noun]) -> None:
    assert summary(noun).endswith(".")
    assert set(noun.model_fields) == set(describe(noun))


def test_inherited_fields_are_described_too() -> None:
    assert describe(Executor)["metrics"] == "The scoring rules."


def test_names_are_kebab_case_outside_and_unknown_ones_refused() -> None:
    assert kebab("test_set") == "test-set"
    assert kebab("from_") == "from"
    with pytest.raises(ValidationError):
        Document.model_validate({"modles": {}})


def test_nouns_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Document().qspec = 2  # type: ignore[misc]


def test_an_evaluation_is_completed_by_its_executor() -> None:
    executor = Executor.model_validate(
        {
            "task": "retrieval",
            "evaluations": {"a": {"task": "regression"}, "b": {}},
            "loads": {"x": {}},
            "load": {},
        }
    )
    assert [(name, e.task) for name, e in executor.each_evaluation()] == [
        ("a", "regression"),
        ("b", "retrieval"),
    ]
    assert [name for name, _ in executor.each_load()] == ["", "x"]
    assert [name for name, _ in Executor().each_evaluation()] == [""]


def test_shapes_tell_every_word_of_a_block() -> None:
    shape = shape_of(Executor)
    assert {"from", "test-set", "evaluation", "load"} <= set(shape.words)
    assert shape.labelled["load"].name == "loads"
    assert shape.values["load"].name == "load"
    assert all(shape_of(noun) for noun in [*nouns(Noun), *nouns(Open)] if noun.__name__ != "Open")


def test_words_are_quoted_where_they_would_mean_something_else() -> None:
    assert [value_word(w) for w in ("a-b.c", "true", "local", "x", "8", "1e5", "a b", "")] == [
        "a-b.c", '"true"', '"local"', "x", '"8"', '"1e5"', '"a b"', '""'
    ]  # fmt: skip
    assert [inner_word(w) for w in ("true", "x", "in")] == ["true", '"x"', '"in"']
    assert [key_word(w) for w in ("on", "not", "a@1")] == ["on", '"not"', '"a@1"']
    assert is_name("8da4w")
    assert not is_name("1e9-05")


def test_what_cannot_be_seen_is_written_as_its_number() -> None:
    assert quote('a"\\\n\t\r\x00\u202e\u2028é𝔘') == '"a\\"\\\\\\n\\t\\r\\u{0}\\u{202e}\\u{2028}é𝔘"'
