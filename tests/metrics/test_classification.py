"""Classification metrics against scikit-learn, and what holds of them for any predictions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from qspec.errors import LimitError, QSpecError
from qspec.metrics.decision import threshold_at
from qspec.metrics.definition import Family
from qspec.metrics.predictions import Predictions


def scores(seed: int = 0, n: int = 400, classes: int = 6) -> Predictions:
    generator = np.random.default_rng(seed)
    label = generator.choice(classes, n, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum())
    logits = generator.normal(size=(n, classes)) + 1.2 * np.eye(classes)[label]
    return Predictions({"logits": logits, "label": label})


def binary(seed: int = 0, n: int = 300) -> Predictions:
    generator = np.random.default_rng(seed)
    label = (generator.random(n) < 0.3).astype(int)
    score = np.round(generator.random(n) * 0.6 + 0.3 * label, 2)
    return Predictions({"score": score, "label": label})


def test_top1_and_topk_agree_with_scikit_learn(metric):
    p = scores()
    assert metric("top1").compute(p) == pytest.approx(sk.accuracy_score(p["label"], p["prediction"]))
    for k, text in ((5, "top5"), (3, "top@3"), (2, "top-k(k: 2)")):
        assert metric(text).compute(p) == pytest.approx(sk.top_k_accuracy_score(p["label"], p["logits"], k=k))


def test_equal_scores_count_in_order_of_the_class(metric):
    p = Predictions({"logits": np.zeros((3, 4)), "label": [0, 1, 3]})
    assert metric("top1").compute(p) == pytest.approx(1 / 3)
    assert metric("top@1").compute(p) == pytest.approx(1 / 3)
    assert metric("top@2").compute(p) == pytest.approx(2 / 3)


@pytest.mark.parametrize("averaging", ["macro", "micro", "weighted"])
def test_f1_agrees_with_scikit_learn(metric, averaging):
    p = scores(1)
    expected = sk.f1_score(p["label"], p["prediction"], average=averaging)
    assert metric(f"f1({averaging})").compute(p) == pytest.approx(expected)


def test_binary_f1_takes_the_positive_class(metric):
    label, prediction = np.array([0, 1, 1, 0, 1, 0]), np.array([0, 1, 0, 1, 1, 0])
    p = Predictions({"label": label, "prediction": prediction})
    assert metric("f1(binary)").compute(p) == pytest.approx(sk.f1_score(label, prediction))
    expected = sk.f1_score(label, prediction, pos_label=0)
    assert metric("f1(binary, positive: 0)").compute(p) == pytest.approx(expected)
    with pytest.raises(QSpecError, match="undefined"):
        metric("f1(binary, positive: 7)").compute(p)


def test_balanced_accuracy_and_correlation_agree_with_scikit_learn(metric):
    p = scores(2)
    label, prediction = p["label"], p["prediction"]
    expected = sk.balanced_accuracy_score(label, prediction)
    assert metric("balanced-accuracy").compute(p) == pytest.approx(expected)
    assert metric("mcc").compute(p) == pytest.approx(sk.matthews_corrcoef(label, prediction))
    alone = Predictions({"label": label, "prediction": np.zeros_like(label)})
    assert metric("mcc").compute(alone) == 0


def test_nll_and_brier_agree_with_scikit_learn(metric):
    p = scores(3)
    q, label = p["probabilities"], p["label"]
    assert metric("nll").compute(p) == pytest.approx(sk.log_loss(label, q))
    onehot = np.eye(q.shape[1])[label]
    assert metric("brier").compute(p) == pytest.approx(((q - onehot) ** 2).sum(axis=1).mean())
    two = binary()
    assert metric("brier").compute(two) == pytest.approx(sk.brier_score_loss(two["label"], two["score"]))
    both = Predictions(
        {"probabilities": np.stack([1 - two["score"], two["score"]], 1), "label": two["label"]}
    )
    assert metric("brier").compute(both) == pytest.approx(metric("brier").compute(two))


def test_probabilities_and_logits_give_the_same(metric):
    p = scores(4)
    q = Predictions({"probabilities": p["probabilities"], "label": p["label"]})
    for text in ("top1", "nll", "brier", "ece(bins: 15)", "top@2"):
        assert metric(text).compute(q) == pytest.approx(metric(text).compute(p))


def test_curves_agree_with_scikit_learn_with_ties(metric):
    p = binary(5)
    assert metric("auc").compute(p) == pytest.approx(sk.roc_auc_score(p["label"], p["score"]))
    expected = sk.average_precision_score(p["label"], p["score"])
    assert metric("average-precision").compute(p) == pytest.approx(expected)


def test_decisions_agree_with_the_confusion_matrix(metric):
    p = binary(6)
    called = (p["score"] >= 0.5).astype(int)
    tn, fp, fn, tp = sk.confusion_matrix(p["label"], called).ravel()
    expected = {
        "sensitivity": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "ppv": tp / (tp + fp),
        "npv": tn / (tn + fn),
    }
    for name, value in expected.items():
        assert metric(f"{name}(threshold: 0.5)").compute(p) == pytest.approx(value)
        hard = Predictions({"prediction": called, "label": p["label"]})
        assert metric(name).compute(hard) == pytest.approx(value)


def test_sensitivity_counts_only_positive_examples(metric):
    p = binary(7)
    columns = metric("sensitivity(threshold: 0.5)").columns(p)
    counted = metric("sensitivity(threshold: 0.5)").counted(columns)
    assert np.array_equal(counted, p["label"] == 1)
    assert columns[counted].mean() == pytest.approx(metric("sensitivity(threshold: 0.5)").compute(p))


def test_an_operating_point_is_chosen_on_another_split(metric):
    tuning, test = binary(8, 500), binary(9, 500)
    m = metric("sensitivity(at: specificity >= 95 %)")
    assert m.needs_threshold
    with pytest.raises(QSpecError, match="needs a threshold"):
        m.compute(test)
    threshold = threshold_at(tuning, m.parameters["at"])
    negatives = tuning["score"][tuning["label"] == 0]
    assert (negatives < threshold).mean() >= 0.95
    assert (negatives < np.nextafter(threshold, -np.inf)).mean() < 0.95
    chosen = m.with_threshold(threshold)
    assert not chosen.needs_threshold
    assert 0 <= chosen.compute(test) <= 1


def test_a_sensitivity_can_be_the_operating_point(metric):
    tuning = binary(10, 500)
    threshold = threshold_at(tuning, metric("specificity(at: sensitivity >= 90 %)").parameters["at"])
    positives = tuning["score"][tuning["label"] == 1]
    assert (positives >= threshold).mean() >= 0.9
    assert (positives >= np.nextafter(threshold, np.inf)).mean() < 0.9


def test_a_frozen_threshold_is_given_by_the_baseline(metric):
    m = metric("ppv(threshold: frozen)")
    assert m.needs_threshold
    assert m.with_threshold(0.4).compute(binary()) == metric("ppv(threshold: 0.4)").compute(binary())


def test_match_rate_counts_pairs_that_belong_together(metric):
    p = binary(11)
    expected = (p["score"][p["label"] == 1] >= 0.6).mean()
    assert metric("match-rate(threshold: 0.6)").compute(p) == pytest.approx(expected)
    every = Predictions({"score": p["score"]})
    assert metric("match-rate(0.6)").compute(every) == pytest.approx((p["score"] >= 0.6).mean())


def test_length_normalization_changes_the_answer(metric):
    likelihood = np.array([[-4.0, -6.0], [-2.0, -9.0]])
    p = Predictions({"logits": likelihood, "choice-lengths": [[2, 6], [4, 6]], "label": [0, 0]})
    assert metric("accuracy(normalization: none)").compute(p) == 1
    assert metric("accuracy(normalization: length)").compute(p) == 0.5


def test_accuracy_takes_correctness_alone(metric):
    assert metric("accuracy").compute(Predictions({"correct": [1, 0, 1, 1]})) == 0.75


TEXTS = ("top1", "f1(macro)", "f1(weighted)", "balanced-accuracy", "mcc", "nll", "brier")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hnp.arrays(np.float64, (24, 4), elements=st.floats(-8, 8)),
    hnp.arrays(np.int64, 24, elements=st.integers(0, 3)),
    st.randoms(use_true_random=False),
)
def test_values_stay_in_range_and_do_not_depend_on_order_or_grouping(metric, logits, label, random):
    p = Predictions({"logits": logits, "label": label})
    order = list(range(24))
    random.shuffle(order)
    groups = np.array([random.randrange(5) for _ in order])
    for text in TEXTS:
        m = metric(text)
        value = m.compute(p)
        assert m.metric.low - 1e-12 <= value <= m.metric.high
        assert m.compute(p.take(order)) == pytest.approx(value, abs=1e-12)
        columns = m.columns(p)
        pooled = m.sums(columns, groups, 5).sum(axis=0)
        assert float(m.value(pooled, 24)) == pytest.approx(value, abs=1e-12)
        assert float(m.value(m.statistics(p).sum(axis=0), 24)) == pytest.approx(value, abs=1e-12)


def test_values_broadcast_over_resamples(metric):
    p = scores(12)
    weights = np.random.default_rng(0).multinomial(400, np.full(400, 1 / 400), size=7)
    for text in ("f1(macro)", "mcc", "balanced-accuracy", "top1"):
        m = metric(text)
        values = m.value(weights @ m.statistics(p), weights.sum(axis=1))
        again = [m.compute(p.take(np.repeat(np.arange(400), row))) for row in weights]
        assert values == pytest.approx(again)


def test_many_classes_are_summed_without_a_dense_matrix(metric):
    generator = np.random.default_rng(0)
    n, classes = 1_000_000, 1000
    p = Predictions(
        {"label": generator.integers(0, classes, n), "prediction": generator.integers(0, classes, n)}
    )
    m = metric("f1(macro)")
    columns = m.columns(p)
    assert columns.shape == (n, 2)
    assert m.sums(columns, np.arange(n) % 500, 500).shape == (500, 3 * classes)
    with pytest.raises(LimitError, match="for each of 1000000 examples"):
        m.statistics(p)


def test_class_numbers_beyond_reason_are_refused(metric):
    p = Predictions({"label": [0, 1], "prediction": [0, 10**12]})
    with pytest.raises(LimitError, match="Counts of"):
        metric("f1(macro)").compute(p)


def test_recall_with_one_relevant_item_is_binary(metric):
    p = Predictions({"ranking": [[3, 1, 2], [0, 4, 5]], "label": [1, 9]})
    m = metric("recall@2")
    assert m.family is Family.MEAN
    assert m.family_of(m.columns(p)) is Family.BINARY


def test_labels_outside_the_classes_are_refused(metric):
    p = Predictions({"logits": np.zeros((2, 3)), "label": [0, 3]})
    for text in ("top1", "nll", "f1(macro)", "top@2", "brier"):
        with pytest.raises(QSpecError, match="3 classes"):
            metric(text).compute(p)


def test_a_probability_of_zero_for_the_label_is_refused(metric):
    p = Predictions({"probabilities": [[1.0, 0.0]], "label": [1]})
    with pytest.raises(QSpecError, match="infinite"):
        metric("nll").compute(p)
