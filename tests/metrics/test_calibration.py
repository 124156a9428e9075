"""Calibration errors against the golden cases and against what theory says of calibrated models."""

from __future__ import annotations

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.metrics.calibration import binned
from qspec.metrics.predictions import Predictions


def calibrated(n: int, seed: int) -> Predictions:
    generator = np.random.default_rng(seed)
    confidence = generator.uniform(0.5, 1, n)
    return Predictions({"confidence": confidence, "correct": generator.random(n) < confidence})


def test_bins_are_closed_on_the_left():
    bins = binned(np.array([0.0, 0.2, 0.4, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]), 5)
    assert bins.count.tolist() == [1, 1, 1, 1]
    assert binned(np.array([0.5, 0.499]), np.zeros(2), 2).count.tolist() == [1, 1]


def test_equal_mass_bins_hold_as_many_examples():
    generator = np.random.default_rng(0)
    bins = binned(generator.beta(8, 1, 103), np.ones(103), 10, "equal-mass")
    assert bins.count.sum() == 103
    assert set(bins.count.tolist()) <= {10, 11}
    assert np.all(np.diff(bins.confidence) > 0)


def test_the_debiased_error_of_a_calibrated_model_scatters_around_zero(metric):
    plain, debiased = metric("ece(bins: 15)"), metric("calibration-error(bins: 15)")
    squared = [metric("ece(bins: 15, norm: l2)").compute(calibrated(300, s)) ** 2 for s in range(200)]
    errors = np.array([debiased.compute(calibrated(300, s)) for s in range(200)])
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(200)
    assert np.mean(squared) > 10 * abs(errors.mean())
    assert plain.compute(calibrated(300, 0)) > 0.02


def test_an_overconfident_model_has_its_gap_as_error(metric):
    n = 20_000
    p = Predictions({"confidence": np.full(n, 0.9), "correct": np.arange(n) % 10 < 7})
    assert metric("ece(bins: 15)").compute(p) == pytest.approx(0.2)
    assert metric("ece(bins: 15, norm: max)").compute(p) == pytest.approx(0.2)
    assert metric("calibration-error(bins: 1)").compute(p) == pytest.approx(0.04, abs=1e-3)


def test_confidences_beyond_one_are_refused(metric):
    p = Predictions({"confidence": [1.2, 0.4], "correct": [1, 0]})
    with pytest.raises(QSpecError, match="from 0 to 1"):
        metric("ece(bins: 15)").compute(p)


def test_a_single_example_has_no_debiased_error(metric):
    with pytest.raises(QSpecError, match="undefined"):
        metric("calibration-error(bins: 2)").compute(Predictions({"confidence": [0.6], "correct": [1]}))


def test_stored_columns_suffice(metric):
    p = calibrated(500, 1)
    for text in ("ece(bins: 10)", "ece(bins: 10, binning: equal-mass)", "calibration-error(bins: 10)"):
        m = metric(text)
        assert not m.additive
        assert m.score(m.columns(p)) == m.compute(p)
        with pytest.raises(QSpecError, match="does not add up"):
            m.statistics(p)
