"""Holm and Benjamini-Hochberg agree with statsmodels and keep the order given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from qspec.stats.multiplicity import benjamini_hochberg, holm

pvalues = st.lists(
    st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.5, 1.0])), min_size=1, max_size=30
)


@settings(max_examples=15)  # The oracle is slow.
@given(pvalues)
def test_both_agree_with_statsmodels(p: list[float]) -> None:
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]))
    assert benjamini_hochberg(p) == pytest.approx(list(multipletests(p, method="fdr_bh")[1]))


@given(pvalues)
def test_adjusting_only_raises_and_controlling_the_family_raises_more(p: list[float]) -> None:
    for raw, rate, family in zip(p, benjamini_hochberg(p), holm(p), strict=True):
        assert raw <= rate * (1 + 1e-12)
        assert rate <= family * (1 + 1e-12)
        assert family <= 1


def test_no_comparisons_need_no_adjusting() -> None:
    assert holm([]) == benjamini_hochberg([]) == []
