"""AUC by placements agrees with scikit-learn, its variance with the definition and with resampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from qspec.errors import QSpecError
from qspec.stats.auc import auc, auc_loss, midranks
from qspec.stats.interval import InsufficientDataError


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_midranks_agree_with_scipy(values: list[int]) -> None:
    assert midranks(np.array(values, dtype=float)) == pytest.approx(rankdata(values))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=4, max_size=80))
def test_auc_agrees_with_scikit_learn_under_ties(cases: list[tuple[bool, int]]) -> None:
    labels, scores = [c[0] for c in cases], [float(c[1]) for c in cases]
    if any(labels) and not all(labels):
        assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def sample(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3 == 0
    common = rng.normal(size=n) + labels
    first, second = (np.round(common + 0.7 * rng.normal(size=n), 1) for _ in range(2))
    return labels, first, second


def test_variance_follows_the_definition_by_all_pairs() -> None:
    labels, first, second = sample(0)

    def kernel(score: np.ndarray) -> np.ndarray:
        above = score[labels][:, None] - score[~labels][None, :]
        return (above > 0) + 0.5 * (above == 0)

    difference = kernel(first) - kernel(second)
    m, n = difference.shape
    variance = difference.mean(axis=1).var(ddof=1) / m + difference.mean(axis=0).var(ddof=1) / n
    loss = auc_loss(labels, first, second)
    assert loss.value == pytest.approx(auc(labels, first) - auc(labels, second))
    assert loss.standard_error == pytest.approx(math.sqrt(variance))


def test_every_case_its_own_cluster_comes_close_to_no_clusters() -> None:
    labels, first, second = sample(1, n=600)
    free = auc_loss(labels, first, second)
    own = auc_loss(labels, first, second, np.arange(600))
    assert own.standard_error == pytest.approx(free.standard_error, rel=1e-9)
    assert own.units == 600


def test_copies_in_one_cluster_add_no_certainty() -> None:
    labels, first, second = sample(2, n=300)
    once = auc_loss(labels, first, second, np.arange(300))
    copies = [np.repeat(x, 5) for x in (labels, first, second, np.arange(300))]
    often = auc_loss(*copies)
    assert often.standard_error == pytest.approx(once.standard_error)
    assert auc_loss(*copies[:3]).standard_error < once.standard_error / 2


def test_exchanging_the_models_negates_the_loss() -> None:
    labels, first, second = sample(3)
    there, back = auc_loss(labels, first, second), auc_loss(labels, second, first)
    assert (there.value, there.standard_error) == pytest.approx((-back.value, back.standard_error))


def test_what_has_no_auc_is_refused() -> None:
    with pytest.raises(InsufficientDataError, match="two positives"):
        auc_loss([1, 0, 0], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    with pytest.raises(InsufficientDataError, match="two clusters"):
        auc_loss([1, 1, 0, 0], [0.1, 0.4, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4], [0, 0, 1, 2])
    with pytest.raises(QSpecError, match="true or false"):
        auc([2, 1], [0.1, 0.2])
    with pytest.raises(QSpecError, match="differ in length"):
        auc_loss([1, 0], [0.1, 0.2, 0.3], [0.1, 0.2])
