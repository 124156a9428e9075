"""The verdict rule: which side of the bound an interval lies on, and what a claim makes of its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.stats.decision import (
    Outcome,
    Relation,
    Verdict,
    combine_claim,
    combine_readings,
    combine_strata,
    decide,
    decide_equivalence,
    decide_flips,
    deciding_n,
    deciding_n_by_width,
    level_by_search,
)
from qspec.stats.interval import Interval
from qspec.stats.paired import PairedCounts, refuting_interval, refuting_level, tango
from qspec.stats.power import needed_pairs

C, R, U = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.INCONCLUSIVE  # U for undecided.


def interval(low: float, high: float) -> Interval:
    return Interval((low + high) / 2, low, high, 0.95, "given")


@pytest.mark.parametrize(
    ("low", "high", "upper", "lower"),
    [(0.1, 0.9, C, R), (1.1, 1.9, R, C), (0.5, 1.5, U, U), (0.5, 1.0, U, U), (1.0, 1.5, U, U)],
)
def test_an_interval_decides_where_the_bound_lies_outside(
    low: float, high: float, upper: Outcome, lower: Outcome
) -> None:
    for relation in Relation:
        assert decide(interval(low, high), relation, 1.0) is (upper if relation.is_upper else lower)


def test_confirming_and_refuting_use_their_own_intervals() -> None:
    narrow, wide = interval(1.1, 1.5), interval(0.9, 1.6)
    assert decide(narrow, Relation.AT_MOST, 1.0) is R
    assert decide(narrow, Relation.AT_MOST, 1.0, wide) is U
    assert decide(narrow, Relation.AT_LEAST, 1.0, wide) is C


@pytest.mark.parametrize(
    ("relation", "at", "below", "above"),
    [
        (Relation.AT_MOST, C, C, R),
        (Relation.BELOW, R, C, R),
        (Relation.AT_LEAST, C, R, C),
        (Relation.ABOVE, R, R, C),
    ],
)
def test_an_exact_value_satisfies_its_relation_or_not(
    relation: Relation, at: Outcome, below: Outcome, above: Outcome
) -> None:
    for value, outcome in ((0.35, at), (0.3, below), (0.4, above)):
        assert decide(Interval.exact(value), relation, 0.35) is outcome


def test_zero_width_without_exactness_is_not_taken_for_certainty() -> None:
    assert decide(interval(0.0, 0.0), Relation.AT_MOST, 0.0) is U


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [(-0.5, 0.5, C), (-1.5, 0.5, U), (0.5, 1.5, U), (1.1, 1.5, R), (-1.5, -1.1, R), (-2.0, 2.0, U)],
)
def test_equivalence_needs_both_sides(low: float, high: float, outcome: Outcome) -> None:
    assert decide_equivalence(interval(low, high), 1.0) is outcome


cells = st.integers(0, 400)
tables = st.tuples(cells, cells, cells, cells).filter(any).map(lambda c: PairedCounts(*c))


@given(tables, st.floats(-0.5, 0.5), st.sampled_from(list(Relation)))
def test_flips_are_confirmed_by_tango_and_refuted_by_the_envelope(
    counts: PairedCounts, bound: float, relation: Relation
) -> None:
    verdict = decide_flips(counts, relation, bound)
    assert verdict.outcome is decide(tango(counts), relation, bound, refuting_interval(counts))
    assert verdict.outcome is not R or verdict.level <= 0.05 + 1e-9
    assert verdict.outcome is not C or verdict.level == 1.0


@given(tables, st.floats(-0.3, 0.3))
def test_search_finds_the_level_of_the_closed_form(counts: PairedCounts, bound: float) -> None:
    found = level_by_search(lambda c: refuting_interval(counts, c), Relation.AT_MOST, bound)
    expected = refuting_level(counts, bound)
    if 1e-12 < expected < 0.999:
        assert found == pytest.approx(expected, rel=1e-3)


def test_search_of_an_exact_value_gives_all_or_nothing() -> None:
    assert level_by_search(lambda _: Interval.exact(2.0), Relation.AT_MOST, 1.0) == 0.0
    assert level_by_search(lambda _: Interval.exact(0.5), Relation.AT_MOST, 1.0) == 1.0
    assert level_by_search(lambda _: interval(5.0, 6.0), Relation.AT_MOST, 1.0) == pytest.approx(1e-15)


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.005, 0.01, 0.03]))
def test_the_n_that_decides_is_the_first_that_does(harmful: int, helpful: int, bound: float) -> None:
    loss, discordance = (harmful - helpful) / 1000, (harmful + helpful) / 1000
    needed = deciding_n(loss, discordance, bound)
    if loss == bound:
        assert needed is None
        return
    assert needed is not None

    def outcome(n: int) -> Outcome:
        scaled = PairedCounts(
            0, harmful * n // 1000, helpful * n // 1000, n - (harmful + helpful) * n // 1000
        )
        return decide(tango(scaled), Relation.AT_MOST, bound)

    if needed > 4000 and abs(loss - bound) > 0.002:
        assert outcome(2 * needed) is (C if loss < bound else R)
        assert outcome(needed // 2) is U


def test_the_n_that_decides_without_flips_has_its_closed_form() -> None:
    assert deciding_n(0.0, 0.0, 0.01) == 381  # Over z^2 (1 - X)/X = 380.3.
    assert deciding_n(0.0, 0.03, 0.01) < needed_pairs(0.03, 0.01)
    assert deciding_n(0.0, 0.0, 0.0) is None


def test_width_shrinks_with_the_root_of_n() -> None:
    assert deciding_n_by_width(Interval(0.0, -2.0, 2.0, 0.95, "t"), 1.0, 100) == 400
    assert deciding_n_by_width(Interval(1.0, 0.0, 2.0, 0.95, "t"), 1.0, 100) is None
    assert deciding_n_by_width(Interval(1.0, 0.0, 2.0, 0.95, "t"), 1.0 + 1e-15, 100) is None
    assert deciding_n_by_width(Interval(1.0, 0.0, float("inf"), 0.95, "t"), 2.0, 100) is None


def test_two_readings_of_a_percent_must_agree() -> None:
    assert combine_readings(C, C) is C
    assert combine_readings(C, R) is Outcome.AMBIGUOUS
    assert combine_readings(U, R) is Outcome.AMBIGUOUS


def test_a_claim_is_confirmed_only_as_a_whole() -> None:
    assert combine_claim([(C, 1.0), (C, 1.0)]) is C
    assert combine_claim([(C, 1.0), (U, 0.8)]) is U
    assert combine_claim([(C, 1.0), (Outcome.NOT_MEASURED, 1.0)]) is U
    assert combine_claim([]) is U


def test_a_claim_is_refuted_where_a_part_survives_holm() -> None:
    assert combine_claim([(C, 1.0), (R, 0.02)]) is R
    assert combine_claim([(C, 1.0)] * 2 + [(R, 0.02)]) is U
    assert combine_claim([(C, 1.0)] * 100 + [(R, 0.0)]) is R  # A size is exact.


def test_strata_follow_the_same_rule() -> None:
    point = Interval.exact(0.0)
    verdicts = [Verdict(C, point, point, 1.0), Verdict(R, point, point, 0.03)]
    assert combine_strata(verdicts) == (U, 0.06)
    assert combine_strata(verdicts[1:]) == (R, 0.03)
