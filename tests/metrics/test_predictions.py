"""What predictions accept, derive and refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from qspec.errors import QSpecError
from qspec.metrics import predictions as module
from qspec.metrics.predictions import Predictions


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "at least one array"),
        ({"logit": [1]}, "no array called logit"),
        ({"label": [0, 1], "prediction": [0]}, "has 1 examples where the others have 2"),
        ({"logits": [1.0, 2.0]}, "should have 2 axes"),
        ({"label": [0.5, 1.0]}, "whole numbers"),
        ({"label": ["cat"]}, "whole numbers"),
        ({"score": ["x"]}, "should hold numbers"),
        ({"score": np.array([None], dtype=object)}, "should hold numbers"),
        ({"logits": [[np.nan, 1.0]]}, "NaN"),
        ({"score": [np.inf]}, "infinite"),
        ({"text": "abc"}, "one entry an example"),
        ({"text": [1, 2]}, "should hold texts"),
        ({"text": [["a"]]}, "should hold texts"),
        ({"reference": [[]]}, "should hold texts"),
        ({"detections": [np.zeros((2, 5))]}, "finite boxes"),
        ({"objects": [np.full((1, 5), np.nan)]}, "finite boxes"),
    ],
)
def test_arrays_that_cannot_be_are_refused(arrays, message):
    with pytest.raises(QSpecError, match=message):
        Predictions(arrays)


def test_softmax_and_argmax_are_derived_once():
    logits = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    p = Predictions({"logits": logits})
    assert p["probabilities"] == pytest.approx(softmax(logits.astype(float), axis=1))
    assert np.array_equal(p["prediction"], logits.argmax(axis=1))
    assert p["prediction"] is p["prediction"]
    assert p["confidence"] == pytest.approx(p["probabilities"].max(axis=1))


def test_large_logits_do_not_overflow():
    p = Predictions({"logits": [[1e4, -1e4], [-np.inf, 0.0]]})
    assert p["probabilities"].tolist() == [[1, 0], [0, 1]]


def test_the_score_of_two_classes_is_that_of_the_second():
    p = Predictions({"logits": [[0.0, 0.0], [0.0, 3.0]]})
    assert p["score"] == pytest.approx([0.5, 1 / (1 + np.exp(-3))])
    assert Predictions({"logits": [[0.25]]})["score"].tolist() == [0.25]
    with pytest.raises(QSpecError, match="needs two classes"):
        Predictions({"logits": [[1.0, 2.0, 3.0]]}).array("score")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[98.7, 1.3]], "holds 98.7, and a probability lies between 0 and 1"),
        ([[1.2, -0.2]], "holds -0.2, and a probability lies between 0 and 1"),
        ([[0.5, 0.5], [0.9, 0.4]], "adds to 1.3 over the classes of example 1 .* in 1 of 2"),
    ],
)
def test_probabilities_that_are_none_are_refused(rows, message):
    with pytest.raises(QSpecError, match=message):
        Predictions({"probabilities": rows})


def test_rounded_probabilities_are_taken_and_score_as_they_are():
    p = Predictions({"probabilities": [[0.33, 0.33, 0.33], [1 + 1e-9, -1e-9, 0.0]]})
    assert p["confidence"] == pytest.approx([0.33, 1])
    with np.errstate(all="raise"):
        logs = np.concatenate([block for _, block in p.log_probability_blocks()])
    assert logs[0] == pytest.approx([np.log(0.33)] * 3)
    assert Predictions({"probabilities": [[0.4, 0.6]]})["score"].tolist() == [0.6]


def test_what_is_absent_is_named():
    p = Predictions({"label": [0, 1]})
    assert not p.has("correct")
    with pytest.raises(QSpecError, match="correct is needed and these predictions hold label"):
        p.array("correct")


def test_examples_are_taken_by_position_and_by_mask():
    p = Predictions({"text": ["a", "b", "c"], "label": [0, 1, 2]})
    assert p.take([2, 0]).texts("text") == ["c", "a"]
    masked = p.take(np.array([True, False, True]))
    assert masked["label"].tolist() == [0, 2]
    assert len(p.take([])) == 0


def test_blocks_bound_the_memory_and_change_nothing(monkeypatch):
    logits = np.random.default_rng(1).normal(size=(101, 7))
    whole = Predictions({"logits": logits})["confidence"]
    monkeypatch.setattr(module, "BLOCK_CELLS", 50)
    p = Predictions({"logits": logits})
    assert max(rows.stop - rows.start for rows in p.blocks(7)) == 7
    assert np.array_equal(p["confidence"], whole)


def test_two_models_need_the_same_examples():
    with pytest.raises(QSpecError, match="example by example"):
        Predictions({"label": [1]}).beside(Predictions({"label": [1, 2]}))


def test_an_empty_split_has_no_value(metric):
    p = Predictions({"logits": np.empty((0, 3)), "label": []})
    for text in ("top1", "f1(macro)", "nll", "ece(bins: 5)", "auc", "mcc"):
        with pytest.raises(QSpecError):
            metric(text).compute(p)
