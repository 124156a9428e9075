"""Multiple choice by likelihood, or by scores of all choices."""

from itertools import pairwise

import numpy as np
import pytest
from onnx import TensorProto, helper
from scipy.special import log_softmax

FLOAT = TensorProto.FLOAT
INT = TensorProto.INT64


def test_multiple_choice_scores_what_follows_the_common_question(token_pair, executing, value):
    tables = token_pair()
    generator = np.random.default_rng(8)
    ids = np.repeat(generator.integers(0, 12, (40, 1, 9)), 3, axis=1)
    ids[:, :, 5:] = generator.integers(0, 12, (40, 3, 4))
    mask = np.ones_like(ids)
    mask[:, 0, 8:] = 0
    labels = generator.integers(0, 3, 40)
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none), accuracy(normalization: length)",
        {"ids": ids, "mask": mask, "y": labels},
        data="inputs { ids: ids }\n  label: y",
        assertions="  loss(accuracy(normalization: none)) <= 90 pp",
    )
    for side, table in enumerate(tables):
        own = (
            np.take_along_axis(log_softmax(table[ids[:, :, :-1]], axis=-1), ids[:, :, 1:, None], 3)[..., 0]
            * mask[:, :, 1:]
        )
        likelihood = own.sum(2)  # the question adds the same to every choice
        (first, *_) = [r for r in executed.verdicts.results if r.quantity.name == "accuracy"]
        found = float((first.baseline, first.quantized)[side].base)
        assert found == pytest.approx((likelihood.argmax(1) == labels).mean(), abs=1e-6)


@pytest.mark.parametrize("normalization", ["none", "length"])
def test_the_answer_is_the_choice_that_the_metric_chooses(token_pair, executing, normalization):
    tables = token_pair()
    generator = np.random.default_rng(8)
    ids = np.repeat(generator.integers(0, 12, (60, 1, 9)), 3, axis=1)
    ids[:, :, 5:] = generator.integers(0, 12, (60, 3, 4))
    ids[:, :, 5] = [0, 1, 2]
    mask = np.ones_like(ids)
    mask[:, 0, 8:] = 0
    labels = generator.integers(0, 3, 60)
    executed = executing(
        "multiple-choice",
        f"accuracy(normalization: {normalization}), agreement",
        {"ids": ids, "mask": mask, "y": labels},
        data="inputs { ids: ids }\n  label: y",
    )
    answers = []
    for table in tables:
        own = np.take_along_axis(log_softmax(table[ids[:, :, :-1]], axis=-1), ids[:, :, 1:, None], 3)[..., 0]
        likelihood = (own * mask[:, :, 1:])[:, :, 4:].sum(2)
        answers.append((likelihood / ([3, 4, 4] if normalization == "length" else 1)).argmax(1))
    same = answers[0] == answers[1]
    assert 0.3 < same.mean() < 1
    seen = executed.record.evaluations["evaluation"]
    assert seen["collapse"]["agreement"] == same.mean()
    assert (seen["determinism"]["sample"], seen["determinism"]["rebatched"]) == (60, 0)
    of = {r.quantity.name: r for r in executed.verdicts.results}
    assert float(of["agreement"].quantized.base) == pytest.approx(same.mean(), abs=1e-6)
    assert str(of["accuracy"].changed) == str((~same).sum())


def test_multiple_choice_takes_scores_of_all_choices_at_once(linear_pair, executing, value):
    weights = linear_pair(4)
    generator = np.random.default_rng(9)
    x, y = generator.normal(size=(50, 4)).astype(np.float32), generator.integers(0, 4, 50)
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none)",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y",
    )
    assert value(executed, "accuracy")[0] == pytest.approx(((x @ weights[0]).argmax(1) == y).mean(), abs=1e-6)


def test_calibration_sees_one_text_of_each_question(graph, executing, value):
    generator = np.random.default_rng(17)
    tensors = {
        "table": generator.normal(size=(12, 8)).astype(np.float32),
        "w": generator.normal(size=(8, 12)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["looked"], name="/look"),
        helper.make_node("MatMul", ["looked", "w"], ["logits"], name="/head/MatMul"),
    ]
    graph("base.onnx", nodes, [("ids", INT, ["n", "l"])], [("logits", FLOAT, ["n", "l", 12])], **tensors)
    ids = generator.integers(0, 12, (64, 3, 6))
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none)",
        {"ids": ids, "y": generator.integers(0, 3, 64)},
        data="inputs { ids: ids }\n  label: y\n  splits { tune: 0..32, test: 32..64 }",
        split="d.test",
        derived=True,
    )
    first, second = value(executed, "accuracy")
    assert abs(first - second) < 0.3


def test_choices_may_be_texts(token_pair, tokenizer, executing, value):
    tables = token_pair()
    words = ["<unk>", *"abcdefghijk"]
    tokenizer(words)
    generator = np.random.default_rng(10)
    asked = [" ".join(generator.choice(words[1:], 3)) for _ in range(40)]
    ends = [
        [" ".join(generator.choice(words[1:], generator.integers(1, 4))) for _ in range(3)] for _ in asked
    ]
    texts = np.asarray(
        [[f"{question} {end}" for end in row] for question, row in zip(asked, ends, strict=True)]
    )
    labels = generator.integers(0, 3, 40)
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none)",
        {"text": texts, "y": labels},
        data="inputs { ids: text }\n  label: y",
        model='tokenizer: "tokenizer.json"',
    )
    for side, table in enumerate(tables):
        logp = log_softmax(table, axis=-1)

        def likelihood(text, logp=logp):
            numbers = [words.index(word) for word in text.split()]
            return sum(logp[pair] for pair in pairwise(numbers))

        chosen = [int(np.argmax([likelihood(text) for text in row])) for row in texts]
        assert value(executed, "accuracy")[side] == pytest.approx(np.mean(chosen == labels), abs=1e-6)


@pytest.mark.parametrize("last", ["Identity", "Softmax"])
def test_likelihoods_are_those_of_the_probabilities_that_a_graph_ends_in(graph, executing, value, last):
    generator = np.random.default_rng(21)
    table = generator.normal(size=(12, 12)).astype(np.float32)
    for name in ("base.onnx", "quantized.onnx"):
        nodes = [helper.make_node("Gather", ["w", "ids"], ["z"]), helper.make_node(last, ["z"], ["y"])]
        graph(name, nodes, [("ids", INT, ["n", "l"])], [("y", FLOAT, ["n", "l", 12])], w=table)
    ids, labels = generator.integers(0, 12, (60, 3, 5)), generator.integers(0, 3, 60)
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none), nll",
        {"ids": ids, "y": labels},
        data="inputs { ids: ids }\n  label: y",
    )
    logs = log_softmax(table.astype(np.float64), axis=-1)
    likelihood = logs[ids[:, :, :-1], ids[:, :, 1:]].sum(2)
    assert value(executed, "accuracy")[0] == pytest.approx((likelihood.argmax(1) == labels).mean(), abs=1e-6)
    expected = -log_softmax(likelihood, axis=1)[np.arange(60), labels].mean()
    assert value(executed, "nll")[0] == pytest.approx(expected, rel=1e-4)
