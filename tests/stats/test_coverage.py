"""The default rule's error at the boundary, enumerated exactly on a corner of the long study's grid."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

STUDY = runpy.run_path(str(Path(__file__).parents[1] / "studies" / "coverage.py"))


@pytest.mark.parametrize("n", [100, 300])
@pytest.mark.parametrize("bound", [0.005, 0.02])
def test_the_rule_seldom_errs_at_the_bound_where_wald_often_does(n: int, bound: float) -> None:
    rates = STUDY["error_rates"](n, bound, [d for d in (0.005, 0.02, 0.05) if d >= bound])
    assert rates["confirmed"] <= 0.03
    assert rates["refuted"] <= 0.03
    assert rates["wald-confirmed"] > 0.05
