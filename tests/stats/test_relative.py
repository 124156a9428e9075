"""Three relative readings of one table of flips, and verdicts that agree where they say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.stats.decision import Outcome, Relation, decide
from qspec.stats.paired import PairedCounts
from qspec.stats.ratio import recovery
from qspec.stats.relative import Reading, decide_relative, relative_interval

cell = st.integers(0, 3000)
tables = st.tuples(cell, cell, cell, cell).filter(any).map(lambda cells: PairedCounts(*cells))


def test_relative_loss_is_one_minus_recovery() -> None:
    counts = PairedCounts(700, 30, 10, 260)
    loss, kept = relative_interval(counts, Reading.RELATIVE_LOSS), recovery(counts)
    assert loss.estimate == pytest.approx(20 / 730)
    assert (loss.low, loss.high) == pytest.approx((1 - kept.high, 1 - kept.low))


def test_growth_of_the_error_is_measured_on_wrong_answers() -> None:
    # 99.5 % to 98.5 % right: the error grows from 0.5 % to 1.5 %, which is 200 % of error.
    counts = PairedCounts(both=985, harmful=10, helpful=0, neither=5)
    growth = relative_interval(counts, Reading.ERROR_GROWTH)
    assert growth.estimate == pytest.approx(2.0)
    assert growth.low < 2.0 < growth.high


@given(tables, st.floats(0.5, 1.5))
def test_a_share_kept_and_a_share_lost_are_judged_alike(counts: PairedCounts, share: float) -> None:
    kept = decide_relative(counts, Reading.RECOVERY, Relation.AT_LEAST, share)
    lost = decide_relative(counts, Reading.RELATIVE_LOSS, Relation.AT_MOST, 1 - share)
    if all(abs(limit - share) > 1e-9 for limit in (kept.interval.low, kept.refuting.high)):
        assert kept.outcome is lost.outcome
    assert kept.level == pytest.approx(lost.level, rel=1e-6, abs=1e-12)


@given(tables, st.sampled_from(list(Reading)), st.sampled_from(list(Relation)), st.floats(-0.5, 2.0))
def test_the_level_says_refuted_where_the_verdict_does(
    counts: PairedCounts, reading: Reading, relation: Relation, bound: float
) -> None:
    verdict = decide_relative(counts, reading, relation, bound)
    assert verdict.outcome is decide(verdict.interval, relation, bound, verdict.refuting)
    limit = verdict.refuting.low if relation.is_upper else verdict.refuting.high
    if abs(limit - bound) > 1e-6:
        assert (verdict.level < 0.05) == (verdict.outcome is Outcome.REFUTED)


def test_an_undecided_share_says_how_many_examples_would_decide() -> None:
    verdict = decide_relative(PairedCounts(700, 30, 20, 250), Reading.RECOVERY, Relation.AT_LEAST, 0.99)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.needed_n is not None
    assert verdict.needed_n > 1000
