"""A stratum that loses while the aggregate holds is named, and chance does not name one too often."""

from __future__ import annotations

import numpy as np

from qspec.stats.decision import Outcome, Relation, decide_flips
from qspec.stats.hidden import hidden_flips, hidden_losses
from qspec.stats.paired import PairedCounts, refuting_level


def test_a_confirmed_aggregate_does_not_hide_a_losing_stratum() -> None:
    strata = {"rare": PairedCounts(150, 40, 0, 10), "common": PairedCounts(19_000, 20, 60, 920)}
    pooled = PairedCounts(19_150, 60, 60, 930)
    aggregate = decide_flips(pooled, Relation.AT_MOST, 0.01).outcome
    assert aggregate is Outcome.CONFIRMED
    (found,) = hidden_flips(strata, 0.01, aggregate)
    assert found.stratum == "rare"
    assert found.level == 2 * refuting_level(strata["rare"], 0.01)


def test_a_loss_the_aggregate_shows_is_not_hidden() -> None:
    strata = {"rare": PairedCounts(150, 40, 0, 10)}
    for outcome in (Outcome.REFUTED, Outcome.INCONCLUSIVE):
        assert hidden_flips(strata, 0.01, outcome) == []


def test_the_worst_stratum_comes_first_and_all_declared_strata_count() -> None:
    levels = {"a": 0.004, "b": 0.0001, "c": 1.0}
    assert [h.stratum for h in hidden_losses(levels, Outcome.CONFIRMED)] == ["b", "a"]
    many = levels | {f"s{i}": 1.0 for i in range(50)}
    assert [h.stratum for h in hidden_losses(many, Outcome.CONFIRMED)] == ["b"]


def test_fifty_innocent_strata_seldom_give_a_false_report() -> None:
    rng = np.random.default_rng(0)
    adjusted = unadjusted = 0
    for _ in range(200):
        flips = rng.multinomial(400, [0.06, 0.04, 0.9], size=50)  # A true loss of 2 pp, at the bound.
        strata = {str(i): PairedCounts(int(r), int(b), int(c), 0) for i, (b, c, r) in enumerate(flips)}
        adjusted += bool(hidden_flips(strata, 0.02, Outcome.CONFIRMED))
        unadjusted += any(refuting_level(counts, 0.02) < 0.05 for counts in strata.values())
    assert adjusted <= 10  # Nominally 2.5 % of 200.
    assert unadjusted > 100
