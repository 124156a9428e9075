"""Throughput ratios from interleaved batches and latency percentiles from separate rounds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from qspec.errors import QSpecError
from qspec.stats.interval import InsufficientDataError
from qspec.stats.timing import independent_batches, latency_percentile, slowdown, speedup, typical_seconds


def batches(n: int = 30, ratio: float = 1.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    drift = 1 + 0.5 * np.sin(np.arange(n))  # A machine whose speed wanders, for both models alike.
    quantized = 1e-3 * drift * np.exp(rng.normal(0, 0.01, n))
    return ratio * 1e-3 * drift * np.exp(rng.normal(0, 0.01, n)), quantized


def test_speedup_is_students_t_on_the_log_ratio() -> None:
    baseline, quantized = batches()
    order = np.argsort(np.log(baseline / quantized))
    order = np.ravel(np.column_stack([order[:15], order[15:]]))  # neighbours are no more alike than others
    baseline, quantized = baseline[order], quantized[order]
    interval = speedup(baseline, quantized, 0.9)
    expected = ttest_rel(np.log(baseline), np.log(quantized)).confidence_interval(0.9)
    assert (interval.low, interval.high) == pytest.approx((np.exp(expected.low), np.exp(expected.high)))
    assert interval.contains(1.5)


def test_batches_that_resemble_their_neighbours_count_for_fewer() -> None:
    rng = np.random.default_rng(4)
    covered, plain = 0, 0
    for _ in range(400):
        noise = rng.normal(0, 0.01, 40)
        for i in range(1, 40):  # the machine's state passes slowly, with a correlation of one half
            noise[i] = 0.5 * noise[i - 1] + np.sqrt(0.75) * noise[i]
        covered += speedup(1.5 * np.exp(noise), np.ones(40)).contains(1.5)
        expected = ttest_rel(noise, np.zeros(40)).confidence_interval(0.95)
        plain += expected.low <= 0 <= expected.high
    assert plain < 0.8 * 400 < 0.89 * 400 < covered
    assert independent_batches(np.tile([0.0, 1.0], 20)) == 40
    assert independent_batches(np.zeros(40)) == 40
    assert 2 <= independent_batches(np.arange(40.0)) < 4


def test_drift_that_falls_on_both_models_cancels() -> None:
    assert speedup(*batches()).half_width < 0.02
    assert typical_seconds(batches()[0]).half_width > 0.1e-3


def test_slowdown_is_the_reciprocal() -> None:
    baseline, quantized = batches()
    fast, slow = speedup(baseline, quantized), slowdown(baseline, quantized)
    assert (slow.low, slow.high) == pytest.approx((1 / fast.high, 1 / fast.low))


def test_fewer_than_twenty_batches_carry_no_interval() -> None:
    baseline, quantized = batches(19)
    with pytest.raises(InsufficientDataError, match="19 timed batches"):
        speedup(baseline, quantized)
    with pytest.raises(InsufficientDataError, match="19 timed batches"):
        typical_seconds(baseline)


def test_a_percentile_needs_rounds_and_calls() -> None:
    rng = np.random.default_rng(0)
    rounds = [rng.gamma(4.0, 1e-3, 700) for _ in range(10)]
    interval = latency_percentile(rounds, 99)
    assert interval.low < 10.05e-3 < interval.high  # The 99th percentile of this gamma is 10.045 ms.
    with pytest.raises(InsufficientDataError, match="9 rounds"):
        latency_percentile(rounds[:9], 99)
    with pytest.raises(InsufficientDataError, match="needs 662"):
        latency_percentile([r[:600] for r in rounds], 99)
    assert latency_percentile([r[:130] for r in rounds], 95).estimate > 0


def test_times_that_a_clock_cannot_have_measured_are_refused() -> None:
    with pytest.raises(QSpecError, match="positive, finite seconds"):
        speedup(np.zeros(20), np.ones(20))
    with pytest.raises(QSpecError, match="interleave"):
        speedup(np.ones(21), np.ones(20))
