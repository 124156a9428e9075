"""Calibration errors: binning, the floor that chance leaves, and the debiased estimate decided on."""

from __future__ import annotations

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.stats.calibration import (
    brier,
    calibration_loss,
    debiased_squared_error,
    ece_floor,
    expected_calibration_error,
)
from qspec.stats.interval import InsufficientDataError
from qspec.stats.static import ece_bias_floor


def calibrated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.random(n)
    return p, rng.random(n) < p


def test_a_calibrated_model_shows_about_the_floor_and_never_much_under_it() -> None:
    seen = [expected_calibration_error(*calibrated(2000, seed)) for seed in range(60)]
    floor = np.mean([ece_floor(calibrated(2000, seed)[0]) for seed in range(60)])
    assert np.mean(seen) == pytest.approx(floor, rel=0.08)
    assert floor < ece_bias_floor(2000, 15, 0.5)


def test_the_debiased_error_of_a_calibrated_model_is_zero_on_average() -> None:
    seen = [debiased_squared_error(*calibrated(1500, seed)) for seed in range(200)]
    assert np.mean(seen) == pytest.approx(0, abs=3 * np.std(seen) / np.sqrt(200))
    assert min(seen) < 0


def test_the_debiased_error_finds_a_constant_gap() -> None:
    p, right = calibrated(200_000, 0)
    shifted = np.clip(0.8 * p + 0.1, 0, 1)  # Off by 0.1 - 0.2 p, whose mean square is 1/300.
    assert debiased_squared_error(shifted, right) == pytest.approx(1 / 300, rel=0.1)


def test_equal_mass_bins_hold_equally_many() -> None:
    confidence = np.array([0.9, 0.91, 0.92, 0.93])
    correct = np.array([1, 1, 1, 0])
    wide = expected_calibration_error(confidence, correct, bins=2)
    assert wide == pytest.approx(abs(confidence.mean() - 0.75))
    mass = expected_calibration_error(confidence, correct, bins=2, binning="equal-mass")
    assert mass == pytest.approx((abs(0.905 - 1) + abs(0.925 - 0.5)) / 2)


def test_confidence_one_belongs_to_the_last_bin() -> None:
    assert expected_calibration_error([1.0, 1.0], [1, 1], bins=10) == 0.0


def test_growth_of_the_error_is_found_and_none_is_not() -> None:
    rng = np.random.default_rng(1)
    score = rng.normal(1, 1.5, 6000)
    p = 1 / (1 + np.exp(-score))
    right = rng.random(6000) < p
    sharper = 1 / (1 + np.exp(-2 * score))
    grown = calibration_loss((p, right), (sharper, right)).interval()
    assert grown.low > 0
    same = calibration_loss((p, right), (p, right))
    assert (same.value, same.standard_error) == (0.0, 0.0)
    halves = calibration_loss((p, right), (sharper, right), clusters=np.arange(6000) // 2)
    assert halves.units == 3000


def test_coverage_of_the_growth_is_near_nominal() -> None:
    rng = np.random.default_rng(2)

    def models(n: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        score = rng.normal(1, 1.5, n)
        p = 1 / (1 + np.exp(-score))
        right = rng.random(n) < p
        return (p, right), (1 / (1 + np.exp(-1.6 * score)), right)

    baseline, quantized = models(500_000)
    truth = debiased_squared_error(*quantized) - debiased_squared_error(*baseline)
    covered = sum(calibration_loss(*models(1500)).interval().contains(truth) for _ in range(200))
    assert covered >= 182


def test_brier_is_the_squared_error() -> None:
    assert brier([0.1, 0.9], [0, 1]) == pytest.approx([0.01, 0.01])


def test_what_has_no_calibration_is_refused() -> None:
    with pytest.raises(QSpecError, match="between 0 and 1"):
        expected_calibration_error([1.2], [1])
    with pytest.raises(QSpecError, match="an outcome for each"):
        expected_calibration_error([0.5], [1, 0])
    with pytest.raises(InsufficientDataError, match="ten a bin"):
        calibration_loss(([0.5], [1]), ([0.5], [1]))
    with pytest.raises(QSpecError, match="same number"):
        calibration_loss(([0.5], [1]), ([0.5, 0.1], [1, 1]))
    with pytest.raises(QSpecError, match="one outcome"):
        brier([0.5], [1, 0])
