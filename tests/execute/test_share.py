"""Bounds on a proportion itself: what is seldom seen, and examples that come in clusters."""

import numpy as np
import pytest

from qspec.execute.contrasts.contrast import Asked, Question
from qspec.execute.contrasts.share import decide_share, share_of
from qspec.stats.clustered import effective_share
from qspec.stats.decision import Relation
from qspec.stats.interval import InsufficientDataError

UP = Relation.AT_MOST


def at_most(bound):
    return Question(Asked.VALUE, UP, bound)


def test_clusters_of_one_come_close_to_no_clusters():
    hits = np.arange(400) < 20
    free = share_of(hits, None).interval(0.95)
    alone = share_of(hits, np.arange(400)).interval(0.95)
    assert (alone.low, alone.high) == pytest.approx((free.low, free.high), abs=5e-4)


def test_copies_of_an_example_count_once():
    hits = np.arange(400) < 20
    once = share_of(hits, np.arange(400)).interval(0.95)
    often = share_of(np.repeat(hits, 5), np.repeat(np.arange(400), 5)).interval(0.95)
    assert (often.low, often.high) == pytest.approx((once.low, once.high), abs=1e-3)


def test_a_share_of_none_is_bounded_by_its_clusters_and_never_below_zero():
    nothing = effective_share(np.zeros(1000, bool), np.arange(1000) // 10)
    assert nothing.n == 100
    interval = nothing.interval(0.95)
    assert interval.low == 0 and 0.03 < interval.high < 0.05


def test_few_clusters_decide_nothing():
    with pytest.raises(InsufficientDataError, match="10 clusters are too few"):
        decide_share(share_of(np.arange(100) < 3, np.arange(100) // 10), at_most(0.5), 100)


def test_at_the_bound_a_clustered_share_is_seldom_decided():
    rng = np.random.default_rng(1)
    clusters, size, share = 60, 10, 0.05
    found = {"confirmed": 0, "refuted": 0, "inconclusive": 0}
    units = np.repeat(np.arange(clusters), size)
    for _ in range(400):
        rate = rng.beta(share * 4, (1 - share) * 4, clusters)  # intra-cluster correlation of one fifth
        hits = rng.random(clusters * size) < rate[units]
        interval = share_of(hits, units).interval(0.95)
        outcome = (
            "confirmed" if interval.high < share else "refuted" if interval.low > share else "inconclusive"
        )
        found[outcome] += 1
    assert found["confirmed"] <= 0.04 * 400
    assert found["refuted"] <= 0.03 * 400


def test_flips_in_clusters_have_limits_that_a_share_can_have(judging, flipped):
    base, quantized = flipped(985, 3, 2, 10)
    (one,) = judging("flips <= 3 %", base, quantized, units=np.arange(1000) // 4).judged
    assert one.outcome == "confirmed" and 0 <= one.interval.low < 0.005 < one.interval.high < 0.03
