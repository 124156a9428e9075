"""Intervals for the loss in points hold their shape for every table, however empty or one-sided."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qspec.errors import QSpecError
from qspec.stats.interval import normal_quantile
from qspec.stats.paired import (
    PairedCounts,
    agresti_min,
    bonett_price,
    newcombe_paired,
    refuting_interval,
    refuting_level,
    tango,
    tango_z,
    wald,
)

METHODS = (tango, bonett_price, newcombe_paired, wald, agresti_min, refuting_interval)

cell = st.one_of(st.integers(0, 5), st.integers(0, 20_000))
tables = st.tuples(cell, cell, cell, cell).filter(any).map(lambda cells: PairedCounts(*cells))
levels = st.floats(0.5, 0.9999)


@given(tables, levels)
def test_limits_are_ordered_inside_the_unit_range(counts: PairedCounts, confidence: float) -> None:
    for method in METHODS:
        interval = method(counts, confidence)
        assert -1 <= interval.low <= interval.high <= 1
        assert interval.confidence == confidence


@given(tables, levels)
def test_score_and_square_and_add_intervals_contain_the_observed_loss(
    counts: PairedCounts, confidence: float
) -> None:
    for method in (tango, newcombe_paired, wald, refuting_interval):
        assert method(counts, confidence).contains(counts.loss)


@given(tables, levels)
def test_exchanging_the_models_mirrors_every_interval(counts: PairedCounts, confidence: float) -> None:
    for method in METHODS:
        there, back = method(counts, confidence), method(counts.swapped(), confidence).negated()
        assert (back.low, back.high) == pytest.approx((there.low, there.high), abs=1e-12)


@given(tables, levels, levels)
def test_more_confidence_never_narrows(counts: PairedCounts, first: float, second: float) -> None:
    low, high = sorted((first, second))
    for method in METHODS:
        narrow, wide = method(counts, low), method(counts, high)
        assert wide.low <= narrow.low + 1e-12
        assert narrow.high <= wide.high + 1e-12


@given(tables, st.floats(0.5, 0.999))
def test_tango_limits_solve_the_score_equation(counts: PairedCounts, confidence: float) -> None:
    z = normal_quantile(confidence)
    interval = tango(counts, confidence)
    for limit, expected in ((interval.low, z), (interval.high, -z)):
        if abs(limit) < 1 - 1e-9:
            around = [tango_z(counts.harmful, counts.helpful, counts.n, limit + e) for e in (-1e-9, 1e-9)]
            assert min(around) - 1e-6 <= expected <= max(around) + 1e-6


@settings(max_examples=300)
@given(tables, st.floats(-1, 1))
def test_the_score_has_the_sign_of_the_excess_loss(counts: PairedCounts, loss: float) -> None:
    z = tango_z(counts.harmful, counts.helpful, counts.n, loss)
    assert not math.isnan(z)
    observed = counts.loss
    if abs(observed - loss) > 1e-9:
        assert (z > 0) == (observed > loss)


@given(tables, st.floats(-0.9, 0.9), st.floats(0.5, 0.999))
def test_refuting_level_is_the_level_at_which_the_limit_passes_the_bound(
    counts: PairedCounts, bound: float, confidence: float
) -> None:
    level = refuting_level(counts, bound)
    interval = refuting_interval(counts, confidence)
    if abs(interval.low - bound) > 1e-9:
        assert (level < 1 - confidence) == (interval.low > bound)
    below = refuting_level(counts, bound, above=False)
    if abs(interval.high - bound) > 1e-9:
        assert (below < 1 - confidence) == (interval.high < bound)


@pytest.mark.parametrize("n", [1, 7, 164, 1000, 10**6])
def test_without_flips_tango_has_its_closed_form(n: int) -> None:
    z2 = normal_quantile(0.95) ** 2
    interval = tango(PairedCounts(n, 0, 0, 0))
    assert interval.high == pytest.approx(z2 / (n + z2), abs=1e-12)
    assert interval.low == pytest.approx(-z2 / (n + z2), abs=1e-12)


@pytest.mark.parametrize("n", [1, 5, 1000])
def test_where_every_flip_is_harmful_the_upper_limit_is_one(n: int) -> None:
    interval = tango(PairedCounts(0, n, 0, 0))
    assert interval.high == 1.0
    assert -1 < interval.low < 1
    assert tango(PairedCounts(0, 0, n, 0)).low == -1.0


@given(st.integers(1, 400), st.integers(0, 400), st.integers(401, 10_000))
def test_tango_agrees_with_a_numerical_likelihood(harmful: int, helpful: int, n: int) -> None:
    """The nuisance rate in closed form is where a derivative-free search finds the likelihood's top."""
    loss = 0.03

    def slope(rate: float) -> float:
        rest = 1 - 2 * rate - loss
        return (
            harmful / (rate + loss)
            + (helpful / rate if helpful else 0.0)
            - 2 * (n - harmful - helpful) / rest
        )

    low, high = 1e-15, (1 - loss) / 2 - 1e-15
    if harmful + helpful >= n or slope(low) <= 0:
        return
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    variance = n * (2 * low + loss * (1 - loss))
    expected = (harmful - helpful - n * loss) / math.sqrt(variance)
    assert tango_z(harmful, helpful, n, loss) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_flags_are_counted_into_the_four_cells() -> None:
    counts = PairedCounts.from_flags([1, 1, 0, 0, True], [1, 0, 1, 0, False])
    assert counts == PairedCounts(both=1, harmful=2, helpful=1, neither=1)
    assert (counts.loss, counts.discordance) == pytest.approx((0.2, 0.6))
    assert (counts.baseline_rate, counts.quantized_rate) == pytest.approx((0.6, 0.4))


def test_unequal_flags_empty_tables_and_negative_counts_are_refused() -> None:
    with pytest.raises(QSpecError, match="same number of examples"):
        PairedCounts.from_flags([1, 1], [1])
    with pytest.raises(QSpecError, match="at least one example"):
        PairedCounts(0, 0, 0, 0)
    with pytest.raises(QSpecError, match="negative"):
        PairedCounts(3, -1, 0, 0)


def test_a_confidence_outside_zero_to_one_is_refused() -> None:
    for confidence in (0.0, 1.0, 95.0):
        with pytest.raises(QSpecError, match="not between 0 and 1"):
            tango(PairedCounts(1, 0, 0, 0), confidence)


def test_bounds_no_loss_can_reach_are_decided_outright() -> None:
    counts = PairedCounts(5, 2, 1, 2)
    assert refuting_level(counts, 1.5) == 1.0
    assert refuting_level(counts, -1.5) == 0.0
