"""Retrieval, rank correlation and errors of numbers against scikit-learn, scipy and plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from qspec.errors import QSpecError
from qspec.metrics.predictions import Predictions


def graded(seed: int = 0, n: int = 40, items: int = 12) -> tuple[Predictions, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    relevance = generator.choice(4, (n, items), p=(0.6, 0.2, 0.1, 0.1)).astype(float)
    relevance[:, 0] = 2
    score = generator.normal(size=(n, items))
    gains = np.take_along_axis(relevance, np.argsort(-score, axis=1), axis=1)
    ideal = -np.sort(-relevance, axis=1)
    p = Predictions({"gains": gains, "relevant": (relevance > 0).sum(axis=1), "ideal": ideal})
    return p, relevance, score


def test_ndcg_agrees_with_scikit_learn(metric):
    p, relevance, score = graded()
    assert metric("ndcg@5").compute(p) == pytest.approx(sk.ndcg_score(relevance, score, k=5))
    expected = sk.ndcg_score(2**relevance - 1, score, k=12)
    assert metric("ndcg@12(gain: exponential)").compute(p) == pytest.approx(expected)


def test_recall_precision_hits_and_reciprocal_rank(metric):
    p = Predictions({"gains": [[0, 1, 1, 0], [0, 0, 0, 1]], "relevant": [4, 1]})
    expected = {
        "recall@2": (1 / 4 + 0) / 2,
        "recall@4": (2 / 4 + 1) / 2,
        "precision@2": (1 / 2 + 0) / 2,
        "hit-rate@2": 1 / 2,
        "mrr": (1 / 2 + 1 / 4) / 2,
        "mrr@3": (1 / 2 + 0) / 2,
    }
    for text, value in expected.items():
        assert metric(text).compute(p) == pytest.approx(value)


def test_one_relevant_item_is_given_by_its_number(metric):
    p = Predictions({"ranking": [[7, 3, 5], [2, 9, -1], [4, 1, 0]], "label": [5, 2, 8]})
    assert metric("recall@2").compute(p) == pytest.approx(1 / 3)
    assert metric("recall@3").compute(p) == pytest.approx(2 / 3)
    assert metric("mrr").compute(p) == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert metric("ndcg@3").compute(p) == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_queries_without_a_relevant_item_do_not_count(metric):
    p = Predictions({"gains": [[1, 0], [0, 0]], "relevant": [1, 0]})
    for text in ("recall@2", "precision@2", "mrr", "ndcg@2", "hit-rate@1"):
        m = metric(text)
        assert m.counted(m.columns(p)).tolist() == [True, False]


def test_graded_relevances_need_the_best_ranking(metric):
    p = Predictions({"gains": [[2.0, 1.0]], "relevant": [2]})
    with pytest.raises(QSpecError, match="ideal"):
        metric("ndcg@2").compute(p)


def test_a_cutoff_beyond_what_was_retrieved_is_refused(metric):
    with pytest.raises(QSpecError, match="only 12 were retrieved"):
        metric("recall@100").compute(graded()[0])


def test_spearman_agrees_with_scipy_with_ties(metric):
    generator = np.random.default_rng(1)
    target = np.round(generator.normal(size=200), 1)
    output = np.round(target + generator.normal(size=200), 1)
    p = Predictions({"output": output, "target": target})
    assert metric("spearman").compute(p) == pytest.approx(stats.spearmanr(output, target).statistic)
    with pytest.raises(QSpecError, match="undefined"):
        metric("spearman").compute(Predictions({"output": np.ones(3), "target": np.arange(3)}))


@pytest.mark.parametrize("name", ["spearman", "average-precision", "auc"])
def test_a_resample_counted_is_the_resample_written_out(metric, name):
    generator = np.random.default_rng(3)
    bound = metric(name)
    for n in (1, 2, 7, 300):
        first = np.round(generator.normal(size=n), 1)
        other = np.round(generator.normal(size=n), 1) if name == "spearman" else generator.integers(0, 2, n)
        columns = np.stack([first, other], axis=1).astype(float)
        columns[generator.random(n) < 0.1] = np.nan
        resampled = bound.resampled(columns)
        for _ in range(20):
            times = np.bincount(generator.integers(0, n, n), minlength=n)
            expected = bound.score(np.repeat(columns, times, axis=0))
            assert resampled(times) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_average_precision_of_a_resample_agrees_with_scikit_learn(metric):
    generator = np.random.default_rng(4)
    score, label = np.round(generator.random(400), 2), generator.integers(0, 2, 400)
    times = np.bincount(generator.integers(0, 400, 400), minlength=400)
    found = metric("average-precision").resampled(np.stack([score, label], axis=1))(times)
    assert found == pytest.approx(sk.average_precision_score(label, score, sample_weight=times))


def test_errors_of_numbers_agree_with_scikit_learn(metric):
    generator = np.random.default_rng(2)
    target, output = generator.normal(size=(2, 50, 3, 4))
    p = Predictions({"output": output, "target": target})
    flat = target.reshape(50, -1), output.reshape(50, -1)
    assert metric("mse").compute(p) == pytest.approx(sk.mean_squared_error(*flat))
    assert metric("mae").compute(p) == pytest.approx(sk.mean_absolute_error(*flat))


def test_signal_to_noise_is_averaged_over_images(metric):
    target = np.zeros((2, 4, 4))
    output = np.stack([np.full((4, 4), 0.1), np.full((4, 4), 0.01)])
    p = Predictions({"output": output, "target": target})
    assert metric("psnr(peak: 1)").compute(p) == pytest.approx(30.0)
    with pytest.raises(QSpecError, match="infinite for 1 image"):
        metric("psnr(peak: 1)").compute(Predictions({"output": output * [[[0]], [[1]]], "target": target}))
    with pytest.raises(QSpecError, match="must be positive"):
        metric("psnr(peak: 0)").compute(p)


def test_shapes_that_disagree_are_refused(metric):
    p = Predictions({"output": np.zeros((3, 2)), "target": np.zeros((3, 4))})
    with pytest.raises(QSpecError, match="must agree"):
        metric("mse").compute(p)
