"""Verdicts over several draws of a calibration sample: what examples and draws leave open, added in squares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from qspec.stats.decision import Outcome, Relation, Verdict, decide_flips
from qspec.stats.draws import decide_over_draws, over_draws
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.paired import PairedCounts

UP = Relation.AT_MOST


def test_equal_draws_leave_the_interval_as_it_is() -> None:
    one = Interval(0.01, 0.004, 0.02, 0.95, "tango")
    whole = over_draws([one] * 5, 0.95)
    assert (whole.low, whole.high) == pytest.approx((0.004, 0.02))
    assert whole.method == "tango+draws-t"


def test_draws_without_sampling_error_have_students_interval() -> None:
    losses = [0.010, 0.014, 0.008, 0.011, 0.013]
    whole = over_draws([Interval.exact(loss) for loss in losses], 0.95)
    expected = stats.ttest_1samp(losses, 0.0).confidence_interval(0.95)
    assert (whole.low, whole.high) == pytest.approx((expected.low, expected.high))


def test_both_sources_are_added_in_squares() -> None:
    draws = [Interval(x, x - 0.003, x + 0.004, 0.95, "t") for x in (0.01, 0.012, 0.014)]
    spread = float(stats.t.ppf(0.975, 2)) * 0.002 / math.sqrt(3)
    whole = over_draws(draws, 0.95)
    assert whole.low == pytest.approx(0.012 - math.hypot(0.003, spread))
    assert whole.high == pytest.approx(0.012 + math.hypot(0.004, spread))


def test_one_draw_says_nothing_of_others() -> None:
    with pytest.raises(InsufficientDataError, match="two samples"):
        over_draws([Interval.exact(0.1)], 0.95)


def over(tables: list[PairedCounts], bound: float, confidence: float = 0.95) -> Verdict:
    return decide_over_draws(
        lambda level: [decide_flips(one, UP, bound, level) for one in tables],
        UP,
        bound,
        confidence,
        tables[0].n,
    )


def test_the_level_is_where_the_verdict_turns() -> None:
    tables = [PairedCounts(1900 - b, b, 20, 80) for b in (58, 66, 71, 60, 75)]
    verdict = over(tables, 0.01)
    assert verdict.outcome is Outcome.REFUTED and verdict.level < 0.05
    assert over(tables, 0.01, 1 - 1.05 * verdict.level).outcome is Outcome.REFUTED
    assert over(tables, 0.01, 1 - 0.95 * verdict.level).outcome is Outcome.INCONCLUSIVE


def test_where_the_draws_alone_leave_the_bound_inside_no_number_of_examples_decides() -> None:
    apart = [PairedCounts(19_000 - b, b, 100, 900) for b in (100, 400, 700, 50, 600)]
    assert over(apart, 0.02).outcome is Outcome.INCONCLUSIVE
    assert over(apart, 0.02).needed_n is None
    together = [PairedCounts(960 - b, b, 8, 32) for b in (10, 11, 10, 9, 10)]
    needed = over(together, 0.008).needed_n
    assert needed is not None and needed > 1000


def test_at_the_bound_it_seldom_confirms_where_one_draw_often_would() -> None:
    """Losses of models vary about the bound with the calibration sample, as much as examples leave open."""
    rng = np.random.default_rng(0)
    n, bound, repeats = 2000, 0.02, 600
    confirmed = {"one": 0, "five": 0}
    for _ in range(repeats):
        harmful = np.clip(rng.normal(0.03, 0.006, 5), 0.001, 1)  # mean loss 0.03 - 0.01 = the bound
        u = rng.random(n)  # the same examples are the hard ones for every draw
        helpful = (u > 0.99).sum()
        tables = [
            PairedCounts(n - int(h) - int(helpful), int(h), int(helpful), 0)
            for h in ((u < p).sum() for p in harmful)
        ]
        confirmed["one"] += decide_flips(tables[0], UP, bound).outcome is Outcome.CONFIRMED
        whole = over_draws([decide_flips(t, UP, bound).interval for t in tables], 0.95)
        confirmed["five"] += whole.high < bound
    assert confirmed["five"] <= 0.03 * repeats < 0.06 * repeats < confirmed["one"]
