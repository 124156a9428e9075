"""Unpaired proportions agree with statsmodels where it is right, and hold their shape where it fails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from qspec.errors import QSpecError
from qspec.stats.interval import normal_quantile
from qspec.stats.proportion import (
    clopper_pearson,
    constrained_rates,
    deciding_proportion,
    miettinen_nurminen,
    newcombe,
    wilson,
)

samples = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(samples, st.floats(0.5, 0.999))
def test_wilson_agrees_with_statsmodels(sample: tuple[int, int], confidence: float) -> None:
    interval = wilson(*sample, confidence)
    expected = proportion_confint(*sample, alpha=1 - confidence, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1


@given(samples, samples)
def test_hybrid_score_agrees_with_statsmodels(first: tuple[int, int], second: tuple[int, int]) -> None:
    interval = newcombe(*first, *second)
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


@given(samples, samples, st.floats(0.5, 0.999))
def test_score_interval_solves_its_equation(
    first: tuple[int, int], second: tuple[int, int], confidence: float
) -> None:
    interval = miettinen_nurminen(*first, *second, confidence)
    assert -1 <= interval.low <= interval.estimate <= interval.high <= 1
    (x1, n1), (x2, n2) = first, second
    z2 = normal_quantile(confidence) ** 2
    for limit in (interval.low, interval.high):
        if abs(limit) < 1 - 1e-6:
            p1, p2 = constrained_rates(x1, n1, x2, n2, limit)
            assert p1 - p2 == pytest.approx(limit)
            variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * (n1 + n2) / (n1 + n2 - 1)
            assert (interval.estimate - limit) ** 2 == pytest.approx(z2 * variance, rel=1e-4, abs=1e-9)


@given(samples, samples)
def test_exchanging_the_samples_mirrors_the_interval(first: tuple[int, int], second: tuple[int, int]) -> None:
    there, back = miettinen_nurminen(*first, *second), miettinen_nurminen(*second, *first).negated()
    assert (there.low, there.high) == pytest.approx((back.low, back.high), abs=1e-6)


def test_counts_that_fit_no_sample_are_refused() -> None:
    with pytest.raises(QSpecError, match="at least one example"):
        wilson(0, 0)
    with pytest.raises(QSpecError, match="do not fit"):
        miettinen_nurminen(5, 3, 1, 2)


@pytest.mark.parametrize("n", [50, 164, 899])
@pytest.mark.parametrize("bound", [0.001, 0.01, 0.05, 0.3, 0.95, 0.999])
def test_a_proportion_at_its_bound_is_seldom_decided(n: int, bound: float) -> None:
    chance = binom.pmf(np.arange(n + 1), n, bound)
    limits = [deciding_proportion(k, n) for k in range(n + 1)]
    assert sum(p for p, one in zip(chance, limits, strict=True) if one.high < bound) <= 0.025
    assert sum(p for p, one in zip(chance, limits, strict=True) if one.low > bound) <= 0.025


def test_wilson_alone_would_refute_one_flip_in_164_at_a_tenth_of_a_per_cent() -> None:
    assert wilson(1, 164).low > 0.001 > deciding_proportion(1, 164).low


@given(samples, st.floats(0.5, 0.999))
def test_exact_limits_agree_with_scipy(sample: tuple[int, int], confidence: float) -> None:
    successes, n = sample
    exact = binomtest(successes, n).proportion_ci(confidence, method="exact")
    assert clopper_pearson(successes, n, confidence).low == pytest.approx(exact.low, abs=1e-9)
    assert clopper_pearson(successes, n, confidence).high == pytest.approx(exact.high, abs=1e-9)
