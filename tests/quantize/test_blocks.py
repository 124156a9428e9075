"""Blocks of codes against the runtime's own quantizer, packing, and bounds on the rounding error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime.capi._pybind_state import quantize_matmul_4bits, quantize_matmul_8bits

from qspec.quantize.blocks import pack, round_to_nearest


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [4, 8])
def test_codes_agree_with_the_runtimes_quantizer(bits, symmetric):
    columns, rows, size = 128, 40, 32
    weight = np.random.default_rng(5).standard_normal((columns, rows)).astype(np.float32)
    theirs = np.zeros((rows, columns // size, size * bits // 8), dtype=np.uint8)
    scales = np.zeros((rows, columns // size), dtype=np.float32)
    zeros = np.zeros((rows, -(-(columns // size) * bits // 8)), dtype=np.uint8)
    run = quantize_matmul_4bits if bits == 4 else quantize_matmul_8bits
    run(theirs, weight, scales, zeros, size, rows, columns, symmetric)
    ours = round_to_nearest(np.ascontiguousarray(weight.T), bits, size, symmetric=symmetric)
    assert ours.scales == pytest.approx(scales, rel=1e-5)
    if not symmetric:
        assert (pack(ours.zeros, bits) == zeros).mean() > 0.99
    assert (pack(ours.codes, bits) == theirs).mean() > 0.99


@pytest.mark.parametrize(("bits", "expected"), [(8, [1, 2, 3]), (4, [0x21, 0x03]), (2, [0b111001])])
def test_packing_puts_the_first_code_lowest(bits, expected):
    assert pack(np.array([1, 2, 3], dtype=np.uint8), bits).tolist() == expected


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 70),
    st.sampled_from([16, 32, 64]),
    st.sampled_from([2, 3, 4, 8]),
    st.booleans(),
)
def test_every_value_is_within_one_step_of_its_code(rows, columns, size, bits, symmetric):
    matrix = np.random.default_rng(rows * columns).standard_normal((rows, columns)).astype(np.float32)
    blocks = round_to_nearest(matrix, bits, size, symmetric=symmetric)
    assert blocks.dequantized().shape == matrix.shape
    step = np.repeat(np.abs(blocks.scales), size, axis=1)[:, :columns]
    assert (np.abs(blocks.dequantized() - matrix) <= 1.01 * step + 1e-7).all()


def test_a_block_of_zeros_stays_zero():
    for symmetric in (True, False):
        blocks = round_to_nearest(np.zeros((2, 20), dtype=np.float32), 4, 16, symmetric=symmetric)
        assert (blocks.dequantized() == 0).all()
