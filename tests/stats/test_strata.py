"""Tables per stratum in one pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.errors import QSpecError
from qspec.stats.paired import PairedCounts
from qspec.stats.strata import paired_counts, stratum_counts, weighted_loss


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(-1, 4)), min_size=1, max_size=200))
def test_tables_are_those_of_counting_one_by_one(rows: list[tuple[bool, bool, int]]) -> None:
    baseline, quantized, stratum = (np.array(column) for column in zip(*rows, strict=True))
    tables = stratum_counts(baseline, quantized, stratum, 5)
    for s, table in enumerate(tables):
        chosen = [row for row in rows if row[2] == s]
        expected = PairedCounts.from_flags(*zip(*[r[:2] for r in chosen], strict=True)) if chosen else None
        assert table == expected
    assert paired_counts(baseline, quantized) == PairedCounts.from_flags(baseline, quantized)
    present = [t for t in tables if t]
    if present and stratum.min() >= 0:
        assert weighted_loss(present) == pytest.approx(paired_counts(baseline, quantized).loss)


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(QSpecError, match="same number of examples"):
        stratum_counts([True], [True, False], [0, 0], 1)
    with pytest.raises(QSpecError, match="outside 0 to 1"):
        stratum_counts([True], [True], [2], 2)
    with pytest.raises(QSpecError, match="at least one example"):
        paired_counts([], [])
