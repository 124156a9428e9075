"""Planning: the numbers of the table, and each function as the inverse of the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.errors import QSpecError
from qspec.stats.paired import PairedCounts, tango
from qspec.stats.power import (
    connor_pairs,
    detectable_bound,
    needed_pairs,
    needed_units,
    planning_discordance,
    power_to_confirm,
)
from qspec.stats.proportion import wilson


@pytest.mark.parametrize(("bound", "n"), [(0.005, 9419), (0.01, 2355), (0.02, 589)])
def test_needed_pairs_at_three_percent_discordance(bound: float, n: int) -> None:
    assert needed_pairs(0.03, bound) == n


@given(st.floats(0.01, 0.3), st.floats(0.005, 0.05), st.sampled_from([0.5, 0.8, 0.95]))
def test_bound_and_power_invert_the_sample_size(discordance: float, bound: float, power: float) -> None:
    n = needed_pairs(discordance, bound, power=power)
    assert detectable_bound(n, discordance, power=power) <= bound * (1 + 1e-9)
    assert power_to_confirm(n, discordance, bound) >= power - 1e-9
    if n > 1000:
        assert power_to_confirm(n - 2, discordance, bound) < power + 1e-3


def test_without_discordance_the_zero_flip_interval_sets_the_number() -> None:
    n = needed_pairs(0.0, 0.01)
    assert tango(PairedCounts(n, 0, 0, 0)).high <= 0.01 < tango(PairedCounts(n - 2, 0, 0, 0)).high


def test_a_pilot_is_planned_at_the_upper_limit_of_its_discordance() -> None:
    assert planning_discordance(15) == wilson(15, 500).high > 0.03
    assert planning_discordance(0) > 0.005


def test_power_at_no_discordance_is_all_or_nothing() -> None:
    assert power_to_confirm(100, 0.0, 0.01) == 1.0
    assert power_to_confirm(100, 0.0, 0.0) == 0.0


def test_needed_units_for_a_mean() -> None:
    assert needed_units(1.0, 0.1) == 785  # ((1.95996 + 0.84162)/0.1)^2 = 784.9


def test_plans_that_cannot_succeed_are_refused() -> None:
    with pytest.raises(QSpecError, match="No number of examples"):
        needed_pairs(0.03, 0.01, loss=0.01)
    with pytest.raises(QSpecError, match="No number of examples"):
        needed_units(1.0, 0.1, loss=0.1)
    with pytest.raises(QSpecError, match="cannot come with"):
        needed_pairs(0.01, 0.05, loss=0.02)
    with pytest.raises(QSpecError, match="Equal flip rates"):
        connor_pairs(0.1, 0.1)
