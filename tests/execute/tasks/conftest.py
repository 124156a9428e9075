"""Pairs of tiny models that tasks are run on."""

import json

import numpy as np
import pytest
from onnx import TensorProto, helper

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


@pytest.fixture
def linear_pair(graph):
    """Two linear models of x (n, 4) with so many outputs; returns their weights."""

    def build(outer, noise=0.3, seed=0):
        generator = np.random.default_rng(seed)
        first = generator.normal(size=(4, outer)).astype(np.float32)
        second = (first + noise * generator.normal(size=first.shape)).astype(np.float32)
        for name, w in (("base.onnx", first), ("quantized.onnx", second)):
            nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
            graph(name, nodes, [("x", FLOAT, ["n", 4])], [("y", FLOAT, ["n", outer])], w=w)
        return first, second

    return build


@pytest.fixture
def token_pair(graph):
    """Two models of token numbers: logits (n, length, outer) looked up in a table each; returns the tables."""

    def build(vocabulary=12, outer=12, mask=False, noise=0.3, seed=0):
        generator = np.random.default_rng(seed)
        first = generator.normal(size=(vocabulary, outer)).astype(np.float32)
        second = (first + noise * generator.normal(size=first.shape)).astype(np.float32)
        for name, w in (("base.onnx", first), ("quantized.onnx", second)):
            nodes = [helper.make_node("Gather", ["w", "ids"], ["logits"])]
            graph(name, nodes, [("ids", INT, ["n", "l"])], [("logits", FLOAT, ["n", "l", outer])], w=w)
        return first, second

    return build


@pytest.fixture
def tokenizer(tmp_path):
    """Saves tokenizer.json over the words of a vocabulary, numbered in their order; the special ones are left unsaid."""

    def build(words, special=(), decoder=None, name="tokenizer.json"):
        content = {
            "version": "1.0",
            "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
            "padding": None,
            "added_tokens": [
                {"id": words.index(word), "content": word, "special": True}
                | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
                for word in special
            ],
            "normalizer": None,
            "pre_tokenizer": {"type": "WhitespaceSplit"},
            "post_processor": None,
            "decoder": decoder,
            "model": {
                "type": "WordLevel",
                "vocab": {word: number for number, word in enumerate(words)},
                "unk_token": words[0],
            },
        }
        (tmp_path / name).write_text(json.dumps(content))

    return build
