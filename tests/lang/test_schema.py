from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from jsonschema import Draft202012Validator
from strategies import documents

from qspec.lang.load import load_one
from qspec.lang.schema import document_schema, rendered
from qspec.lang.source import Source, read_source
from qspec.lang.twin import read_twin, write_twin
from qspec.model.document import Document

ROOT = Path(__file__).parents[2]
VALIDATOR = Draft202012Validator(document_schema())


def test_the_published_schema_is_the_one_of_the_model() -> None:
    published = (ROOT / "schemas" / "document.schema.json").read_text(encoding="utf-8")
    assert published == rendered(), "run `make schemas`"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(document_schema())


def test_every_noun_and_every_field_is_described() -> None:
    schema = document_schema()
    for name, noun in [("Document", schema), *schema["$defs"].items()]:
        assert noun["description"], name
        for field, shown in noun.get("properties", {}).items():
            assert "description" in shown, f"{name}.{field} has no docstring"


@pytest.mark.parametrize("path", sorted((ROOT / "tests/lang/examples").glob("*.qspec")), ids=lambda p: p.stem)
def test_the_twins_of_the_examples_are_valid(path: Path) -> None:
    document = load_one(read_source(path)).document
    assert not list(VALIDATOR.iter_errors(json.loads(write_twin(document, "json"))))


@seed(5)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
@given(documents)
def test_every_document_is_valid(document: Document) -> None:
    VALIDATOR.validate(json.loads(write_twin(document, "json")))


BAD: list[Any] = [
    [],
    {"models": []},
    {"modles": {}},
    {"models": {"m": {"flie": "a"}}},
    {"models": {"m": {"file": 3}}},
    {"executors": {"e": {"task": {"silence": "perhaps"}}}},
    {"executors": {"e": {"task": {"silence": "not-applicable"}}}},
    {"executors": {"e": {"test_set": {}}}},
    {"claims": {"c": {"assertions": [{"quantity": {"name": "x"}, "bounds": []}]}}},
    {"runtimes": {"r": {"threads": 4}}},
    {"runtimes": {"r": {"threads": {"text": "four"}}}},
    {"datasets": {"d": {"splits": {"a": {"operator": "not", "operands": []}}}}},
    {"datasets": {"d": {"splits": {"a": {"column": {"name": "x"}, "relation": "in", "value": "y"}}}}},
]


@pytest.mark.parametrize("data", BAD, ids=json.dumps)
def test_schema_and_reader_refuse_the_same_documents(data: Any) -> None:
    assert list(VALIDATOR.iter_errors(data))
    assert read_twin(Source("x.json", json.dumps(data))).errors
