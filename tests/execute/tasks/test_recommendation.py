"""Recommendation ranks the catalogue."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score


def test_recommendation_ranks_the_catalogue(linear_pair, executing, value):
    weights = linear_pair(30)
    generator = np.random.default_rng(11)
    x, y = generator.normal(size=(60, 4)).astype(np.float32), generator.integers(0, 30, 60)
    executed = executing(
        "recommendation", "hit-rate@5, ndcg@5", {"x": x, "y": y}, data="inputs { x: x }\n  label: y"
    )
    for side, w in enumerate(weights):
        top = np.argsort(-(x @ w), axis=1, kind="stable")[:, :5]
        assert value(executed, "hit-rate")[side] == pytest.approx((top == y[:, None]).any(1).mean(), abs=1e-6)


def test_an_area_under_the_curve_over_a_ranking_is_left_out_by_itself(linear_pair, executing):
    linear_pair(30)
    generator = np.random.default_rng(11)
    columns = {"x": generator.normal(size=(60, 4)).astype(np.float32), "y": generator.integers(0, 30, 60)}
    executed = executing(
        "recommendation",
        "hit-rate@5, auc",
        columns,
        data="inputs { x: x }\n  label: y",
        assertions="  loss(hit-rate@5) <= 90 pp\n  loss(auc) <= 1 pp",
    )
    confirmed, left_out = executed.verdicts.judged
    assert (confirmed.outcome.value, left_out.outcome.value) == ("confirmed", "not-executable")
    assert left_out.because == "The metric auc needs score; these predictions hold ranking and label."


def test_the_area_under_the_curve_of_each_user_is_over_the_whole_catalogue(linear_pair, executing, value):
    weights = linear_pair(30)
    generator = np.random.default_rng(11)
    x, y = np.round(generator.normal(size=(60, 4))).astype(np.float32), generator.integers(0, 30, 60)
    x[:5] = 0  # every item scores alike
    executed = executing(
        "recommendation",
        "hit-rate@5, user-auc",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y",
        assertions="  loss(user-auc) <= 50 pp",
    )
    for side, w in enumerate(weights):
        each = [roc_auc_score(np.eye(30)[label], row) for label, row in zip(y, x @ w, strict=True)]
        assert value(executed, "user-auc")[side] == pytest.approx(np.mean(each), abs=1e-6)
    assert executed.verdicts.judged[0].outcome.value == "confirmed"
