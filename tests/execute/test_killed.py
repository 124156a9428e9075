"""A run that was killed twice, at moments drawn at random, and run again leaves the record of one nothing disturbed."""

from __future__ import annotations

import runpy
from pathlib import Path

SOAK = runpy.run_path(str(Path(__file__).parents[1] / "soak" / "kill.py"))


def test_a_killed_run_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    assert SOAK["soak"](tmp_path, kills=2, seed=0, timed=False) == []


def test_only_what_a_clock_says_is_cut_out_of_a_record() -> None:
    record = {
        "at": "now",
        "n": 3,
        "results": [{"quantity": {"name": "top1"}}, {"quantity": {"name": "throughput"}}],
        "verdicts": {"throughput >= 1 x baseline": {}, "loss(top1) <= 1 pp": {"outcome": "confirmed"}},
        "notes": ["the timings drifted while they were taken", "conditional on one calibration sample"],
    }
    assert SOAK["timeless"](record) == {
        "n": 3,
        "results": [{"quantity": {"name": "top1"}}],
        "verdicts": {"loss(top1) <= 1 pp": {}},
        "notes": ["conditional on one calibration sample"],
    }
