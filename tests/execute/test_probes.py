"""What a few examples say before all are run: collapse, determinism, and the batch as the unit where it matters."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import QSpecError
from qspec.execute.collapse import collapse, spaced
from qspec.execute.probes import batch_matters, told
from qspec.execute.sessions import open_session
from qspec.execute.units import batches, check_unit, shuffled
from qspec.model.evaluation import Evaluated, Statistics

FLOAT = TensorProto.FLOAT


def argmax(outputs, rows):
    return outputs["y"].argmax(axis=1)


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)


def looked(linear, x, weights, other, batch=32, answer=argmax, **more):
    sessions = tuple(
        open_session(linear(f"{name}.onnx", weights=w.astype(np.float32)), threads=1)
        for name, w in (("a", weights), ("b", other))
    )
    return collapse(sessions, {"x": x}, answer, batch=batch, sample=64, **more)


def test_a_model_beside_itself_is_equal(linear, x):
    weights = np.random.default_rng(1).normal(size=(4, 3))
    seen = looked(linear, x, weights, weights)
    assert (seen.agreement, seen.ratio, list(seen.suspicions())) == (1.0, np.inf, [])
    assert seen.facts()["signal-to-noise"] == "infinite"


@pytest.mark.parametrize("batch", [1, 4, 32])
def test_noise_is_told_in_decibels_and_entropy_in_bits(linear, x, batch):
    weights = np.random.default_rng(1).normal(size=(4, 3))
    noisy = weights + np.random.default_rng(2).normal(0, 0.05, size=(4, 3))
    seen = looked(linear, x, weights, noisy, batch)
    rows = spaced(len(x), 64)
    first, second = x[rows] @ weights, x[rows] @ noisy
    assert seen.ratio == pytest.approx(
        10 * np.log10((first**2).sum() / ((first - second) ** 2).sum()), abs=1e-3
    )
    assert seen.agreement == np.mean(first.argmax(1) == second.argmax(1))
    share = np.bincount(first.argmax(1)) / 64
    assert seen.entropy[0] == pytest.approx(-(share * np.log2(share)).sum())
    assert not list(seen.suspicions())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda w: np.zeros_like(w), "entropy of 0.00 bits"),
        (lambda w: -w, "agrees with the baseline on"),
        (lambda w: 5 * w[:, ::-1], "by more than these measure"),
    ],
)
def test_a_collapse_is_suspected(linear, x, other, said):
    weights = np.random.default_rng(1).normal(size=(4, 3))
    assert any(said in reason for reason in looked(linear, x, weights, other(weights)).suspicions())


def test_of_many_answers_an_example_those_that_count_are_compared(linear, x):
    weights = np.random.default_rng(1).normal(size=(4, 6))
    noisy = weights + np.random.default_rng(2).normal(0, 0.3, size=(4, 6))

    def three(outputs, rows):
        """Two answers, of which the first counts in every other example, and one that never does."""
        first, second = (outputs["y"][:, half].argmax(axis=1) for half in (slice(3), slice(3, 6)))
        return np.stack([np.where(rows % 2, first, -1), second, np.full(len(rows), -1)], axis=1)

    seen = looked(linear, x, weights, noisy, answer=three)
    rows = spaced(len(x), 64)
    one, other = (three({"y": x[rows] @ w}, rows) for w in (weights, noisy))
    assert seen.agreement == np.mean(one[one >= 0] == other[one >= 0]) < 1
    share = np.bincount(one[one >= 0]) / (one >= 0).sum()
    assert seen.entropy[0] == pytest.approx(-(share * np.log2(share)).sum())


def test_an_answer_may_be_chosen_among_items(linear, x):
    weights = np.random.default_rng(1).normal(size=(4, 3))
    noisy = weights + np.random.default_rng(2).normal(0, 0.3, size=(4, 3))
    seen = looked(linear, x, weights, noisy, answer=lambda outputs, rows: outputs["y"][:, 0], among=5)
    first, second = ((x @ w)[:, 0].reshape(60, 5).argmax(1) for w in (weights, noisy))
    assert (seen.sample, seen.agreement) == (60, np.mean(first == second))


def test_outputs_on_another_scale_are_no_collapse_where_the_answers_agree(linear, x):
    weights = np.random.default_rng(1).normal(size=(4, 3))
    seen = looked(linear, x, weights, 40 * weights)
    assert seen.agreement == 1.0 and seen.ratio < -30
    assert not list(seen.suspicions())


def test_the_sample_is_spread_over_the_split():
    assert list(spaced(1000, 3)) == [0, 500, 999]
    assert list(spaced(2, 64)) == [0, 1]
    assert list(spaced(30, 2, among=3)) == [0, 1, 2, 27, 28, 29]


def test_batches_and_a_shuffled_order_are_what_the_seed_says():
    rows = np.arange(100, 110)
    assert sorted(shuffled(rows, 3)) == list(rows)
    assert list(shuffled(rows, 3)) == list(shuffled(rows, 3)) != list(shuffled(rows, 4))
    assert list(batches(7, 3)) == [0, 0, 0, 1, 1, 1, 2]


def test_scores_of_other_units_are_refused():
    by_batch = Evaluated(statistics=Statistics(unit="batch"))
    check_unit(by_batch, "batch")
    check_unit(Evaluated(), "batch")
    check_unit(Evaluated(), "example")
    check_unit(by_batch, None)
    with pytest.raises(QSpecError, match="stored with the unit `by patient`, and `example` is declared"):
        check_unit(Evaluated(), "by patient")
    with pytest.raises(QSpecError, match="stored with the unit `example`, and `batch` is declared"):
        check_unit(by_batch, "example")


@pytest.fixture
def entangled(graph):
    """A plain model, and one whose logits are taken relative to the largest of the batch and rounded."""

    def port(name):
        return (name, FLOAT, ["n", 3])

    graph("base.onnx", [helper.make_node("Identity", ["x"], ["y"])], [port("x")], [port("y")])
    nodes = [
        helper.make_node("Abs", ["x"], ["a"]),
        helper.make_node("ReduceMax", ["a"], ["top"], keepdims=1),
        helper.make_node("Div", ["x", "top"], ["small"]),
        helper.make_node("Mul", ["small", "steps"], ["many"]),
        helper.make_node("Round", ["many"], ["y"]),
    ]
    graph("quantized.onnx", nodes, [port("x")], [port("y")], steps=np.float32(3))
    x = np.random.default_rng(0).normal(size=(1200, 3)).astype(np.float32)
    return {"x": x, "y": x.argmax(1)}


DATA = "inputs { x: x }\n  label: y"


def test_where_answers_depend_on_the_batch_it_is_the_unit(executing, entangled):
    done = executing("image-classification", "top1", entangled, data=DATA, assertions="  loss(top1) <= 30 pp")
    facts = done.record.evaluations["evaluation"]
    assert facts["determinism"]["rebatched"] > 0 and facts["determinism"]["baseline"]["rebatched"] == 0
    assert (facts["unit"], facts["order"]) == ("batch", "shuffled under seed 0")
    assert done.verdicts.judged[0].interval.method == "clustered-tango"
    assert any(
        "the batch is the unit: examples were shuffled under seed 0" in one for one in done.measured.notes
    )


def test_a_declared_unit_stands_and_says_what_was_seen(executing, entangled):
    more = "statistics { unit: example }"
    done = executing(
        "image-classification", "top1", entangled, data=DATA, more=more, assertions="  loss(top1) <= 30 pp"
    )
    assert done.record.evaluations["evaluation"]["unit"] == "example"
    assert done.verdicts.judged[0].interval.method == "tango"
    assert any("the batch is not the unit" in note for note in done.measured.notes)


def test_a_declared_batch_is_shuffled_under_the_seed(executing, entangled):
    more = "statistics { unit: batch, seed: 5 }"
    plain = {**entangled, "x": entangled["x"]}
    done = executing(
        "image-classification", "top1", plain, data=DATA, more=more, assertions="  loss(top1) <= 30 pp"
    )
    assert done.record.evaluations["evaluation"]["order"] == "shuffled under seed 5"


def test_a_collapse_is_told_before_the_run_and_in_the_notes(executing, graph, entangled):
    port = [("x", FLOAT, ["n", 3])]
    graph(
        "quantized.onnx",
        [helper.make_node("Mul", ["x", "zero"], ["y"])],
        port,
        [("y", FLOAT, ["n", 3])],
        zero=np.float32(0),
    )
    done = executing("image-classification", "top1", entangled, data=DATA)
    assert any("seems to have collapsed" in note for note in done.measured.notes)


def test_nothing_probed_is_nothing_told():
    assert not list(told({})) and not batch_matters({})
