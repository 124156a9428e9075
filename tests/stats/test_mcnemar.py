"""McNemar's tests agree with scipy's binomial test, for few flips and very many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from qspec.stats.mcnemar import mcnemar_chi2, mcnemar_exact, mcnemar_midp

flips = st.one_of(st.integers(0, 10), st.integers(0, 3000))


@given(flips, flips)
def test_exact_agrees_with_the_binomial_test(harmful: int, helpful: int) -> None:
    expected = binomtest(harmful, harmful + helpful).pvalue if harmful + helpful else 1.0
    assert mcnemar_exact(harmful, helpful) == pytest.approx(expected, rel=1e-8, abs=1e-290)


@given(flips, flips)
def test_midp_halves_the_point_that_was_seen(harmful: int, helpful: int) -> None:
    if harmful == helpful:
        assert mcnemar_midp(harmful, helpful) == 1.0
    else:
        point = binom.pmf(min(harmful, helpful), harmful + helpful, 0.5)
        expected = mcnemar_exact(harmful, helpful) - point
        assert mcnemar_midp(harmful, helpful) == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_no_flips_are_no_evidence() -> None:
    assert mcnemar_exact(0, 0) == mcnemar_midp(0, 0) == 1.0
    assert mcnemar_chi2(0, 0) == (0.0, 1.0)
    assert mcnemar_chi2(3, 3, correction=True) == (0.0, 1.0)


def test_a_hundred_thousand_flips_are_no_problem() -> None:
    assert mcnemar_exact(50_000, 50_000) == 1.0
    assert mcnemar_exact(49_700, 50_300) == pytest.approx(binomtest(49_700, 100_000).pvalue, rel=1e-8)
    assert mcnemar_exact(10, 100_000) == 0.0
