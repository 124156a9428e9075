"""What published numbers alone can say: the worked examples, their edges, and no numeric library."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.errors import QSpecError
from qspec.stats.paired import PairedCounts, tango
from qspec.stats.static import (
    Rounded,
    calls_for_percentile,
    discordance_range,
    ece_bias_floor,
    grim,
    hidden_loss_bound,
    percentile_support,
    resolvable,
    rounding_interval,
    zero_flip_limit,
)


def test_it_loads_no_numeric_library() -> None:
    code = (
        "import sys, qspec.stats.static, qspec.stats.decision, qspec.stats.hidden, qspec.stats.power;"
        "sys.exit(bool({'numpy', 'scipy', 'pydantic'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("76.1", 76.05, 76.15),
        ("76.10 %", 76.095, 76.105),
        ("76%", 75.5, 76.5),
        ("-0.2 pp", -0.25, -0.15),
        ("0", -0.5, 0.5),
        ("1e-3", 0.0005, 0.0015),
    ],
)
def test_a_printed_number_stands_for_those_that_print_the_same(text: str, low: float, high: float) -> None:
    assert rounding_interval(text) == pytest.approx((low, high), rel=1e-12)


@pytest.mark.parametrize("text", ["", "many", "nan", "inf", "1e999999999", "0.1e-500", "9" * 100, "1,5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(QSpecError, match="not a decimal number"):
        rounding_interval(text)


def test_two_proportions_bound_their_discordance() -> None:
    allowed = discordance_range(0.761, 0.759)
    assert allowed.least == pytest.approx(0.002)
    assert allowed.most == pytest.approx(0.48)
    assert allowed.independent == pytest.approx(0.761 * 0.241 + 0.759 * 0.239)


@given(st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any))
def test_observed_discordance_lies_in_the_range(cells: list[int]) -> None:
    counts = PairedCounts(*cells)
    allowed = discordance_range(counts.baseline_rate, counts.quantized_rate)
    assert allowed.least - 1e-12 <= counts.discordance <= allowed.most + 1e-12
    assert allowed.least - 1e-12 <= allowed.independent <= allowed.most + 1e-12


@pytest.mark.parametrize(
    ("baseline", "quantized", "n", "deciding"),
    [("76.1", "75.9", 50_000, 0.052), ("68.4", "67.9", 14_042, 0.091), ("79.6", "78.5", 1_319, 0.042)],
    ids=["ImageNet", "MMLU", "GSM8K"],
)
def test_small_losses_need_pairing(baseline: str, quantized: str, n: int, deciding: float) -> None:
    found = resolvable(Rounded.of(baseline), Rounded.of(quantized), n)
    assert found.kind == "needs-pairing"
    assert found.holds is None
    assert found.deciding_discordance == pytest.approx(deciding, abs=0.0005)
    assert found.safe_discordance < found.deciding_discordance


def test_rounding_widens_the_loss() -> None:
    found = resolvable(Rounded.of("76.1"), Rounded.of("75.9"), 50_000)
    assert found.loss_range == pytest.approx((0.001, 0.003))


def test_a_whole_point_on_imagenet_is_resolved() -> None:
    found = resolvable(Rounded.of("76.1"), Rounded.of("75.1"), 50_000)
    assert (found.kind, found.holds) == ("resolved", False)
    against_two = resolvable(Rounded.of("76.1"), Rounded.of("75.1"), 50_000, bound=0.02)
    assert (against_two.kind, against_two.holds) == ("resolved", True)


def test_three_problems_of_humaneval_are_unresolvable() -> None:
    found = resolvable(119 / 164, 116 / 164, 164)
    assert found.kind == "unresolvable"
    assert found.needed_n is not None
    assert found.needed_n > 164
    assert zero_flip_limit(164) == pytest.approx(0.0229, abs=5e-5)


def test_equal_scores_on_few_examples_cannot_confirm_a_tight_bound() -> None:
    assert resolvable(0.5, 0.5, 164, bound=0.02).kind == "unresolvable"
    assert resolvable(0.5, 0.5, 164, bound=0.03).kind == "needs-pairing"
    assert resolvable(0.5, 0.5, 164, bound=0.0).needed_n is None


@pytest.mark.parametrize("bound", [1e300, -1e300, 1e-300, 1.0, -1.0])
def test_outlandish_bounds_are_answered(bound: float) -> None:
    assert resolvable(0.7, 0.69, 500, bound).kind in ("resolved", "needs-pairing", "unresolvable")
    assert resolvable(0.7, 0.7, 500, bound).kind in ("resolved", "needs-pairing", "unresolvable")


def test_a_loss_that_may_round_onto_the_bound_is_never_resolved() -> None:
    found = resolvable(Rounded.of("76.1"), Rounded.of("75.1"), 10**9, bound=0.0101)
    assert found.kind == "needs-pairing"


@given(st.integers(1, 400), st.integers(0, 400), st.integers(0, 400), st.floats(-0.2, 0.2))
def test_resolved_and_unresolvable_hold_for_every_table_of_those_margins(
    n: int, first: int, second: int, bound: float
) -> None:
    first, second = min(first, n), min(second, n)
    found = resolvable(first / n, second / n, n, bound)
    least = abs(first - second)
    both = min(first, second)
    tightest = tango(PairedCounts(both, first - both, second - both, n - both - least))
    if found.kind == "unresolvable" and found.deciding_discordance > abs(found.loss):
        assert tightest.low - 1e-9 <= bound <= tightest.high + 1e-9
    if found.kind == "resolved":
        assert not tightest.low < bound < tightest.high
        assert found.holds == (found.loss < bound)


def test_grim_finds_percentages_no_count_gives() -> None:
    assert not grim("76.1 %", 164)
    assert grim("76.2 %", 164)  # 125 of 164
    assert grim("72.6", 164)
    assert grim("0.726", 164, scale=1)
    assert not grim("100.7", 164)


@given(st.integers(1, 2000), st.data())
def test_grim_accepts_every_count_as_printed(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    assert grim(f"{100 * k / n:.1f} %", n)
    assert grim(f"{k / n:.4f}", n, scale=1)


def test_a_small_stratum_can_lose_much_behind_a_small_aggregate() -> None:
    assert hidden_loss_bound(0.02, 0.01) == pytest.approx(0.5)
    assert hidden_loss_bound(0.02, 0.01, others_gain=0.005) == pytest.approx((0.01 + 0.98 * 0.005) / 0.02)
    assert hidden_loss_bound(0.001, 0.01) == 1.0
    assert hidden_loss_bound(1.0, 0.01) == 0.01
    with pytest.raises(QSpecError, match="share"):
        hidden_loss_bound(0.0, 0.01)


def test_bias_floor_falls_with_examples_and_rises_with_bins() -> None:
    assert ece_bias_floor(1000, 15, 0.8) > ece_bias_floor(4000, 15, 0.8)
    assert ece_bias_floor(1000, 30, 0.8) > ece_bias_floor(1000, 15, 0.8)
    assert ece_bias_floor(1000, 15, 1.0) == 0.0


@pytest.mark.parametrize(("percentile", "calls"), [(90, 64), (95, 130), (99, 662), (50, 11)])
def test_percentiles_need_their_calls(percentile: float, calls: int) -> None:
    assert calls_for_percentile(percentile) == calls


def test_support_lists_what_a_run_can_show() -> None:
    assert percentile_support(10) == ()
    assert percentile_support(129) == (50, 90)
    assert percentile_support(662) == (50, 90, 95, 99)
    with pytest.raises(QSpecError, match="between 0 and 100"):
        calls_for_percentile(100)


def test_empty_test_sets_are_refused() -> None:
    with pytest.raises(QSpecError, match="number of examples"):
        resolvable(0.5, 0.5, 0)
    with pytest.raises(QSpecError, match="number of examples"):
        grim("50 %", 0)
    with pytest.raises(QSpecError, match="at least one"):
        ece_bias_floor(0, 15, 0.5)
