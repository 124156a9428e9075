"""Answers are decoded greedily, with or without a cache."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import NotExecutableError

FLOAT = TensorProto.FLOAT
INT = TensorProto.INT64


def chain(table, prompt, most, stop):
    """The greedy answer of a model that looks at the last token alone."""
    answer, token = [], prompt[-1]
    for _ in range(most):
        token = int(table[token].argmax())
        if token == stop:
            break
        answer.append(token)
    return answer


def test_answers_are_decoded_greedily_until_they_stop(token_pair, executing, value):
    tables = token_pair(seed=13)
    generator = np.random.default_rng(13)
    ids, lengths = generator.integers(0, 12, (40, 7)), generator.integers(1, 8, 40)
    mask = (np.arange(7) < lengths[:, None]).astype(np.int64)
    stop = int(np.bincount(tables[0].argmax(1), minlength=12).argmax())
    labels = np.full((40, 6), -1)
    for row, (prompt, length) in enumerate(zip(ids, lengths, strict=True)):
        answer = chain(tables[1], prompt[:length], 6, stop)
        labels[row, : len(answer)] = answer
    executed = executing(
        "reasoning",
        "exact-match",
        {"ids": ids, "mask": mask, "y": labels},
        data="inputs { ids: ids }\n  label: y",
        more=f'prompt {{ decoding: greedy, stop: ["{stop}"], max-tokens: 6 }}',
    )
    same = [
        chain(tables[0], p[:n], 6, stop) == chain(tables[1], p[:n], 6, stop)
        for p, n in zip(ids, lengths, strict=True)
    ]
    assert value(executed, "exact-match") == (pytest.approx(np.mean(same), abs=1e-6), 1.0)
    with pytest.raises(NotExecutableError, match="needs a tokenizer"):
        executing(
            "reasoning",
            "exact-match",
            {"ids": ids, "y": labels},
            data="inputs { ids: ids }\n  label: y",
            more='prompt { stop: ["\\n"] }',
        )


def test_a_cache_is_carried_from_step_to_step(graph, executing, value):
    # The logits are the sum of what was looked up for all tokens so far, kept in the cache (n, 1, tokens, 12).
    generator = np.random.default_rng(14)
    tables = []
    for name in ("base.onnx", "quantized.onnx"):
        w = generator.normal(size=(12, 12)).astype(np.float32)
        tables.append(w)
        nodes = [
            helper.make_node("Gather", ["w", "input_ids"], ["looked"]),
            helper.make_node("Unsqueeze", ["looked", "one"], ["new"]),
            helper.make_node("Concat", ["past_key_values.0.key", "new"], ["present.0.key"], axis=2),
            helper.make_node("ReduceSum", ["present.0.key", "two"], ["sum"], keepdims=0),
            helper.make_node("Add", ["looked", "zero"], ["shape"]),
            helper.make_node("Mul", ["shape", "zero"], ["none"]),
            helper.make_node("Add", ["none", "sum"], ["logits"]),
        ]
        graph(
            name,
            nodes,
            [("input_ids", INT, ["n", "l"]), ("past_key_values.0.key", FLOAT, ["n", 1, "past", 12])],
            [("logits", FLOAT, ["n", "l", 12]), ("present.0.key", FLOAT, ["n", 1, "all", 12])],
            w=w,
            one=np.int64([1]),
            two=np.int64([2]),
            zero=np.zeros(1, np.float32),
        )
    ids = generator.integers(0, 12, (25, 4))

    def answer(table, prompt):
        text = list(prompt)
        for _ in range(5):
            text.append(int(table[text].sum(0).argmax()))
        return text[len(prompt) :]

    labels = np.asarray([answer(tables[0], prompt) for prompt in ids])
    executed = executing(
        "reasoning",
        "exact-match",
        {"ids": ids, "y": labels},
        data="inputs { input_ids: ids }\n  label: y",
        more="prompt { max-tokens: 5 }",
    )
    other = np.mean([answer(tables[1], p) == list(a) for p, a in zip(ids, labels, strict=True)])
    assert value(executed, "exact-match") == (1.0, pytest.approx(other, abs=1e-6))
