"""Hall's transformation and its inverse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.stats.skewness import corrected, uncorrected

skewnesses = st.floats(-1.5, 1.5)


@given(st.floats(-8, 8), skewnesses)
def test_one_undoes_the_other(t: float, skewness: float) -> None:
    assert uncorrected(corrected(t, skewness), skewness) == pytest.approx(t, rel=1e-6, abs=1e-6)


@given(st.floats(-8, 8), skewnesses)
def test_what_is_mirrored_stays_mirrored(t: float, skewness: float) -> None:
    assert corrected(-t, -skewness) == pytest.approx(-corrected(t, skewness))
    assert uncorrected(-t, -skewness) == pytest.approx(-uncorrected(t, skewness))


def test_nothing_is_corrected_where_nothing_is_skew() -> None:
    assert corrected(1.7, 0.0) == uncorrected(1.7, 0.0) == 1.7


@pytest.mark.parametrize("skewness", [1e-13, 1e-11, 1e-6, -1e-9])
def test_a_little_skewness_corrects_by_a_little(skewness: float) -> None:
    assert uncorrected(2.0, skewness) == pytest.approx(2.0 - skewness * (2 * 4 + 1) / 6, abs=1e-10)


def test_the_values_of_the_cubic() -> None:
    assert corrected(2.0, 0.3) == pytest.approx(2 + 0.05 + 0.4 + 0.02666667)
    assert uncorrected(-1.96, 0.3) == pytest.approx(-2.6504, abs=1e-4)
