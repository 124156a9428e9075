from __future__ import annotations

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.execute import evaluate as module
from qspec.execute.determinism import determinism
from qspec.execute.evaluate import evaluate, evaluate_one
from qspec.execute.sessions import open_session


def keep(outputs, rows):
    return {"y": outputs["y"], "row": rows}


@pytest.fixture
def pair(linear):
    return (
        open_session(linear("a.onnx", seed=1), threads=1),
        open_session(linear("b.onnx", seed=2), threads=1),
    )


@pytest.fixture
def x():
    return np.random.default_rng(5).normal(size=(101, 4)).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 7, 32, 101, 500])
def test_both_models_see_every_example_once_whatever_the_batch(pair, x, batch):
    seen = []
    result = evaluate(
        *pair, {"x": x}, keep, batch=batch, progress=lambda done, total: seen.append((done, total))
    )
    for scores, session in ((result.baseline, pair[0]), (result.quantized, pair[1])):
        expected = session.run({"x": x})[0]
        assert np.allclose(scores["y"], expected, atol=1e-6)
        assert np.array_equal(scores["row"], np.arange(101))
    assert seen[-1] == (101, 101)
    assert result.padded == 0


def test_scores_follow_the_order_asked_for(pair, x):
    order = np.random.default_rng(0).permutation(101)[:50]
    result = evaluate(*pair, {"x": x}, keep, batch=8, order=order)
    assert np.array_equal(result.rows, order)
    assert np.array_equal(result.baseline["row"], order)
    assert np.allclose(result.baseline["y"], pair[0].run({"x": x[order]})[0], atol=1e-6)


def test_each_block_of_batches_goes_through_both_models_before_the_next(pair, x, monkeypatch):
    monkeypatch.setattr(module, "_next_block", lambda batches, seconds, size: 2)
    calls = []
    for label, session in zip("bq", pair, strict=True):
        run = session.run
        session.run = lambda feeds, label=label, run=run: calls.append((label, len(feeds["x"]))) or run(feeds)
    evaluate(*pair, {"x": x}, keep, batch=40)
    assert calls == [("b", 40), ("q", 40), ("b", 40), ("b", 21), ("q", 40), ("q", 21)]


def test_inputs_that_are_made_for_a_block_count_as_memory_that_it_holds(pair, monkeypatch):
    monkeypatch.setattr(
        module, "_BLOCK_BYTES", 10 * (2 * 12 + 16)
    )  # ten examples' outputs of both models and inputs

    class Made:
        """A column that is computed as it is read."""

        def __init__(self):
            self.whole = np.zeros((200, 4), np.float32)

        def __len__(self):
            return 200

        def __getitem__(self, rows):
            return self.whole[rows].copy()

    sizes = []

    def reduce(outputs, rows):
        sizes.append(len(rows))
        return {"sum": outputs["y"].sum(axis=1)}

    evaluate(*pair, {"x": Made()}, reduce, batch=1)
    assert max(sizes) == 10


def test_memory_holds_a_block_of_outputs_and_not_all(pair, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_BYTES", 10 * 2 * 12)  # ten examples' outputs of both models
    x = np.zeros((1000, 4), np.float32)
    sizes = []

    def reduce(outputs, rows):
        sizes.append(len(rows))
        return {"sum": outputs["y"].sum(axis=1)}

    evaluate(*pair, {"x": x}, reduce, batch=1)
    assert max(sizes) == 10


def test_the_quantized_model_may_have_a_reducer_of_its_own(pair, x):
    result = evaluate(
        *pair, {"x": x}, keep, batch=8, reduce_quantized=lambda outputs, rows: {"top": outputs["y"].argmax(1)}
    )
    assert set(result.baseline) == {"y", "row"}
    assert set(result.quantized) == {"top"}


def test_a_model_of_fixed_batch_gets_its_last_batch_padded(linear, x):
    fixed = open_session(linear("fixed.onnx", seed=1, batch=32), threads=1)
    free = open_session(linear("free.onnx", seed=1), threads=1)
    for order in (None, np.arange(101)[::-1]):
        result = evaluate(fixed, free, {"x": x}, keep, batch=32, order=order)
        assert result.padded == 27
        assert np.array_equal(result.baseline["row"], result.rows)
        assert np.allclose(result.baseline["y"], result.quantized["y"], atol=1e-6)


def test_another_batch_than_the_fixed_one_is_refused(linear, x):
    fixed = open_session(linear(batch=32), threads=1)
    with pytest.raises(QSpecError, match="exported for batches of 32 and cannot run batches of 8"):
        evaluate(fixed, fixed, {"x": x}, keep, batch=8)


def test_a_half_precision_model_is_fed_half_precision(linear, x):
    weights = np.random.default_rng(3).normal(size=(4, 3)).astype(np.float32)
    single = open_session(linear("f32.onnx", weights=weights), threads=1)
    half = open_session(linear("f16.onnx", weights=weights.astype(np.float16)), threads=1)
    result = evaluate(single, half, {"x": x}, keep, batch=16)
    assert result.quantized["y"].dtype == np.float16
    assert np.allclose(result.baseline["y"], result.quantized["y"], atol=0.02)


def test_a_lazy_column_is_read_batch_by_batch(pair, x):
    class Lazy:
        reads = 0

        def __len__(self):
            return len(x)

        def __getitem__(self, rows):
            self.reads += 1
            return x[rows].tolist()

    lazy = Lazy()
    result = evaluate(*pair, {"x": _float32(lazy)}, keep, batch=50)
    assert np.allclose(result.baseline["y"], pair[0].run({"x": x})[0], atol=1e-6)
    assert lazy.reads == 3 + 2  # three batches, and one look at the first example for each model


def _float32(column):
    class Cast:
        def __len__(self):
            return len(column)

        def __getitem__(self, rows):
            return np.asarray(column[rows], np.float32)

    return Cast()


def test_nan_outputs_name_the_model_the_output_and_the_example(logarithm):
    session = open_session(logarithm, threads=1)
    x = np.ones((50, 2), np.float32)
    x[[17, 30], 1] = -1
    with pytest.raises(
        QSpecError, match=r"only model logarithm.onnx gives NaN in its output 'y' .* example 17\b"
    ):
        evaluate_one(session, {"x": x}, keep, batch=50)


def test_infinite_outputs_are_no_nan(logarithm):
    scores = evaluate_one(
        open_session(logarithm, threads=1), {"x": np.zeros((3, 2), np.float32)}, keep, batch=2
    )
    assert np.isneginf(scores["y"]).all()


def test_a_column_that_does_not_fit_the_model_is_a_sentence(pair, x):
    with pytest.raises(QSpecError, match="needs the input x"):
        evaluate(*pair, {"image": x}, keep, batch=8)
    with pytest.raises(QSpecError, match=r"does not take the shape \[\?, 5\]"):
        evaluate(*pair, {"x": np.zeros((9, 5), np.float32)}, keep, batch=8)
    with pytest.raises(QSpecError, match="does not take int64"):
        evaluate(*pair, {"x": np.zeros((9, 4), np.int64)}, keep, batch=8)
    with pytest.raises(QSpecError, match="equally long, and x has 101, z has 3"):
        evaluate(*pair, {"x": x, "z": x[:3]}, keep, batch=8)
    with pytest.raises(QSpecError, match=r"outside 0\.\.101"):
        evaluate(*pair, {"x": x}, keep, batch=8, order=[101])
    with pytest.raises(QSpecError, match="no examples"):
        evaluate(*pair, {"x": x}, keep, batch=8, order=[])
    with pytest.raises(QSpecError, match="at least one example"):
        evaluate(*pair, {"x": x}, keep, batch=0)


def test_a_run_that_fails_names_the_model_and_the_batch(pair, x):
    def fail(feeds):
        raise RuntimeError("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : kernel says no")

    pair[1].run = fail
    with pytest.raises(
        QSpecError, match=r"quantized model b.onnx fails on the batch .* example 0.*kernel says no"
    ):
        evaluate(*pair, {"x": x}, keep, batch=8)


def test_scores_that_grow_are_kept_whole(pair):
    x = np.zeros((600, 4), np.float32)
    words = np.array(["a", "much longer"])

    def reduce(outputs, rows):
        return {"word": words[[0]] if rows[0] == 0 else np.repeat(words[1], len(rows))}

    scores = evaluate_one(pair[0], {"x": x}, reduce, batch=1)
    assert scores["word"][-1] == "much longer"


def test_scores_of_another_length_are_refused(pair, x):
    with pytest.raises(QSpecError, match=r"'s' of 101 examples has the shape \[1\]"):
        evaluate_one(pair[0], {"x": x}, lambda outputs, rows: {"s": np.zeros(1)}, batch=101)


def test_an_output_that_is_not_per_example_is_refused(linear, tmp_path):
    import onnx
    from onnx import helper

    model = onnx.load(str(linear()))
    model.graph.node.append(helper.make_node("ReduceMean", ["y"], ["mean"], keepdims=0))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("mean", 1, []))
    path = tmp_path / "mean.onnx"
    onnx.save(model, str(path))
    with pytest.raises(QSpecError, match=r"'mean' of mean.onnx"):
        evaluate_one(open_session(path, threads=1), {"x": np.zeros((9, 4), np.float32)}, keep, batch=4)


def test_the_determinism_probe_finds_nothing_in_a_plain_model(pair, x):
    probe = determinism(
        pair[0], {"x": x}, lambda outputs, rows: outputs["y"].argmax(axis=1), batch=32, sample=64
    )
    assert (probe.sample, probe.batch, probe.other_batch) == (64, 32, 1)
    assert probe.repeated == 0
    assert probe.rebatched == 0
    assert not probe.batch_matters


def test_the_determinism_probe_counts_answers_that_depend_on_the_batch(batch_scaled):
    session = open_session(batch_scaled, threads=1)
    x = np.random.default_rng(1).uniform(0.5, 1, size=(40, 2)).astype(np.float32)
    probe = determinism(
        session, {"x": x}, lambda outputs, rows: outputs["y"][:, 0] > 0.9, batch=40, sample=40
    )
    alone = (x[:, 0] / x.max(axis=1)) > 0.9
    together = (x[:, 0] / x.max()) > 0.9
    assert probe.repeated == 0
    assert probe.rebatched == int((alone != together).sum()) > 0
    assert probe.batch_matters


def test_the_determinism_probe_counts_answers_that_change_by_themselves(pair, x):
    noise = iter(np.random.default_rng(2).integers(0, 2, size=1000))
    probe = determinism(
        pair[0], {"x": x}, lambda outputs, rows: np.array([next(noise) for _ in rows]), batch=1, sample=20
    )
    assert probe.other_batch == 20
    assert 0 < probe.repeated <= 20


def test_a_fixed_batch_leaves_the_other_batch_unprobed(linear, x):
    session = open_session(linear(batch=8), threads=1)
    probe = determinism(
        session, {"x": x}, lambda outputs, rows: outputs["y"].argmax(axis=1), batch=8, sample=24
    )
    assert probe.other_batch is None
    assert probe.rebatched is None
    assert not probe.batch_matters
