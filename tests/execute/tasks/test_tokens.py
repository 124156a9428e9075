"""Token classification counts tokens."""

import numpy as np
import pytest
from scipy.special import log_softmax


def test_token_classification_counts_tokens_and_clusters_them_by_row(token_pair, executing, value):
    tables = token_pair(outer=3)
    generator = np.random.default_rng(5)
    ids, labels = generator.integers(0, 12, (50, 8)), generator.integers(0, 3, (50, 8))
    labels[:, 6:] = -100
    executed = executing(
        "token-classification",
        "top1, f1(macro), nll",
        {"ids": ids, "y": labels, "kind": np.arange(50) % 2},
        data="inputs { ids: ids }\n  label: y",
        more="strata { kind: by kind }",
    )
    for side, table in enumerate(tables):
        logits = table[ids][:, :6]
        assert value(executed, "top1")[side] == pytest.approx(
            (logits.argmax(2) == labels[:, :6]).mean(), rel=1e-5
        )
        nll = -np.take_along_axis(log_softmax(logits, axis=-1), labels[:, :6, None], 2).mean()
        assert value(executed, "nll")[side] == pytest.approx(nll, rel=1e-5)
    counts = {str(r.for_): int(r.n.value) for r in executed.verdicts.results if r.quantity.name == "top1"}
    assert counts == {"None": 300, "kind == 0": 150, "kind == 1": 150}
    assert executed.verdicts.results[0].method == "clustered-tango"
    first, second = (table[ids][:, :6].argmax(2) for table in tables)
    assert executed.record.evaluations["evaluation"]["collapse"]["agreement"] == np.mean(first == second)


def test_tokens_whose_scores_are_made_probabilities_score_as_those_do(token_pair, executing, value):
    token_pair(outer=3)
    generator = np.random.default_rng(5)
    columns = {"ids": generator.integers(0, 12, (50, 8)), "y": generator.integers(0, 3, (50, 8))}
    plain, softened, decided = (
        executing(
            "token-classification",
            "top1, nll, ece(bins: 5)",
            columns,
            data="inputs { ids: ids }\n  label: y",
            more=f"pipeline {{ post: [{post}] }}" if post else "",
            assertions="  loss(nll) <= 9",
        )
        for post in ("", "softmax", "argmax")
    )
    for name in ("top1", "nll", "ece"):
        assert value(softened, name) == pytest.approx(value(plain, name), rel=1e-6)
    assert value(decided, "top1") == value(plain, "top1")
    assert set(decided.record.evaluations["evaluation"]["refused"]) == {"nll", "ece(bins: 5)"}
