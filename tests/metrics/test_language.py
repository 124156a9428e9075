"""Perplexity, bits per byte, pass@k, composites: values from their definitions."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.metrics.predictions import Predictions


def documents() -> Predictions:
    return Predictions({"loss": [20.0, 35.0], "tokens": [10, 12], "words": [8, 9], "bytes": [40, 50]})


def test_perplexity_pools_over_documents(metric):
    p = documents()
    assert metric("perplexity(per: token, stride: 2048)").compute(p) == pytest.approx(math.exp(55 / 22))
    assert metric("perplexity(per: word)").compute(p) == pytest.approx(math.exp(55 / 17))
    assert metric("bits-per-byte").compute(p) == pytest.approx(55 / 90 / math.log(2))


def test_perplexity_names_the_count_it_lacks(metric):
    with pytest.raises(QSpecError, match="characters is needed"):
        metric("perplexity(per: character)").compute(documents())


def test_nll_takes_the_loss_of_an_example(metric):
    assert metric("nll").compute(documents()) == pytest.approx(27.5)


def test_pass_at_k_is_the_share_of_samples_of_k_with_a_success(metric):
    passed, samples = [0, 1, 3, 5], [5, 5, 5, 5]
    p = Predictions({"passed": passed, "samples": samples})
    for k in (1, 2, 5):
        every = list(combinations(range(5), k))
        expected = np.mean([np.mean([min(draw) < c for draw in every]) for c in passed])
        assert metric(f"pass@{k}").compute(p) == pytest.approx(expected)
    with pytest.raises(QSpecError, match="at least 6 samples"):
        metric("pass@6").compute(p)


def test_human_evaluation_is_refused_with_a_reason(metric):
    with pytest.raises(QSpecError, match="not computed here"):
        metric("human-eval").compute(documents())


def test_a_composite_is_the_weighted_mean_of_its_parts(metric):
    p = Predictions({"logits": np.random.default_rng(0).normal(size=(50, 8)), "label": np.arange(50) % 8})
    top1, top5 = metric("top1").compute(p), metric("top5").compute(p)
    assert metric("composite(top1: 0.7, top5: 0.3)").compute(p) == pytest.approx(0.7 * top1 + 0.3 * top5)
    assert metric("composite(top1: 3, top@5: 1)").compute(p) == pytest.approx(0.75 * top1 + 0.25 * top5)
    nested = metric("composite(accuracy(normalization: none, weight: 0.5), top5(weight: 0.5))")
    assert nested.compute(p) == pytest.approx((top1 + top5) / 2)
    assert metric("composite(nll(weight: 1), nll(weight: 1))").direction == "lower"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("composite(top1: 1)", "at least two parts"),
        ("composite(top1, top5)", "has no weight"),
        ("composite(top1: 0, top5: 1)", "must be positive"),
        ("composite(top1: 0.5, nll: 0.5)", "directions or units differ"),
        ("composite(top1: 0.5, auc: 0.5)", "no mean over single examples"),
        ("composite(top1: 0.5, nonsense: 0.5)", "no metric called nonsense"),
        ("composite(0.5, 0.5)", "is not a metric"),
        ("composite(recall@0: 0.5, top1: 0.5)", "no metric called recall@0"),
    ],
)
def test_a_composite_that_means_nothing_is_refused(metric, text, message):
    with pytest.raises(QSpecError, match=message):
        metric(text)
