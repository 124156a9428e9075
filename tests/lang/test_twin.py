from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from strategies import documents

from qspec.errors import LimitError
from qspec.lang.load import load_one
from qspec.lang.source import Source
from qspec.lang.twin import read_twin, write_twin
from qspec.lang.write import write_document
from qspec.model.document import Document
from qspec.model.quantity import Quantity


@seed(2)
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
@given(documents)
def test_to_a_twin_and_back_nothing_is_lost(document: Document) -> None:
    first = write_twin(document, "json")
    from_json = read_twin(Source("x.json", first))
    assert not from_json.errors
    assert from_json.document == document
    spec = write_document(from_json.document)
    assert write_twin(load_one(Source("x.qspec", spec)).document, "json") == first
    from_yaml = read_twin(Source("x.yaml", write_twin(document, "yaml")))
    assert not from_yaml.errors
    assert from_yaml.document == document


def said(name: str, text: str) -> list[tuple[int, int, str, str]]:
    return [(e.line, e.column, e.code, e.message) for e in read_twin(Source(name, text)).errors]


YAML = [
    ("models:\n  m:\n    flie: a\n", 3, 5, "QS002", "There is no `flie` here."),
    ("models:\n  m: {file: 3}\n", 2, 13, "QS003", "`file` takes a text."),
    ("models:\n  m: {file: a}\n  m: {file: b}\n", 3, 3, "QS005", "`m` was said on line 2 already."),
    ("a: [1\nb: 2\n", 2, 2, "QS001", "This is no YAML: "),
    ("a: &x 1\nb: *x\n", 1, 4, "QS001", "Anchors and aliases are not read."),
    ("a: !!python/object:os.system 1\n", 1, 4, "QS001", "The tag `"),
    ("---\na: 1\n---\nb: 2\n", 3, 1, "QS001", "A second document"),
    ("qspec: 2\n", 1, 8, "QS009", "This program reads version 1"),
    ("- a\n", 1, 1, "QS003", "A document is a mapping"),
    ("? [a, b]\n: c\n", 1, 3, "QS001", "A key is a word"),
    ("runtimes: {r: {threads: {text: '4', unit: thread}}}\n", 1, 43, "QS004", "There is no unit `thread`."),
    (
        "runtimes: {r: {threads: {text: '4', value: 5}}}\n",
        1,
        25,
        "QS003",
        "This value cannot be: the value 5",
    ),
    ("claims: {c: {assertions: [{quantity: {name: x}}]}}\n", 1, 27, "QS011", "`bounds` is missing"),
    ("executors: {e: {task: {silence: not-applicable}}}\n", 1, 23, "QS003", "This value cannot be: `not-app"),
    ("executors: {e: {metrics: {silence: no}}}\n", 1, 36, "QS003", "`silence` takes `unstated`"),
    ("a: \x07\n", 1, 4, "QS001", "This is no YAML"),
]


@pytest.mark.parametrize(("text", "line", "column", "code", "message"), YAML)
def test_an_error_in_yaml_has_its_place(text: str, line: int, column: int, code: str, message: str) -> None:
    first = said("x.yaml", text)[0]
    assert first[:3] == (line, column, code)
    assert first[3].startswith(message)


JSON = [
    ('{"models": {"m": {"flie": 1}}}', 1, 19, "QS002", "There is no `flie` here."),
    ('{\n "models": {"m": 3}\n}', 2, 18, "QS003", "`m` takes a mapping."),
    ('{"models": {"m": {}, "m": {}}}', 1, 22, "QS005", "`m` was said on line 1 already."),
    ('{"a": 1,}', 1, 9, "QS001", "A key in double quotes"),
    ('{"a" 1}', 1, 6, "QS001", "A colon must stand"),
    ('{"a": [1 2]}', 1, 10, "QS001", "A comma or `]` must stand"),
    ("{'a': 1}", 1, 2, "QS001", "A key in double quotes"),
    ('{"a": tru}', 1, 7, "QS001", "A value is missing: `t`"),
    ('{"a": "b', 1, 7, "QS001", "This string is not closed"),
    ("", 1, 1, "QS001", "A value is missing: the end of the file"),
    ("{} {}", 1, 4, "QS001", "The document ends here"),
    ('{"qspec": ' + "1" * 100 + "}", 1, 11, "QS001", "This number is longer"),
    ('{"use": ["\\ud800"]}', 1, 9, "QS003", "`use`"),
]


@pytest.mark.parametrize(("text", "line", "column", "code", "message"), JSON)
def test_an_error_in_json_has_its_place(text: str, line: int, column: int, code: str, message: str) -> None:
    first = said("x.json", text)[0]
    assert first[:3] == (line, column, code)
    assert first[3].startswith(message)


@pytest.mark.parametrize("name", ["x.json", "x.yaml"])
def test_depth_is_capped_by_a_sentence(name: str) -> None:
    with pytest.raises(LimitError, match="nested more than"):
        read_twin(Source(name, "[" * 1000 + "]" * 1000))


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    assert said("x.yaml", "\n".join(lines))[0][3] == "Anchors and aliases are not read."


def test_a_long_yaml_text_is_refused() -> None:
    with pytest.raises(LimitError, match="characters"):
        read_twin(Source("x.yaml", "# \n" * 400_000))


def test_what_is_wrong_is_left_out_and_the_rest_is_read() -> None:
    loaded = read_twin(Source("x.yaml", "models: {m: {file: a, version: true}, n: 3}\nruntimes: {r: {}}\n"))
    assert len(loaded.errors) == 2
    assert loaded.document.models["m"].file == "a"
    assert list(loaded.document.runtimes) == ["r"]


def test_a_value_may_be_left_to_its_text() -> None:
    loaded = read_twin(Source("x.json", '{"runtimes": {"r": {"threads": {"text": "1_000"}}}}'))
    assert loaded.document.runtimes["r"].threads == Quantity.of("1_000")


def test_numbers_are_texts_in_a_twin() -> None:
    document = load_one(Source("x.qspec", "claim c on e { x >= 76.10 % }")).document
    data = json.loads(write_twin(document, "json"))
    quantity = data["claims"]["c"]["assertions"][0]["bounds"][0]["quantity"]
    assert quantity == {"text": "76.10", "value": "76.10", "unit": "%"}
    assert data["qspec"] == 1


def test_places_in_a_twin_are_those_of_the_language() -> None:
    text = '{"executors": {"e": {"test-set": {"size": {"text": "8"}}}}}'
    loaded = read_twin(Source("x.json", text))
    span = loaded.positions.of(("executors", "e", "test-set", "size"))
    assert text[slice(*span)] == '{"text": "8"}'
    assert text[slice(*loaded.positions.key(("executors", "e", "test-set")))] == '"test-set"'


def test_the_same_words_of_yaml_1_2_are_read_as_texts() -> None:
    loaded = read_twin(Source("x.yaml", "models: {m: {file: on, version: no, license: 2026-01-01}}\n"))
    assert not loaded.errors
    model = loaded.document.models["m"]
    assert (model.file, model.version, model.license) == ("on", "no", "2026-01-01")
