"""Score intervals for a ratio of paired proportions, and what refutes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.stats.interval import normal_quantile
from qspec.stats.paired import PairedCounts
from qspec.stats.ratio import recovery, recovery_level, refuting_recovery, tang_z

cell = st.one_of(st.integers(0, 5), st.integers(0, 20_000))
tables = st.tuples(cell, cell, cell, cell).filter(any).map(lambda cells: PairedCounts(*cells))


@given(tables, st.floats(0.5, 0.999))
def test_recovery_contains_the_observed_ratio(counts: PairedCounts, confidence: float) -> None:
    interval = recovery(counts, confidence)
    assert 0 <= interval.low <= interval.high
    if not math.isnan(interval.estimate):
        assert interval.low <= interval.estimate * (1 + 1e-9)
        assert interval.estimate <= interval.high * (1 + 1e-9)


@given(tables)
def test_exchanging_the_models_inverts_the_ratio(counts: PairedCounts) -> None:
    there, back = recovery(counts), recovery(counts.swapped())
    assert back.high == (pytest.approx(1 / there.low, rel=1e-6) if there.low > 0 else math.inf)


@given(tables, st.floats(0.5, 0.99))
def test_limits_solve_the_score_equation(counts: PairedCounts, confidence: float) -> None:
    z, interval = normal_quantile(confidence), recovery(counts, confidence)
    for limit, expected in ((interval.low, z), (interval.high, -z)):
        if 0 < limit < math.inf:
            score = [
                tang_z(counts.both, counts.helpful, counts.harmful, counts.n, limit * (1 + e))
                for e in (-1e-7, 1e-7)
            ]
            assert min(score) - 1e-4 <= expected <= max(score) + 1e-4


@given(tables, st.floats(0.2, 3), st.floats(0.5, 0.999))
def test_level_is_where_the_limit_passes_the_ratio(
    counts: PairedCounts, ratio: float, confidence: float
) -> None:
    interval = refuting_recovery(counts, confidence)
    for above, limit in ((True, interval.low), (False, interval.high)):
        if math.isfinite(limit) and abs(limit - ratio) > 1e-6:
            passed = limit > ratio if above else limit < ratio
            assert (recovery_level(counts, ratio, above=above) < 1 - confidence) == passed


@given(tables, st.floats(0.5, 0.999))
def test_what_refutes_is_never_narrower_than_what_confirms(counts: PairedCounts, confidence: float) -> None:
    confirming, refuting = recovery(counts, confidence), refuting_recovery(counts, confidence)
    assert refuting.low <= confirming.low
    assert confirming.high <= refuting.high


def test_without_flips_the_ratio_is_not_known_exactly() -> None:
    interval = recovery(PairedCounts(800, 0, 0, 200))
    z2 = normal_quantile(0.95) ** 2
    assert interval.estimate == 1.0
    assert interval.high == pytest.approx(1 + z2 / 800, rel=1e-9)
    assert interval.low == pytest.approx(1 / (1 + z2 / 800), rel=1e-9)


def test_models_that_get_nothing_right_leave_the_ratio_open() -> None:
    neither = recovery(PairedCounts(0, 0, 0, 10))
    assert math.isnan(neither.estimate)
    assert (neither.low, neither.high) == (0.0, math.inf)
    only_quantized = recovery(PairedCounts(0, 0, 10, 10))
    assert only_quantized.estimate == only_quantized.high == math.inf
    assert only_quantized.low > 1
    only_baseline = recovery(PairedCounts(0, 10, 0, 10))
    assert (only_baseline.estimate, only_baseline.low) == (0.0, 0.0)
    assert only_baseline.high < 1


def test_a_ratio_of_zero_or_less_is_never_undercut() -> None:
    counts = PairedCounts(5, 2, 1, 2)
    assert recovery_level(counts, 0.0, above=False) == 1.0
    assert recovery_level(counts, -1.0, above=True) == 0.0


def test_outlandish_ratios_are_answered() -> None:
    counts = PairedCounts(5, 2, 1, 2)
    assert recovery_level(counts, 1e300, above=False) < 0.5
    assert recovery_level(counts, 1e-300, above=True) < 0.5
