"""The calibration sample drawn several times: models of their own, verdicts over all of them, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import QSpecError
from qspec.execute.scores import DRAW

FLOAT = TensorProto.FLOAT


@pytest.fixture
def calibrated(executing, graph):
    """Executes a linear classifier of eight numbers under static INT8, its range set by outliers in the sample."""
    generator = np.random.default_rng(0)
    w = generator.normal(size=(8, 5)).astype(np.float32)
    port = [("x", FLOAT, ["n", 8])]
    graph("base.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], port, [("y", FLOAT, ["n", 5])], w=w)
    x = generator.standard_t(3, size=(1600, 8)).astype(np.float32)

    def run(statistics: str = "", assertions: str = "  loss(top1) <= 20 pp", tune: int = 400):
        columns = {"x": x, "y": (x @ w).argmax(1)}
        return executing(
            "image-classification",
            "top1",
            columns,
            data=f"inputs {{ x: x }}\n  label: y\n  splits {{ tune: 0..{tune}, test: 400..1600 }}",
            split="d.test",
            more=statistics,
            assertions=assertions,
            derived=True,
        )

    return run


def test_each_draw_is_a_model_of_its_own_and_all_of_them_decide(calibrated, tmp_path):
    done = calibrated("statistics { seeds: 5 }")
    assert len(list((tmp_path / "store").rglob("model.onnx"))) == 5
    drawn = done.measured.draws["top1"]
    assert int(drawn.samples.value) == 5
    assert drawn.least.value <= drawn.loss.value <= drawn.most.value and drawn.deviation.value > 0
    (one,) = done.verdicts.judged
    assert one.interval.method == "tango+draws-t"
    assert one.interval.estimate == pytest.approx(float(drawn.loss.value), rel=1e-4)
    assert any("like the 5 that were drawn" in note for note in done.measured.notes)
    shown = next(r for r in done.measured.results if str(r.quantity) == "top1")
    assert shown.method == "tango", "what is shown is the pair that was measured"


def test_the_draws_are_told_apart_by_their_seeds_and_agree_with_judging_each(calibrated, judging):
    done = calibrated("statistics { seeds: 3 }")
    drawn = done.measured.draws["top1"]
    assert int(drawn.samples.value) == 3
    assert done.verdicts.judged[0].interval.method == "tango", "three draws are too few to speak for others"
    assert any("conditional on the first of 3 calibration samples" in note for note in done.measured.notes)


def test_one_draw_is_what_a_verdict_is_conditional_on(calibrated):
    done = calibrated()
    assert not done.measured.draws
    assert any("conditional on one calibration sample" in note for note in done.measured.notes)


def test_a_model_that_arrived_quantized_cannot_be_drawn_again(executing, graph):
    w = np.eye(4, dtype=np.float32)
    for name in ("base.onnx", "quantized.onnx"):
        graph(
            name,
            [helper.make_node("MatMul", ["x", "w"], ["y"])],
            [("x", FLOAT, ["n", 4])],
            [("y", FLOAT, ["n", 4])],
            w=w,
        )
    x = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    more = "calibration { data: d, size: 16, method: minmax }\n  statistics { seeds: 5 }"
    done = executing(
        "image-classification",
        "top1",
        {"x": x, "y": x.argmax(1)},
        data="inputs { x: x }\n  label: y",
        more=more,
    )
    assert any("the model arrived quantized" in note for note in done.measured.notes)


def test_samples_that_would_all_be_the_whole_split_are_refused(calibrated):
    with pytest.raises(
        QSpecError, match=r"5 calibration samples .* all 16 examples of d.tune: it holds no other"
    ):
        calibrated("statistics { seeds: 5 }", tune=16)
    assert not calibrated("", tune=16).measured.draws, "one sample may be the whole split"


@pytest.mark.parametrize(("tune", "share"), [(18, "89%"), (21, None)])
def test_samples_that_hardly_differ_are_told(calibrated, tune, share):
    notes = [
        note
        for note in calibrated("statistics { seeds: 2 }", tune=tune).measured.notes
        if "in common" in note
    ]
    assert [share in note for note in notes] == ([True] if share else [])


@pytest.mark.parametrize("seeds", ["0", "2.5", "1000"])
def test_what_is_no_number_of_samples_is_a_sentence(calibrated, seeds):
    with pytest.raises(QSpecError, match=f"`seeds: {seeds}` is no number"):
        calibrated(f"statistics {{ seeds: {seeds} }}")


def test_fixed_examples_still_leave_the_draws_open(judging):
    base = np.ones(400)
    wrong = [np.where(np.arange(400) < k, 0.0, 1.0) for k in (4, 5, 6, 4, 6)]
    verdicts = judging(
        "loss(top1) <= 1.25 pp\nloss(top1) <= 2 pp",
        {"top1": base},
        {"top1": wrong[0]},
        statistics="statistics { population: fixed, seeds: 5 }",
        others={f"{DRAW}{seed}": {"top1": one[:, None]} for seed, one in enumerate(wrong[1:], 1)},
    )
    assert [one.outcome.value for one in verdicts.judged] == ["inconclusive", "confirmed"]
    assert float(verdicts.draws["top1"].loss.value) == pytest.approx(0.0125)


def test_strata_that_lose_are_explored_by_name_and_called_so(judging):
    sizes = [(86, 13, 0, 1), *[(96, 0, 0, 4)] * 9]
    first = np.concatenate([np.repeat([1.0, 1, 0, 0], counts) for counts in sizes])
    second = np.concatenate([np.repeat([1.0, 0, 1, 0], counts) for counts in sizes])
    groups = np.repeat(np.arange(10), 100)
    verdicts = judging("loss(top1) <= 5 pp", {"top1": first}, {"top1": second}, groups=groups)
    (note,) = [one for one in verdicts.notes if one.startswith("exploratory")]
    assert "by Benjamini and Hochberg over 10 strata" in note
    assert "top1 is lost in group == 0 (p " in note and "group == 1" not in note
