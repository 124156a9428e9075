"""The formats of GGUF files: plain blocks as the C code makes them, super-blocks within what their scales can say."""

from dataclasses import replace

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.model.shorthand import expand
from qspec.quantize.emulate.gguf import FORMS, Search, fit, round_rows
from qspec.quantize.realize import realize


def matrix(rows: int = 6, columns: int = 512, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((rows, columns)) / 16).astype(np.float32)


def plain(block: np.ndarray, name: str) -> list[float]:
    """One block of 32 quantized value by value, as `quantize_row_q4_0_ref` and its neighbours do it, in binary32."""
    one = np.float32
    bits = int(name[1])
    if name == "q8_0":
        scale = one(max(abs(v) for v in block)) / one(127)
        scaled = [v * (one(1) / scale) for v in block]
        codes = [int(np.sign(v) * np.floor(abs(v) + one(0.5))) for v in scaled]
        return [float(c * one(np.float16(scale))) for c in codes]
    if name.endswith("_0"):
        extreme = max(block, key=abs)
        scale, middle = extreme / one(-(2 ** (bits - 1))), 2 ** (bits - 1)
        codes = [min(2 * middle - 1, int(v * (one(1) / scale) + one(middle + 0.5))) for v in block]
        return [float((c - middle) * one(np.float16(scale))) for c in codes]
    low, most = min(block), 2**bits - 1
    scale = (max(block) - low) / one(most)
    codes = [min(most, int((v - low) * (one(1) / scale) + one(0.5))) for v in block]
    return [float(c * one(np.float16(scale)) + one(np.float16(low))) for c in codes]


@pytest.mark.parametrize("name", ["q4_0", "q4_1", "q5_0", "q5_1", "q8_0"])
def test_plain_blocks_are_those_of_the_scalar_code(name):
    values = matrix(2, 64)
    expected = np.reshape([plain(block, name) for block in values.reshape(-1, 32)], values.shape)
    assert (round_rows(values, name) == expected.astype(np.float32)).all()


def searched(x: np.ndarray, counts: np.ndarray, how: Search) -> tuple[float, float]:
    """The search of `make_qkx2_quants` for one group, loop by loop in double precision."""

    def codes_of(inverse: float) -> list[int]:
        return [int(np.clip(np.rint(inverse * (v - low)), 0, how.levels)) for v in x]

    def error(scale: float, least: float, codes: list[int]) -> float:
        off = [scale * c + least - v for c, v in zip(codes, x, strict=True)]
        return sum(w * (abs(o) if how.absolute else o * o) for w, o in zip(counts, off, strict=True))

    low, high = min(float(x.min()), 0.0), float(x.max())
    scale = (high - low) / how.levels
    best = error(scale, low, codes_of(how.levels / (high - low)))
    w, wx = counts.sum(), (counts * x).sum()
    for step in range(how.steps + 1):
        codes = np.array(codes_of((how.start + 0.1 * step + how.levels) / (high - low)))
        wl, wll, wxl = (counts * codes).sum(), (counts * codes**2).sum(), (counts * codes * x).sum()
        spread = w * wll - wl**2
        if spread <= 0:
            continue
        tried, least = (w * wxl - wx * wl) / spread, (wll * wx - wl * wxl) / spread
        if least > 0:
            tried, least = wxl / wll, 0.0
        found = error(tried, least, list(codes))
        if found < best:
            best, scale, low = found, tried, least
    return scale, -low


@pytest.mark.parametrize("how", [Search(15, -1.0, 20, False), Search(3, -0.5, 15, True)])
def test_scale_and_minimum_of_a_group_are_those_of_the_loops(how):
    groups = matrix(8, 32, seed=3).astype(np.float64)
    counts = np.abs(groups)
    scales, minima = fit(groups, counts, how)
    expected = [searched(x, w, how) for x, w in zip(groups, counts, strict=True)]
    assert scales == pytest.approx([scale for scale, _ in expected], rel=1e-5)
    assert minima == pytest.approx([least for _, least in expected], rel=1e-5)


@pytest.mark.parametrize(
    ("name", "group"), [("q2_k", 16), ("q3_k", 16), ("q4_k", 32), ("q5_k", 32), ("q6_k", 16)]
)
def test_groups_of_super_blocks_have_as_many_values_as_codes(name, group):
    rounded = round_rows(matrix(), name).reshape(-1, group)
    assert max(len(np.unique(one)) for one in rounded) <= 2 ** int(name[1])


def test_more_bits_err_less_and_the_search_beats_plain_blocks():
    values = matrix(16)
    errors = {name: float(np.linalg.norm(round_rows(values, name) - values)) for name in FORMS}
    ordered = [errors[f"q{bits}_k"] for bits in (2, 3, 4, 5, 6)]
    assert ordered == sorted(ordered, reverse=True)
    assert errors["q4_k"] < errors["q4_1"] < errors["q4_0"] and errors["q5_k"] < errors["q5_0"]


@pytest.mark.parametrize("name", FORMS)
def test_zeros_and_constants_and_ragged_rows_stay_finite(name):
    assert (round_rows(np.zeros((2, 300), np.float32), name) == 0).all()
    for value in (0.25, -0.25):
        constant = np.full((2, 300), value, np.float32)
        assert round_rows(constant, name) == pytest.approx(constant, rel=0.02)
    ragged = matrix(3, 300)
    assert round_rows(ragged, name).shape == ragged.shape


def test_a_mix_is_simulated_and_its_notes_say_what_is_not_followed(mlp, ask):
    request = ask(mlp(), shorthand="Q4_K_M", simulated=True)
    realized = realize(replace(request, precision=expand(request.precision)))
    assert realized.simulated and len(realized.notes) == 2
    assert "filled up with zeros" in realized.notes[0] and "the mix medium" in realized.notes[1]


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (
            {"method": "weight-only", "recipe": {"name": "k-quant"}, "weights": {"type": "q4_k"}},
            "only be simulated",
        ),
        (
            {"method": "simulated", "weights": {"type": "q4_0"}, "activations": {"type": "q8_0"}},
            "is for weights",
        ),
        (
            {"method": "simulated", "weights": {"type": "q4_0", "granularity": {"name": "per-channel"}}},
            "blocks and scales of its own",
        ),
        (
            {"method": "simulated", "weights": {"type": "q4_0", "symmetric": True}},
            "blocks and scales of its own",
        ),
    ],
)
def test_what_a_format_of_files_does_not_have_is_a_sentence(mlp, ask, precision, said):
    request = ask(mlp(), **precision)
    with pytest.raises(QSpecError, match=said):
        realize(request)
    assert not request.output.exists()
