"""Paired means: the t interval, clusters, weights and the relative contrast."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstat, ttest_1samp
from statsmodels.api import OLS, WLS

from qspec.errors import QSpecError
from qspec.stats.decision import Outcome, Relation, decide
from qspec.stats.interval import InsufficientDataError
from qspec.stats.means import joint_third_moment, mean, paired_mean_loss, relative_contrast

values = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60)


@given(values)
def test_without_clusters_and_skewness_it_is_students_t(x: list[float]) -> None:
    array = np.round(np.array(x), 3)
    estimate = replace(mean(array), third=0.0)
    if np.ptp(array) < 1e-2:
        return
    expected = ttest_1samp(array, 0.0).confidence_interval(0.9)
    interval = estimate.interval(0.9)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)
    excess = ttest_1samp(array, 1.5)
    if excess.statistic > 0:
        assert estimate.level(Relation.AT_MOST, 1.5) == pytest.approx(excess.pvalue, rel=1e-6)


@given(values)
def test_skewness_never_narrows_an_interval_and_levels_follow_its_limits(x: list[float]) -> None:
    array = np.round(np.array(x), 3)
    if np.ptp(array) < 1e-2:
        return
    estimate = mean(array)
    plain, interval = replace(estimate, third=0.0).interval(), estimate.interval()
    assert interval.low <= plain.low and interval.high >= plain.high
    assert interval.low == plain.low or interval.high == plain.high  # one side alone has too short a limit
    assert estimate.level(Relation.AT_MOST, interval.low) == pytest.approx(0.05)
    assert estimate.level(Relation.AT_LEAST, interval.high) == pytest.approx(0.05)


def test_the_third_moment_is_that_of_the_k_statistic() -> None:
    x = np.random.default_rng(5).gamma(0.5, size=80)
    assert mean(x).third == pytest.approx(kstat(x, 3) / 80**2)
    often = mean(np.repeat(x, 3), np.repeat(np.arange(80), 3))
    assert often.third == pytest.approx(mean(x).third)
    assert mean([1.0, 5.0]).third == 0.0
    y = x + np.random.default_rng(6).gamma(0.5, size=80)
    assert 3 * (joint_third_moment(x, y) + joint_third_moment(y, x)) == pytest.approx(
        mean(x + y).third - mean(x).third - mean(y).third
    )


def test_a_loss_that_few_examples_hold_is_not_confirmed_falsely() -> None:
    rng = np.random.default_rng(7)
    plain = corrected = 0
    for _ in range(1000):
        losses = np.where(rng.random(300) < 0.05, rng.exponential(size=300), 0.0)  # 0.05 in truth
        estimate = mean(losses)
        plain += replace(estimate, third=0.0).interval().high < 0.05
        corrected += estimate.interval().high < 0.05
    assert plain > 80 and corrected < 35  # 25 are allowed for


def test_clusters_agree_with_a_clustered_regression_on_a_constant() -> None:
    rng = np.random.default_rng(0)
    cluster = rng.integers(0, 30, 400)
    x = rng.normal(size=30)[cluster] + rng.normal(size=400)
    groups = {"groups": cluster, "df_correction": True, "use_correction": False}
    expected = OLS(x, np.ones(400)).fit(cov_type="cluster", cov_kwds=groups).bse[0] * math.sqrt(30 / 29)
    assert mean(x, cluster).standard_error == pytest.approx(expected, rel=1e-9)
    weights = rng.random(400)
    weighted = WLS(x, np.ones(400), weights=weights).fit(cov_type="cluster", cov_kwds=groups)
    estimate = mean(x, cluster, weights)
    assert estimate.value == pytest.approx(weighted.params[0])
    assert estimate.standard_error == pytest.approx(weighted.bse[0] * math.sqrt(30 / 29), rel=1e-9)


def test_copies_of_an_example_in_one_cluster_add_no_certainty() -> None:
    x = np.random.default_rng(1).normal(size=50)
    once, often = mean(x), mean(np.repeat(x, 7), np.repeat(np.arange(50), 7))
    assert often.standard_error == pytest.approx(once.standard_error)
    assert often.units == 50
    assert mean(np.repeat(x, 7)).standard_error < once.standard_error / 2


def test_cluster_labels_may_be_of_any_kind() -> None:
    x = np.random.default_rng(2).normal(size=60)
    number = np.arange(60) // 3
    named = np.array([f"document {i}" for i in number])
    assert mean(x, named).standard_error == pytest.approx(mean(x, number).standard_error)
    assert mean(x, number * 1000 - 7).units == mean(x, number * 2).units == 20


def test_fewer_than_twenty_clusters_are_flagged() -> None:
    x = np.random.default_rng(3).normal(size=95)
    assert mean(x, np.arange(95) // 5).few_units
    assert not mean(x).few_units


def test_one_cluster_carries_no_interval() -> None:
    with pytest.raises(InsufficientDataError, match="at least two independent units"):
        mean([1.0, 2.0, 3.0], [0, 0, 0])


def test_loss_is_positive_where_worse_whatever_the_direction() -> None:
    baseline, quantized = [0.9, 0.8, 0.7], [0.8, 0.7, 0.5]
    assert paired_mean_loss(baseline, quantized, higher_is_better=True).value == pytest.approx(4 / 30)
    assert paired_mean_loss(baseline, quantized, higher_is_better=False).value == pytest.approx(-4 / 30)


def test_relative_contrast_changes_sign_at_the_share() -> None:
    rng = np.random.default_rng(4)
    baseline = rng.gamma(4.0, size=2000)
    higher = relative_contrast(baseline, 0.97 * baseline, 0.02, higher_is_better=True)
    assert decide(higher.interval(), Relation.AT_MOST, 0.0) is Outcome.REFUTED
    lower = relative_contrast(baseline, 1.01 * baseline, 0.02, higher_is_better=False)
    assert decide(lower.interval(), Relation.AT_MOST, 0.0) is Outcome.CONFIRMED


def test_level_of_values_that_never_vary() -> None:
    constant = mean([0.5, 0.5, 0.5])
    assert constant.level(Relation.AT_MOST, 0.4) == 0.0
    assert constant.level(Relation.AT_LEAST, 0.4) == 1.0


def test_what_cannot_be_averaged_is_refused() -> None:
    with pytest.raises(QSpecError, match="finite"):
        mean([1.0, math.nan])
    with pytest.raises(QSpecError, match="weights"):
        mean([1.0, 2.0], weights=[0.0, 0.0])
    with pytest.raises(QSpecError, match="one for each example"):
        mean([1.0, 2.0], [0, 0, 1])
    with pytest.raises(QSpecError, match="same number"):
        paired_mean_loss([1.0], [1.0, 2.0], higher_is_better=True)
