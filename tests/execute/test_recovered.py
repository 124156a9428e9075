"""The share of another executor's degradation that is undone."""

import numpy as np
import pytest

from qspec.data.strata import Stratified
from qspec.errors import QSpecError
from qspec.execute.scores import Scores


def right(n, *shares):
    """Right answers of three nested models: each has wrong what the one before has, and more."""
    return [(np.arange(n) >= n * share).astype(float) for share in shares]


@pytest.fixture
def undone(judging):
    def run(assertion, shares, n=1000, **more):
        base, degraded, quantized = (one[:, None] for one in right(n, *shares))
        found = judging(
            assertion, {"top1": base}, {"top1": quantized}, others={"naive": {"top1": degraded}}, **more
        )
        return found.judged[0]

    return run


def test_a_share_of_a_degradation_is_confirmed_or_refuted(undone):
    # 5 % wrong, 25 % wrong naively, 10 % wrong here: three quarters are undone.
    shares = (0.05, 0.25, 0.10)
    assert undone("recovered(top1, from: naive) >= 60 %", shares).outcome == "confirmed"
    assert undone("recovered(top1, from: naive) >= 90 %", shares).outcome == "refuted"
    one = undone("recovered(top1, from: naive) >= 75 %", shares)
    assert one.outcome == "inconclusive" and one.interval.estimate == pytest.approx(0.75)


def test_a_share_of_no_degradation_is_inconclusive(undone):
    assert undone("recovered(top1, from: naive) >= 50 %", (0.05, 0.05, 0.05)).outcome == "inconclusive"


def test_a_share_of_what_was_not_lost_says_so(undone):
    same = undone("recovered(top1, from: naive) >= 50 %", (0.05, 0.05, 0.10))
    assert same.because.startswith("What naive loses of top1, of which a share may be recovered, is 0")
    hardly = undone("recovered(top1, from: naive) >= 50 %", (0.05, 0.051, 0.06))
    assert "is not told from zero" in hardly.because and hardly.because.startswith("What naive loses of top1")


def test_over_exactly_these_examples_the_share_is_certain(undone):
    fixed = "statistics { population: fixed }"
    assert (
        undone("recovered(top1, from: naive) >= 75 %", (0.05, 0.25, 0.10), statistics=fixed).outcome
        == "confirmed"
    )


def test_an_executor_whose_scores_are_missing_decides_nothing(judging, flipped):
    (one,) = judging("recovered(top1, from: naive) >= 50 %", *flipped(90, 1, 1, 8)).judged
    assert one.outcome == "not-executable"


def test_scores_of_other_executors_are_stored_and_read_back(tmp_path):
    column = np.arange(6.0)[:, None]
    scores = Scores(
        6,
        {"mae": column},
        {"mae": column + 1},
        (np.arange(6), np.arange(6)),
        [Stratified("g", np.zeros(6, np.int32), ("all",))],
        np.arange(6),
        {"batch": 2},
        {"naive": {"mae": column + 2}},
    )
    scores.save(tmp_path)
    read = Scores.load(tmp_path)
    assert np.array_equal(read.others["naive"]["mae"], column + 2)
    assert np.array_equal(read.units, np.arange(6)) and read.facts == {"batch": 2}


def test_the_other_executor_is_run_on_the_same_examples(executing, graph, tmp_path):
    from onnx import TensorProto, helper

    generator = np.random.default_rng(0)
    w = generator.normal(size=(4, 3)).astype(np.float32)
    for name, noise in (("base.onnx", 0.0), ("quantized.onnx", 0.2), ("naive.onnx", 2.0)):
        moved = (w + noise * generator.normal(size=w.shape)).astype(np.float32)
        nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
        graph(
            name, nodes, [("x", TensorProto.FLOAT, ["n", 4])], [("y", TensorProto.FLOAT, ["n", 3])], w=moved
        )
    x = generator.normal(size=(500, 4)).astype(np.float32)
    columns = {"x": x, "y": (x @ w).argmax(1)}
    naive = (
        '}\n\nmodel n {\n  file: "base.onnx"\n  quantized { file: "naive.onnx" }\n}\n'
        "executor naive from e {\n  model: n\n"
    )
    common = {"data": "inputs { x: x }\n  label: y", "more": naive}
    executed = executing(
        "image-classification", "top1", columns, assertions="  recovered(top1, from: naive) >= 20 %", **common
    )
    (one,) = executed.verdicts.judged
    assert one.outcome == "confirmed" and 0.2 < one.interval.estimate < 1
    with pytest.raises(QSpecError, match="names no executor"):
        executing(
            "image-classification",
            "top1",
            columns,
            assertions="  recovered(top1, from: nobody) >= 20 %",
            **common,
        )
