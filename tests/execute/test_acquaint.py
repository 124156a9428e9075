"""A first look at a model and its data fills a new spec with what they say themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qspec import api
from qspec.errors import QSpecError
from qspec.execute.acquaint import acquaint
from qspec.execute.options import Options
from qspec.lang.template import new_spec


def table(folder: Path, rows: int = 40, **columns: np.ndarray) -> Path:
    x = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    path = folder / "data.npz"
    np.savez(path, **{"x": x, "y": np.arange(rows) % 3, **columns})
    return path


def test_the_only_column_of_an_inputs_shape_feeds_it(linear, tmp_path):
    facts = acquaint(linear("m.onnx", inner=4), table(tmp_path, wide=np.zeros((40, 5), np.float32)), tmp_path)
    assert facts.inputs == "x: x"
    assert (facts.calibrate, facts.test, facts.test_size, facts.calibration_size) == (
        "0..20",
        "20..40",
        20,
        20,
    )
    assert (facts.task, facts.metrics, facts.strata) == ("tabular-classification", "top1", "class: by label")


def test_a_column_of_the_inputs_name_is_taken_before_others(linear, tmp_path):
    other = np.zeros((40, 4), np.float32)
    assert acquaint(linear("m.onnx", inner=4), table(tmp_path, other=other), tmp_path).inputs == "x: x"


def test_columns_that_could_all_feed_an_input_are_named(linear, tmp_path):
    data = tmp_path / "data.npz"
    np.savez(data, one=np.zeros((9, 4), np.float32), two=np.zeros((9, 4), np.float32), y=np.arange(9) % 2)
    with pytest.raises(QSpecError, match="one, two all do"):
        acquaint(linear("m.onnx", inner=4), data, tmp_path)


def test_an_input_that_no_column_fits_is_said(linear, tmp_path):
    with pytest.raises(QSpecError, match="none does"):
        acquaint(linear("m.onnx", inner=7), table(tmp_path, x=np.zeros((40, 4), np.float32)), tmp_path)


def test_answers_that_are_fractions_make_a_regression(linear, tmp_path):
    facts = acquaint(linear("m.onnx", inner=4), table(tmp_path, y=np.linspace(0, 1, 40)), tmp_path)
    assert (facts.task, facts.metrics, facts.strata) == ("regression", "mse", "unstated")
    assert facts.assertions == ("loss(mse) <= 1 % of baseline",)


def test_many_classes_are_no_strata(linear, tmp_path):
    facts = acquaint(linear("m.onnx", inner=4), table(tmp_path, rows=60, y=np.arange(60)), tmp_path)
    assert facts.strata == "unstated"
    assert facts.assertions == ("loss(top1) <= 1 pp",)


def test_data_with_nothing_like_an_answer_are_refused(linear, tmp_path):
    data = tmp_path / "data.npz"
    np.savez(data, x=np.zeros((9, 4), np.float32), name=np.array(["a"] * 9))
    with pytest.raises(QSpecError, match="looks like the true answers"):
        acquaint(linear("m.onnx", inner=4), data, tmp_path)


def test_what_is_written_runs_as_it_stands(linear, tmp_path):
    model, data = linear("m.onnx", inner=4), table(tmp_path, rows=80)
    spec = tmp_path / "claim.qspec"
    spec.write_text(new_spec("claim", tmp_path, model, data, acquaint(model, data, tmp_path)))
    (done,) = api.run(spec, options=Options(store=tmp_path / "store"), write=False).executed
    assert [one.outcome.value for one in done.verdicts.judged][:2] == ["inconclusive", "inconclusive"]
