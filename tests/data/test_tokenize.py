"""Texts become token numbers by a tokenizer.json that is pinned, padded and cut as declared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qspec.data.pipeline import Steps
from qspec.data.transforms import Files
from qspec.errors import QSpecError
from qspec.lang.read_back import metric_term
from qspec.model.evaluation import Pipeline

WORDS = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "a": 3, "b": 4, "c": 5}


def save(path: Path, **more: Any) -> Path:
    """A tokenizer of words, with [CLS] before each text."""
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": WORDS, "unk_token": "[UNK]"},
        **more,
    }
    path.write_text(json.dumps(content))
    return path


def steps(root: Path, *texts: str) -> Steps:
    terms = [metric_term(text) for text in texts]
    return Steps(Pipeline(pre=[term for term in terms if term is not None]), Files(root, root))


TEXTS = np.array(["A b", "c", "a b c z"])


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("", [[2, 3, 4, 0], [2, 5, 0, 0], [2, 3, 4, 5]]),
        (", give: mask", [[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]]),
        (", give: types", [[0] * 4] * 3),
        (", padding: left", [[0, 2, 3, 4], [0, 0, 2, 5], [2, 3, 4, 5]]),
        (", special: false", [[3, 4, 0, 0], [5, 0, 0, 0], [3, 4, 5, 1]]),
        (", truncation: left", [[2, 3, 4, 0], [2, 5, 0, 0], [2, 4, 5, 1]]),
        (", pad: 9", [[2, 3, 4, 9], [2, 5, 9, 9], [2, 3, 4, 5]]),
    ],
)
def test_texts_become_numbers_of_one_length(options: str, wanted: list[list[int]], tmp_path: Path) -> None:
    save(tmp_path / "tokenizer.json")
    run = steps(tmp_path, f'tokenize(file: "tokenizer.json", length: 4{options})')
    made = run.before({"x": TEXTS})["x"]
    assert (made.dtype, made.tolist()) == (np.int64, wanted)


def test_one_column_feeds_numbers_and_mask(tmp_path: Path) -> None:
    save(tmp_path / "tokenizer.json")
    run = steps(
        tmp_path,
        'tokenize(file: "tokenizer.json", length: 3, input: input_ids)',
        'tokenize(file: "tokenizer.json", length: 3, input: attention_mask, give: mask)',
    )
    made = run.before({"input_ids": TEXTS, "attention_mask": TEXTS})
    assert made["input_ids"][1].tolist() == [2, 5, 0]
    assert made["attention_mask"][1].tolist() == [1, 1, 0]


def test_the_file_and_the_package_are_part_of_what_determines_the_result(tmp_path: Path) -> None:
    import tokenizers

    path = save(tmp_path / "tokenizer.json")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    run = steps(tmp_path, f'tokenize(file: "tokenizer.json", length: 4, sha256: "{digest}")')
    assert run.used == {"tokenizer.json": digest, "tokenizers": tokenizers.__version__}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("length: 4", "needs a file"),
        ('file: "tokenizer.json", length: 0', "from 1 to"),
        ('file: "tokenizer.json", length: 4, give: words', "gives ids, mask, types"),
        ('file: "tokenizer.json", length: 4, padding: middle', "left or right"),
        ('file: "../tokenizer.json", length: 4', "outside"),
        ('file: "none.json", length: 4', "does not exist"),
        ('file: "broken.json", length: 4', "no tokenizer.json"),
        ('file: "bare.json", length: 4', "no token for padding"),
        ('file: "tokenizer.json", length: 4, sha256: "' + "0" * 64 + '"', "the spec declares"),
        ('file: "tokenizer.json", length: 4, lenght: 3', "did you mean length"),
    ],
)
def test_what_cannot_be_is_a_sentence(arguments: str, said: str, tmp_path: Path) -> None:
    save(tmp_path / "tokenizer.json")
    (tmp_path / "broken.json").write_text('{"model": 3}')
    bare = {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}
    save(tmp_path / "bare.json", model=bare, post_processor=None)
    with pytest.raises(QSpecError) as error:
        steps(tmp_path, f"tokenize({arguments})")
    assert said in str(error.value)


def test_numbers_are_no_texts(tmp_path: Path) -> None:
    save(tmp_path / "tokenizer.json")
    with pytest.raises(QSpecError, match="takes texts"):
        steps(tmp_path, 'tokenize(file: "tokenizer.json", length: 4)').before({"x": np.arange(3)})
