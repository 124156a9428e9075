"""Extractive question answering takes the likeliest span."""

import numpy as np
import pytest


def test_questions_are_answered_with_the_likeliest_span(token_pair, executing, value):
    tables = token_pair(outer=2)
    generator = np.random.default_rng(12)
    ids = generator.permuted(np.tile(np.arange(12), (40, 1)), axis=1)[:, :10]
    offsets = np.stack([np.arange(10) * 2, np.arange(10) * 2 + 1], 1)[None].repeat(40, 0)
    offsets[:, 0] = 0
    context = np.asarray([" ".join(chr(97 + i) for i in row) for row in ids])
    best = []
    for table in tables:
        start, end = table[ids][..., 0].astype(float), table[ids][..., 1].astype(float)
        total = start[:, :, None] + end[:, None, :]
        total[:, ~np.triu(np.ones((10, 10), bool))] = -np.inf
        total[:, 0] = -np.inf
        best.append(np.stack(np.unravel_index(total.reshape(40, -1).argmax(1), (10, 10)), 1))
    texts = np.asarray([c[2 * a : 2 * b + 1] for c, (a, b) in zip(context, best[1], strict=True)])
    executed = executing(
        "question-answering",
        "exact-match(normalization: none), token-f1(normalization: plain)",
        {"ids": ids, "offsets": offsets, "context": context, "answer": texts},
        data="inputs { ids: ids }\n  label: answer",
    )
    agree = (best[0] == best[1]).all(1)
    assert executed.record.evaluations["evaluation"]["collapse"]["agreement"] == agree.mean()
    assert value(executed, "exact-match")[1] == 1.0
    assert value(executed, "exact-match")[0] >= agree.mean() - 1e-6
    spans = executing(
        "question-answering",
        "exact-match(normalization: none)",
        {"ids": ids, "offsets": offsets, "y": best[1]},
        data="inputs { ids: ids }\n  label: y",
    )
    assert value(spans, "exact-match")[0] == pytest.approx(agree.mean(), abs=1e-6)
