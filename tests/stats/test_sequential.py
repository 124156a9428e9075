"""The confidence sequence is wider than a single look, and keeps its promise over many."""

from __future__ import annotations

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.stats.interval import InsufficientDataError, normal_quantile
from qspec.stats.paired import PairedCounts, tango
from qspec.stats.sequential import sequence_half_width, sequential_flips


def test_it_is_about_one_and_a_half_to_two_times_wider() -> None:
    for n in (1000, 4000, 10_000):
        single = normal_quantile(0.95) * 0.3 / np.sqrt(n)
        assert 1.5 < sequence_half_width(0.3, n, planned=10_000) / single < 2.3
    at_plan = sequence_half_width(0.3, 10_000, 10_000) / (normal_quantile(0.95) * 0.3 / 100)
    assert 1.5 < at_plan < 1.6


def test_thirty_nine_looks_seldom_exclude_the_truth_where_plain_intervals_often_do() -> None:
    rng = np.random.default_rng(0)
    sequence = plain = 0
    looks = range(100, 4000, 100)
    for _ in range(100):
        kinds = rng.choice(3, p=[0.05, 0.05, 0.9], size=4000)
        harmful, helpful = np.cumsum(kinds == 0), np.cumsum(kinds == 1)
        seen = [
            PairedCounts(t - int(b) - int(c), int(b), int(c), 0)
            for t in looks
            for b, c in [(harmful[t - 1], helpful[t - 1])]
        ]
        sequence += not all(sequential_flips(s, 4000).contains(0.0) for s in seen)
        plain += not all(tango(s).contains(0.0) for s in seen)
    assert sequence <= 5
    assert plain > 15


def test_no_flips_yet_still_has_width() -> None:
    assert (
        sequential_flips(PairedCounts(500, 0, 0, 0), 5000).half_width > tango(PairedCounts(500, 0, 0, 0)).high
    )


def test_looking_too_early_or_without_a_plan_is_refused() -> None:
    with pytest.raises(InsufficientDataError, match="too early"):
        sequential_flips(PairedCounts(99, 0, 0, 0), 1000)
    with pytest.raises(QSpecError, match="planned"):
        sequential_flips(PairedCounts(200, 0, 0, 0), 0)
