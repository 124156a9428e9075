"""Every task of the language runs on a graph, and every metric runs on a task of its own, comes from scores or is refused."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import NotExecutableError
from qspec.execute.tasks import registry as runs
from qspec.metrics import registry as metrics
from qspec.metrics.definition import Availability
from qspec.metrics.tasks import TASKS

FLOAT = TensorProto.FLOAT
N = 60

WRITTEN = {
    "top@k": "top@2",
    "f1": "f1(macro)",
    "ece": "ece(bins: 5)",
    "calibration-error": "calibration-error(bins: 5)",
    "match-rate": "match-rate(threshold: 0.5)",
    "sensitivity": "sensitivity(threshold: 0.5)",
    "specificity": "specificity(threshold: 0.5)",
    "ppv": "ppv(threshold: 0.5)",
    "npv": "npv(threshold: 0.5)",
    "map": "map(iou: 0.5)",
    "recall@k": "recall@5",
    "precision@k": "precision@5",
    "hit-rate@k": "hit-rate@5",
    "mrr@k": "mrr@5",
    "ndcg@k": "ndcg@5",
    "perplexity": "perplexity(per: token)",
    "psnr": "psnr(peak: 1)",
    "rouge": "rouge(L)",
    "token-f1": "token-f1(normalization: plain)",
    "wer": "wer(normalization: plain)",
    "cer": "cer(normalization: plain)",
}
COMPOSITES = {
    "retrieval": "recall@5: 0.5, hit-rate@5: 0.5",
    "recommendation": "recall@5: 0.5, hit-rate@5: 0.5",
    "multiple-choice": "top1: 0.5, accuracy(normalization: none, weight: 0.5)",
    "reasoning": "accuracy: 0.5, exact-match: 0.5",
    "question-answering": "token-f1(normalization: plain, weight: 0.5), token-f1(normalization: squad, weight: 0.5)",
    "summarization": "rouge(L, weight: 0.5), rouge(1, weight: 0.5)",
}
"""Weighted means of metrics that are means themselves; classes otherwise."""
DECLARED = {"multiple-choice": "normalization: none", "question-answering": "normalization: plain"}


def written(metric, task):
    """A metric as one writes it on a task."""
    if metric.name == "composite":
        return f"composite({COMPOSITES.get(task, 'top1: 0.7, accuracy: 0.3')})"
    if metric.name in ("accuracy", "exact-match") and task in DECLARED:
        return f"{metric.name}({DECLARED[task]})"
    return WRITTEN.get(metric.name, metric.name)


WORDS = ["<pad>", *"abcdefghijk"]


class Made:
    """What a task is run on: columns of the data, what is said of them, and what else the spec says."""

    def __init__(self, columns=None, data="inputs { x: x }\n  label: y", more="", model=""):
        self.columns, self.data, self.more, self.model = columns, data, more, model


@pytest.fixture
def setting(linear_pair, token_pair, graph, tokenizer, tmp_path):
    """Makes two models for a task, and data that fit them."""
    random = np.random.default_rng(0)
    x = random.normal(size=(N, 4)).astype(np.float32)

    def classes():
        linear_pair(2)
        return Made({"x": x, "y": random.integers(0, 2, N)})

    def tokens():
        token_pair(outer=2)
        y = random.integers(0, 2, (N, 5))
        return Made({"ids": random.integers(0, 12, (N, 5)), "y": y}, "inputs { ids: ids }\n  label: y")

    def numbers():
        linear_pair(1)
        return Made({"x": x, "y": random.normal(size=N).astype(np.float32)})

    def images(scored):
        shape = ["n", 2, 4, 4]
        for name, scale in (("base.onnx", 0.9), ("quantized.onnx", 0.8)):
            nodes = [helper.make_node("Sub", ["x", "s"], ["y"])]
            graph(
                name,
                nodes,
                [("x", FLOAT, shape)],
                [("y", FLOAT, shape)],
                s=np.float32([[[[scale]], [[0.1]]]]),
            )
        pictures = random.random((N, 2, 4, 4)).astype(np.float32)
        return Made({"x": pictures, "y": pictures if scored else random.integers(0, 2, (N, 4, 4))})

    def boxes():
        for name, shift in (("base.onnx", 0.5), ("quantized.onnx", 2)):
            nodes = [helper.make_node("Add", ["x", "s"], ["y"])]
            moved = np.float32([shift] * 4 + [0, 0])
            graph(name, nodes, [("x", FLOAT, ["n", 2, 6])], [("y", FLOAT, ["n", 2, 6])], s=moved)
        corner = random.uniform(0, 50, (N, 2, 2))
        found = np.concatenate([corner, corner + 10, random.random((N, 2, 1)), np.zeros((N, 2, 1))], 2)
        return Made({"x": found.astype(np.float32), "y": np.delete(found, 4, axis=2)})

    def ranked():
        linear_pair(6)
        for name, rows in (("corpus", 80), ("queries", N)):
            np.savez(tmp_path / f"{name}.npz", x=random.normal(size=(rows, 4)).astype(np.float32))
        np.savez(tmp_path / "relevance.npz", query=np.arange(N), passage=random.integers(0, 80, N))
        files = ", ".join(f'{name}: "{name}.npz"' for name in ("corpus", "queries", "relevance"))
        return Made(data=f"tables {{ {files} }}\n  inputs {{ x: x }}")

    def recommended():
        linear_pair(30)
        return Made({"x": x, "y": random.integers(0, 30, N)})

    def documents():
        token_pair()
        texts = np.asarray([f"text {i}" for i in range(N)])
        return Made({"ids": random.integers(0, 12, (N, 6)), "text": texts}, "inputs { ids: ids }")

    def choices():
        token_pair()
        ids = random.integers(0, 12, (N, 2, 5))
        return Made({"ids": ids, "y": random.integers(0, 2, N)}, "inputs { ids: ids }\n  label: y")

    def spans():
        token_pair(outer=2)
        ids = random.integers(1, 12, (N, 5))
        columns = {
            "ids": ids,
            "offsets": np.stack([np.arange(5) * 2, np.arange(5) * 2 + 1], 1)[None].repeat(N, 0),
            "context": np.asarray([" ".join(WORDS[i] for i in row) for row in ids]),
            "y": np.asarray(["a b"] * N),
        }
        return Made(columns, "inputs { ids: ids }\n  label: y")

    def prompts():
        token_pair()
        tokenizer(WORDS, special=["<pad>"])
        asked = np.asarray([" ".join(random.choice(WORDS[1:], 4)) for _ in range(N)])
        return Made(
            {"asked": asked, "y": np.asarray(["a b c d"] * N)},
            "inputs { ids: asked }\n  label: y",
            "prompt { max-tokens: 4 }",
            'tokenizer: "tokenizer.json"',
        )

    def sounds():
        generator = np.random.default_rng(3)
        for name in ("base.onnx", "quantized.onnx"):
            w = generator.normal(size=(4, 12)).astype(np.float32)
            nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
            graph(name, nodes, [("x", FLOAT, ["n", "t", 4])], [("y", FLOAT, ["n", "t", 12])], w=w)
        tokenizer(WORDS, special=["<pad>"])
        columns = {"x": random.normal(size=(N, 7, 4)).astype(np.float32), "y": np.asarray(["a b c"] * N)}
        return Made(columns, model='tokenizer: "tokenizer.json"')

    made = {
        **dict.fromkeys(("image-classification", "text-classification", "tabular-classification"), classes),
        "token-classification": tokens,
        "regression": numbers,
        "super-resolution": lambda: images(True),
        "segmentation": lambda: images(False),
        "object-detection": boxes,
        "retrieval": ranked,
        "recommendation": recommended,
        "language-modelling": documents,
        "multiple-choice": choices,
        "question-answering": spans,
        **dict.fromkeys(("reasoning", "summarization", "translation"), prompts),
        "speech-recognition": sounds,
    }
    return lambda task: made[task]()


def test_every_task_of_the_language_runs():
    assert {*runs.names(), *runs.aliases()} == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_every_metric_of_a_task_that_runs_is_computed(setting, executing, task):
    made = setting(task)
    mine = [m for m in metrics if task in m.tasks and m.availability is Availability.EXECUTABLE]
    declared = ", ".join(written(one, task) for one in mine)
    executed = executing(task, declared, made.columns, data=made.data, more=made.more, model=made.model)
    results = {r.quantity.name: r for r in executed.verdicts.results if r.for_ is None and r.quantized}
    for one in mine:
        result = results[one.name.removesuffix("@k")]
        assert np.isfinite(float(result.quantized.base)), one.name
        assert one.low <= float(result.quantized.base) <= one.high


def test_every_metric_is_of_a_task_comes_from_scores_or_is_refused():
    had = {kind: {m.name for m in metrics if m.availability is kind and m.tasks} for kind in Availability}
    assert had[Availability.SCORES] == {"pass@k"}
    assert had[Availability.REFUSED] == {"human-eval"}
    assert len(had[Availability.EXECUTABLE]) == len(list(metrics)) - 2


def test_what_running_a_model_does_not_give_is_left_to_the_verdict(setting, executing):
    made = setting("summarization")
    executed = executing(
        "summarization",
        "rouge(L), human-eval",
        made.columns,
        data=made.data,
        more=made.more,
        model=made.model,
        assertions="  loss(rouge) <= 100 pp\n  loss(human-eval) <= 1 %",
    )
    assert [one.outcome.value for one in executed.verdicts.judged] == ["confirmed", "not-executable"]
    for task, metric, hint in (
        ("summarization", "human-eval", "by people"),
        ("reasoning", "pass@1", "--scores"),
    ):
        with pytest.raises(NotExecutableError, match="Running a model does not give") as error:
            executing(task, metric, made.columns, data=made.data, more=made.more, model=made.model)
        assert hint in str(error.value)
