"""Flips in clusters: the design effect widens, whole clusters without flips count as one, errors stay rare."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from qspec.errors import QSpecError
from qspec.stats.clustered import EffectiveFlips, EffectiveShare, effective_flips
from qspec.stats.interval import InsufficientDataError
from qspec.stats.paired import PairedCounts, refuting_interval, tango


def answers(seed: int, clusters: int = 150, size: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Passages that the quantized model loses or gains as a whole, with a true loss of 2 pp."""
    rng = np.random.default_rng(seed)
    passage = np.repeat(np.arange(clusters), size)
    fate = rng.choice([-1, 0, 1], p=[0.05, 0.88, 0.07], size=clusters)[passage]
    moved = rng.random(passage.size) < 0.9
    return fate * moved == 1, fate * moved == -1, passage


def test_copies_of_an_example_count_once() -> None:
    baseline, quantized, _ = answers(0, clusters=300, size=1)
    once = effective_flips(baseline, quantized, np.arange(300))
    often = effective_flips(np.repeat(baseline, 6), np.repeat(quantized, 6), np.repeat(np.arange(300), 6))
    assert often.n == pytest.approx(once.n, rel=0.01)
    assert often.interval().half_width == pytest.approx(once.interval().half_width, rel=0.01)


def test_independent_examples_give_tangos_interval() -> None:
    rng = np.random.default_rng(1)
    baseline, quantized = rng.random(5000) < 0.8, rng.random(5000) < 0.79
    counts = PairedCounts.from_flags(baseline, quantized)
    alone = effective_flips(baseline, quantized, np.arange(5000))
    expected, refuting = tango(counts), refuting_interval(counts)
    assert (alone.interval().low, alone.interval().high) == pytest.approx(
        (expected.low, expected.high), rel=2e-2
    )
    assert alone.refuting().low == pytest.approx(refuting.low, abs=1e-4)


def test_without_flips_a_cluster_is_one_example() -> None:
    right = np.ones(1000, dtype=bool)
    assert effective_flips(right, right, np.repeat(np.arange(50), 20)).n == 50


def test_a_loss_of_whole_passages_is_covered_where_single_examples_would_not_be() -> None:
    clustered = naive = 0
    for seed in range(200):
        baseline, quantized, passage = answers(seed)
        clustered += effective_flips(baseline, quantized, passage).interval().contains(0.018)
        naive += tango(PairedCounts.from_flags(baseline, quantized)).contains(0.018)
    assert clustered >= 182
    assert naive < 150


@given(st.floats(0, 50), st.floats(0, 50), st.floats(-0.5, 0.5), st.sampled_from([0.8, 0.95, 0.99]))
def test_level_is_where_the_refuting_limit_passes_the_bound(
    harmful: float, helpful: float, bound: float, confidence: float
) -> None:
    flips = EffectiveFlips(harmful, helpful, 200.0, 40)
    interval = flips.refuting(confidence)
    if abs(interval.low - bound) > 1e-9:
        assert (flips.level(bound) < 1 - confidence) == (interval.low > bound)
    if abs(interval.high - bound) > 1e-9:
        assert (flips.level(bound, above=False) < 1 - confidence) == (interval.high < bound)


def test_what_has_no_clusters_is_refused() -> None:
    with pytest.raises(InsufficientDataError, match="at least two independent units"):
        effective_flips([True, False], [True, True], [0, 0])
    with pytest.raises(QSpecError, match="same number"):
        effective_flips([True], [True, True], [0, 1])
    assert EffectiveFlips(1.0, 0.0, 30.0, 10).few_units


def test_a_share_has_limits_at_any_confidence_below_one() -> None:
    # With twenty clusters Student's quantile at 1e-15 lies where a normal confidence can no longer be told from one.
    share = EffectiveShare(70.0, 100.0, 20)
    limits = [share.interval(1 - level) for level in (0.05, 1e-6, 1e-12, 1e-15)]
    assert all(inner.low > outer.low and inner.high < outer.high for inner, outer in pairwise(limits))
    quantile = scipy_stats.t(19).ppf(0.975)
    exact = scipy_stats.binomtest(70, 100).proportion_ci(
        1 - 2 * scipy_stats.norm.sf(quantile), method="exact"
    )
    assert limits[0].low == pytest.approx(exact.low) and limits[0].high == pytest.approx(exact.high, rel=0.01)
