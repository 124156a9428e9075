"""Recommendation ranks the catalogue."""

import numpy as np
import pytest


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
