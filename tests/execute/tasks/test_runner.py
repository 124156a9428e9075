"""Data that do not fit a task, and numbers that would fill memory, are refused with a sentence."""

import numpy as np
import pytest

from qspec.errors import LimitError, QSpecError


@pytest.mark.parametrize(
    ("task", "metrics", "columns", "data", "message"),
    [
        (
            "regression",
            "mae",
            {"x": np.ones((3, 4), np.float32)},
            "inputs { x: x }",
            "does not say which column",
        ),
        (
            "segmentation",
            "miou",
            {"x": np.ones((3, 4), np.float32), "y": np.arange(3)},
            "inputs { x: x }\n  label: y",
            "class maps are whole numbers in 3 axes",
        ),
        ("retrieval", "mrr", {"x": np.ones((3, 4), np.float32)}, "inputs { x: x }", "declares no tables"),
        (
            "language-modelling",
            "perplexity(per: token)",
            {"x": np.ones((3, 4), np.float32)},
            "inputs { x: x }",
            "No input takes token numbers",
        ),
        (
            "question-answering",
            "exact-match(normalization: none)",
            {"x": np.ones((3, 4), np.float32), "y": np.asarray(["a", "b", "c"])},
            "inputs { x: x }\n  label: y",
            "no column `offsets`",
        ),
    ],
)
def test_data_that_do_not_fit_a_task_are_refused_with_a_sentence(
    linear_pair, executing, task, metrics, columns, data, message
):
    linear_pair(3)
    with pytest.raises(QSpecError, match=message):
        executing(task, metrics, columns, data=data)


@pytest.mark.parametrize(
    ("task", "metrics", "more"),
    [
        ("recommendation", "recall@999999999", ""),
        ("reasoning", "exact-match", "prompt { max-tokens: 999999999 }"),
    ],
)
def test_numbers_that_would_fill_memory_are_refused(token_pair, linear_pair, executing, task, metrics, more):
    (linear_pair if task == "recommendation" else token_pair)(*[30] * (task == "recommendation"))
    columns = {
        "x": np.ones((30, 4), np.float32),
        "ids": np.ones((30, 4), np.int64),
        "y": np.ones(30, np.int64),
    }
    column = "x: x" if task == "recommendation" else "ids: ids"
    with pytest.raises(LimitError, match="over the cap"):
        executing(task, metrics, columns, data=f"inputs {{ {column} }}\n  label: y", more=more)
