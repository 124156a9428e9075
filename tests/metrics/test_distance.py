"""Distances between two models' answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import rel_entr, softmax

from qspec.errors import QSpecError
from qspec.metrics.predictions import Predictions


def both(seed: int = 0) -> Predictions:
    generator = np.random.default_rng(seed)
    label = generator.integers(0, 5, 200)
    logits = generator.normal(size=(200, 5)) + np.eye(5)[label]
    quantized = Predictions({"logits": logits + 0.5 * generator.normal(size=(200, 5)), "label": label})
    return quantized.beside(Predictions({"logits": logits, "label": label}))


def test_flips_count_answers_that_became_right_or_wrong(metric):
    p = both()
    expected = np.mean(p["correct"] != p.baseline["correct"])
    changed = np.mean(p["prediction"] != p.baseline["prediction"])
    assert 0 < expected < changed
    assert metric("flips").compute(p) == pytest.approx(expected)
    assert metric("flips(of: answers)").compute(p) == pytest.approx(changed)
    assert metric("agreement").compute(p) == pytest.approx(1 - changed)


def test_flips_of_answers_need_no_labels(metric):
    p = Predictions({"text": ["a", "b"]}).beside(Predictions({"text": ["a", "c"]}))
    assert metric("flips(of: answers)").compute(p) == 0.5
    with pytest.raises(QSpecError, match="need labels"):
        metric("flips").compute(p)


def test_ranked_lists_agree_in_their_first_item(metric):
    p = Predictions({"ranking": [[1, 2], [3, 4]]}).beside(Predictions({"ranking": [[1, 5], [4, 3]]}))
    assert metric("agreement").compute(p) == 0.5


def test_divergence_agrees_with_scipy(metric):
    p = both(1)
    base, quantized = softmax(p.baseline["logits"], axis=1), softmax(p["logits"], axis=1)
    assert metric("kl").compute(p) == pytest.approx(rel_entr(base, quantized).sum(axis=1).mean())
    assert metric("kl").compute(p.baseline.beside(p.baseline)) == 0


def test_an_infinite_divergence_is_refused(metric):
    p = Predictions({"probabilities": [[1.0, 0.0]]}).beside(Predictions({"probabilities": [[0.5, 0.5]]}))
    with pytest.raises(QSpecError, match="infinite"):
        metric("kl").compute(p)
    back = Predictions({"probabilities": [[0.5, 0.5]]}).beside(Predictions({"probabilities": [[1.0, 0.0]]}))
    assert metric("kl").compute(back) == pytest.approx(np.log(2))


def test_cosine_leaves_out_vectors_without_direction(metric):
    p = Predictions({"embedding": [[1, 0], [1, 1], [0, 0]]})
    m = metric("cosine")
    beside = p.beside(Predictions({"embedding": [[2, 0], [1, 0], [1, 0]]}))
    assert m.compute(beside) == pytest.approx((1 + np.sqrt(0.5)) / 2)


def test_a_distance_without_a_baseline_is_refused(metric):
    with pytest.raises(QSpecError, match="compares two models"):
        metric("agreement").compute(Predictions({"prediction": [1, 2]}))


def test_models_of_other_shapes_are_refused(metric):
    p = Predictions({"logits": np.zeros((2, 3))}).beside(Predictions({"logits": np.zeros((2, 4))}))
    for text in ("kl", "cosine"):
        with pytest.raises(QSpecError, match="must agree"):
            metric(text).compute(p)


def test_taking_examples_takes_both_models(metric):
    p = both(2)
    rows = np.flatnonzero(p["label"] == 3)
    part = p.take(rows)
    expected = np.mean((p["prediction"] == p.baseline["prediction"])[rows])
    assert metric("agreement").compute(part) == pytest.approx(expected)
