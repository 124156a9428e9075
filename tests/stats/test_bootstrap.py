"""The grouped bootstrap: sums are true, resamples are shared, intervals and levels agree."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from qspec.errors import QSpecError
from qspec.stats.bootstrap import (
    Replicates,
    bootstrap,
    group_sums,
    group_units,
    group_weights,
    replicate_sums,
    replicates_for,
)
from qspec.stats.decision import Outcome, Relation, decide
from qspec.stats.interval import InsufficientDataError
from qspec.stats.means import mean


@settings(max_examples=50)
@given(st.integers(1, 300), st.integers(1, 6), st.integers(0, 2**31))
def test_group_sums_keep_the_totals_of_every_stratum(n: int, strata_count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    statistics = rng.normal(size=(n, 3))
    strata = rng.integers(-1, strata_count, n)
    groups, count = group_units(rng.integers(0, 40, n), n, seed, most=10)
    sums = group_sums(statistics, groups, count, strata, strata_count)
    assert sums.shape == (strata_count, count, 3)
    for s in range(strata_count):
        assert sums[s].sum(axis=0) == pytest.approx(statistics[strata == s].sum(axis=0))


def test_a_unit_is_never_split_and_groups_are_of_equal_size() -> None:
    units = np.random.default_rng(0).integers(0, 2000, 10_000)
    groups, count = group_units(units, 10_000, seed=3)
    assert count == 500
    pairs = np.unique(np.column_stack([units, groups]), axis=0)
    assert len(pairs) == np.unique(units).size
    sizes = np.bincount(pairs[:, 1])
    assert sizes.max() - sizes.min() <= 1


def test_the_seed_decides_groups_and_weights() -> None:
    first, again, other = (group_units(None, 5000, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    weights = group_weights(50, 100, seed=1)
    assert np.array_equal(weights, group_weights(50, 100, seed=1))
    assert np.all(weights.sum(axis=1) == 50)


def test_replicates_are_what_resampling_the_groups_gives() -> None:
    rng = np.random.default_rng(5)
    sums, weights = rng.normal(size=(3, 20, 4)), group_weights(20, 7, seed=0)
    resampled = replicate_sums(sums, weights)
    assert resampled.shape == (7, 3, 4)
    for r in range(7):
        drawn = np.repeat(np.arange(20), weights[r].astype(int))
        assert resampled[r] == pytest.approx(sums[:, drawn].sum(axis=1))


def losses(scores: np.ndarray, units: np.ndarray | None = None, seed: int = 0) -> Replicates:
    n = scores.shape[0]
    groups, count = group_units(units, n, seed)
    sums = group_sums(np.column_stack([scores, np.ones(n)]), groups, count)
    resampled = replicate_sums(sums, group_weights(count, 2000, seed))
    (loss,) = bootstrap(sums, resampled, lambda s: (s[..., 0] - s[..., 1]) / s[..., 2], count)
    return loss


def test_it_agrees_with_the_t_interval_on_a_mean_of_clustered_differences() -> None:
    rng = np.random.default_rng(6)
    units = rng.integers(0, 300, 3000)
    common = rng.normal(size=300)[units]
    scores = np.column_stack([common + rng.normal(size=3000), 0.8 * common + rng.normal(size=3000)])
    expected = mean(scores[:, 0] - scores[:, 1], units).interval()
    for interval in (losses(scores, units).percentile(), losses(scores, units).basic()):
        assert interval.estimate == pytest.approx(expected.estimate)
        assert interval.half_width == pytest.approx(expected.half_width, rel=0.08)
        assert interval.low == pytest.approx(expected.low, abs=0.15 * expected.half_width)


def test_a_pairing_that_cancels_leaves_no_width() -> None:
    score = np.random.default_rng(7).normal(size=1000)
    assert losses(np.column_stack([score + 0.5, score])).percentile().half_width == pytest.approx(
        0, abs=1e-12
    )


@given(st.floats(-0.3, 0.3), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
def test_level_is_where_the_percentile_interval_refutes(bound: float, confidence: float) -> None:
    values = np.random.default_rng(8).normal(0.05, 0.1, 1999)
    sample = Replicates(0.05, values, 100)
    for relation in (Relation.AT_MOST, Relation.AT_LEAST):
        refuted = decide(sample.percentile(confidence), relation, bound) is Outcome.REFUTED
        level = sample.level(relation, bound)
        if abs(level - (1 - confidence)) > 2 / 1999:
            assert refuted == (level < 1 - confidence)


def skewed(seed: int = 9, n: int = 200) -> tuple[np.ndarray, Replicates]:
    """A sample (n, 2) whose ratio of means is skewed, and its replicates."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.exponential(1, n) ** 2, rng.uniform(1, 2, n)])
    groups, count = group_units(None, n, seed)
    sums = group_sums(x, groups, count)
    resampled = replicate_sums(sums, group_weights(count, 20_000, seed))
    (ratio,) = bootstrap(sums, resampled, lambda s: s[..., 0] / s[..., 1], count)
    return x, ratio


def test_the_corrected_interval_is_that_of_scipy() -> None:
    x, ratio = skewed()
    expected = scipy.stats.bootstrap(
        (x[:, 0], x[:, 1]),
        lambda a, b, axis=-1: a.mean(axis=axis) / b.mean(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="BCa",
        random_state=0,
    ).confidence_interval
    found = ratio.interval()
    assert found.method == "grouped-bootstrap-bca"
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high], rel=0.02)
    assert found.high > ratio.percentile().high and found.low > ratio.percentile().low


@given(st.floats(0.7, 1.8), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
@settings(deadline=None)
def test_level_is_where_the_corrected_interval_refutes(bound: float, confidence: float) -> None:
    _, sample = _SKEWED
    for relation in (Relation.AT_MOST, Relation.AT_LEAST):
        refuted = decide(sample.interval(confidence), relation, bound) is Outcome.REFUTED
        level = sample.level(relation, bound)
        if abs(level - (1 - confidence)) > 0.002:
            assert refuted == (level < 1 - confidence)


_SKEWED = skewed()


def test_more_confidence_widens_the_corrected_interval_on_both_sides() -> None:
    _, ratio = skewed()
    intervals = [ratio.interval(c) for c in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.999999999)]
    lows, highs = [one.low for one in intervals], [one.high for one in intervals]
    assert lows == sorted(lows, reverse=True) and highs == sorted(highs)


def test_percentiles_stand_in_where_no_correction_can_be_had() -> None:
    values = np.random.default_rng(8).normal(0.05, 0.1, 1999)
    plain = Replicates(0.05, values, 100).percentile()
    for estimate, without in ((0.5, np.zeros(100)), (0.05, np.full(100, np.nan)), (0.05, None)):
        found = Replicates(estimate, values, 100, without).interval()
        assert (found.low, found.high, found.method) == (plain.low, plain.high, plain.method)
    same = Replicates(0.0, np.zeros(2000), 100, np.zeros(100)).interval()
    assert (same.low, same.high) == (0.0, 0.0)


def test_an_undefined_replicate_widens_both_sides() -> None:
    values = np.linspace(0, 1, 1000)
    whole = Replicates(0.5, values, 100).percentile()
    holed = Replicates(0.5, np.where(np.arange(1000) % 100 == 50, np.nan, values), 100).percentile()
    assert holed.low < whole.low
    assert holed.high > whole.high
    assert Replicates(0.5, np.full(10, np.nan), 100).level(Relation.AT_MOST, 0.0) == 1.0


def test_replicates_grow_with_the_number_of_comparisons() -> None:
    assert replicates_for(1) == 2000
    count = replicates_for(200)
    least_level = 2 / (count + 1)
    assert 200 * least_level < 0.05


def test_one_unit_cannot_be_resampled_and_few_are_flagged() -> None:
    with pytest.raises(InsufficientDataError, match="at least two independent units"):
        group_weights(1, 10, seed=0)
    assert Replicates(0.0, np.zeros(3), 19).few_units


def test_a_table_that_does_not_fit_the_groups_is_refused() -> None:
    with pytest.raises(QSpecError, match="one row for each example"):
        group_sums(np.zeros((3, 2)), np.zeros(4, dtype=np.int64), 1)
