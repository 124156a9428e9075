"""Retrieval ranks the whole corpus exactly."""

import numpy as np
import pytest


def test_retrieval_ranks_the_whole_corpus_exactly(linear_pair, executing, value, tmp_path):
    weights = linear_pair(6)
    generator = np.random.default_rng(10)
    corpus, queries = (generator.normal(size=(n, 4)).astype(np.float32) for n in (200, 40))
    np.savez(tmp_path / "corpus.npz", x=corpus, id=np.asarray([f"p{i}" for i in range(200)]))
    np.savez(tmp_path / "queries.npz", x=queries, id=np.asarray([f"q{i}" for i in range(40)]))
    query = np.repeat(np.arange(39), 3)
    passage = generator.permuted(np.tile(np.arange(200), (39, 1)), axis=1)[:, :3].ravel()
    names = {"query": np.asarray([f"q{i}" for i in query]), "passage": np.asarray([f"p{i}" for i in passage])}
    np.savez(tmp_path / "relevance.npz", **names, grade=np.ones(117))
    executed = executing(
        "retrieval",
        "recall@10, ndcg@10, mrr, hit-rate@10",
        data='tables { corpus: "corpus.npz", queries: "queries.npz", relevance: "relevance.npz" }\n  inputs { x: x }',
        more="pipeline { post: [l2-normalize] }",
    )
    relevant = np.zeros((40, 200))
    relevant[query, passage] = 1
    for side, w in enumerate(weights):
        embedded = [v @ w / np.linalg.norm(v @ w, axis=1, keepdims=True) for v in (corpus, queries)]
        order = np.argsort(-(embedded[1] @ embedded[0].T), axis=1, kind="stable")
        gains = np.take_along_axis(relevant, order, 1)[:39]
        assert value(executed, "recall")[side] == pytest.approx((gains[:, :10].sum(1) / 3).mean(), rel=1e-5)
        assert value(executed, "mrr")[side] == pytest.approx((1 / (gains.argmax(1) + 1)).mean(), rel=1e-5)
    assert {int(r.n.value) for r in executed.verdicts.results if r.n is not None} == {39}
