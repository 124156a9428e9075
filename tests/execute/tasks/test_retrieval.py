"""Retrieval ranks the whole corpus exactly."""

import json

import numpy as np
import pytest
from onnx import TensorProto, helper
from sklearn.metrics import ndcg_score

from qspec.execute.preflight import PreflightError


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


@pytest.fixture
def retrieving(linear_pair, executing, tmp_path):
    """Executes retrieval of 50 passages for 12 queries; gives each model's ranking, the grades, and the run."""

    def run(again=0, judged=12, names=None, **more):
        weights = linear_pair(6)
        generator = np.random.default_rng(3)
        corpus, queries = (generator.normal(size=(n, 4)).astype(np.float32) for n in (50, 12))
        named = {"id": np.asarray([f"q{i}" for i in range(12)]), "lang": np.arange(12) % 2}
        np.savez(tmp_path / "corpus.npz", x=corpus, id=np.asarray([f"p{i}" for i in range(50)]))
        np.savez(tmp_path / "queries.npz", x=queries, **named)
        pairs = [(f"q{q}", f"p{p}", 1 + p % 3) for q in range(judged) for p in generator.choice(50, 4, False)]
        lines = [f"{q},{p},{g}" for q, p, g in (*pairs, *pairs[:again])]
        (tmp_path / "rel.csv").write_text("\n".join(["query,passage,grade", *lines, *(names or ())]) + "\n")
        tables = 'tables { corpus: "corpus.npz", queries: "queries.npz", relevance: "rel.csv" }'
        executed = executing(
            "retrieval", "recall@10, ndcg@10", data=f"version: 1\n  {tables}\n  inputs {{ x: x }}", **more
        )
        grades = np.zeros((12, 50))
        for q, p, g in pairs:
            grades[int(q[1:]), int(p[1:])] = g
        return [(queries @ w) @ (corpus @ w).T for w in weights], grades, executed

    return run


def test_a_judgement_that_is_listed_twice_changes_no_figure(retrieving, value):
    scores, grades, executed = retrieving(again=20)
    for side, likeness in enumerate(scores):
        order = np.argsort(-likeness, axis=1, kind="stable")[:, :10]
        recall = (np.take_along_axis(grades, order, 1) > 0).sum(1) / 4
        assert value(executed, "recall")[side] == pytest.approx(recall.mean(), rel=1e-5)
        assert value(executed, "ndcg")[side] == pytest.approx(ndcg_score(grades, likeness, k=10), rel=1e-5)
    assert "20 judgements of rel.csv are listed again; each pair counts once" in executed.measured.notes


def test_queries_without_judgements_are_noted(retrieving):
    *_, executed = retrieving(judged=10)
    assert any(
        note.startswith("2 of 12 queries have no relevant passage") for note in executed.measured.notes
    )


def test_judgements_of_unknown_queries_are_refused_before_anything_runs(retrieving):
    with pytest.raises(PreflightError, match=r"2 judgements of rel.csv are of queries .* the first is qX"):
        retrieving(names=["qX,p1,1", "qY,p1,1"])


@pytest.mark.parametrize("unit", ["", "statistics { unit: by query }"])
def test_the_queries_are_the_split_and_a_unit_without_a_column(retrieving, value, unit):
    *_, plain = retrieving()
    *_, executed = retrieving(split="d.queries", more=f"strata {{ lang: by lang }}\n  {unit}")
    assert value(executed, "recall") == value(plain, "recall")
    first, second = (
        next(r for r in one.verdicts.results if r.quantity.name == "recall" and r.for_ is None)
        for one in (plain, executed)
    )
    assert first.interval == second.interval


def test_the_vectors_of_tokens_become_an_embedding_without_padding(graph, executing, value, tmp_path):
    generator = np.random.default_rng(5)
    first = generator.normal(size=(4, 6)).astype(np.float32)
    weights = first, (first + generator.normal(0, 0.2, size=first.shape)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Mul", ["attention_mask", "none"], ["m"]),
        helper.make_node("Unsqueeze", ["m", "last"], ["u"]),
        helper.make_node("Add", ["z", "u"], ["y"]),
    ]
    for name, w in zip(("base.onnx", "quantized.onnx"), weights, strict=True):
        ports = [("x", TensorProto.FLOAT, ["n", 5, 4]), ("attention_mask", TensorProto.FLOAT, ["n", 5])]
        more = {"none": np.zeros(1, np.float32), "last": np.array([2])}
        graph(name, nodes, ports, [("y", TensorProto.FLOAT, ["n", 5, 6])], w=w, **more)
    items = {}
    for which, count in (("corpus", 60), ("queries", 30)):
        x = generator.normal(size=(count, 5, 4)).astype(np.float32)
        mask = (np.arange(5) < generator.integers(1, 6, count)[:, None]).astype(np.float32)
        items[which] = x, mask
        np.savez(tmp_path / f"{which}.npz", x=x, attention_mask=mask)
    passage = generator.integers(0, 60, 30)
    np.savez(tmp_path / "relevance.npz", query=np.arange(30), passage=passage)
    executed = executing(
        "retrieval",
        "recall@5, mrr",
        data='tables { corpus: "corpus.npz", queries: "queries.npz", relevance: "relevance.npz" }\n'
        "  inputs { x: x, attention_mask: attention_mask }",
        more="pipeline { post: [mean-pool, l2-normalize] }",
    )
    for side, w in enumerate(weights):
        pooled = [((x @ w) * m[..., None]).sum(1) / m.sum(1, keepdims=True) for x, m in items.values()]
        corpus, queries = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in pooled)
        order = np.argsort(-(queries @ corpus.T), axis=1, kind="stable")
        places = (order == passage[:, None]).argmax(1)
        assert value(executed, "recall")[side] == pytest.approx((places < 5).mean())
        assert value(executed, "mrr")[side] == pytest.approx((1 / (places + 1)).mean(), rel=1e-5)


def test_padding_that_a_step_made_out_of_texts_is_left_out_of_the_mean(
    graph, tokenizer, executing, value, tmp_path
):
    words = {word: number for number, word in enumerate(["<pad>", *"abcdefghijk"])}
    tokenizer(list(words))
    generator = np.random.default_rng(6)
    tables = [generator.normal(size=(len(words), 6)).astype(np.float32) for _ in range(2)]
    for name, table in zip(("base.onnx", "quantized.onnx"), tables, strict=True):
        port = [("ids", TensorProto.INT64, ["n", 4])], [("y", TensorProto.FLOAT, ["n", 4, 6])]
        graph(name, [helper.make_node("Gather", ["t", "ids"], ["y"])], *port, t=table)
    texts = {}
    for which, count in (("corpus", 40), ("queries", 20)):
        drawn = [generator.choice(list(words)[1:], n) for n in generator.integers(1, 5, count)]
        texts[which] = drawn
        lines = [json.dumps({"text": " ".join(one)}) for one in drawn]
        (tmp_path / f"{which}.jsonl").write_text("\n".join(lines) + "\n")
    passage = generator.integers(0, 40, 20)
    np.savez(tmp_path / "relevance.npz", query=np.arange(20), passage=passage)
    executed = executing(
        "retrieval",
        "recall@5",
        data='tables { corpus: "corpus.jsonl", queries: "queries.jsonl", relevance: "relevance.npz" }\n'
        "  inputs { ids: text }",
        more='pipeline { pre: [tokenize(file: "tokenizer.json", length: 4)], post: [mean-pool] }',
    )
    for side, table in enumerate(tables):
        corpus, queries = (
            [table[[words[w] for w in one]].mean(0) for one in drawn] for drawn in texts.values()
        )
        likeness = (np.array(queries) @ np.array(corpus).T).astype(np.float32)
        order = np.argsort(-likeness, axis=1, kind="stable")
        assert value(executed, "recall")[side] == pytest.approx(
            (order == passage[:, None])[:, :5].any(1).mean()
        )
