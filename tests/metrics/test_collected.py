"""Columns of blocks become those of all examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qspec.metrics.collected import Collected

BLOCKS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 4)).flatmap(lambda shape: arrays(np.float64, shape)),
    max_size=6,
)


@given(BLOCKS)
def test_blocks_stand_one_after_the_other_and_lack_zeros(blocks):
    width = max((block.shape[1] for block in blocks), default=0)
    wide = [np.pad(block, ((0, 0), (0, width - block.shape[1]))) for block in blocks]
    expected = np.concatenate([np.zeros((0, width)), *wide])
    assert np.array_equal(Collected.of(blocks), expected, equal_nan=True)


def test_a_block_may_change_after_it_was_taken():
    block, collected = np.ones((2, 1)), Collected(4)
    collected.take(block)
    block[:] = 2
    collected.take(block)
    assert collected.whole().tolist() == [[1], [1], [2], [2]]


def test_what_is_missing_is_never_given_out_as_zeros():
    collected = Collected(3)
    collected.take(np.ones((2, 1)))
    with pytest.raises(ValueError, match="2 of 3"):
        collected.whole()
