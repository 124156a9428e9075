"""Every task that runs here gives what a plain computation over the same outputs gives."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import LimitError, NotExecutableError, QSpecError
from qspec.execute.tasks import registry
from qspec.metrics.tasks import TASKS

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
RUNS = {
    "image-classification",
    "object-detection",
    "text-classification",
    "tabular-classification",
    "token-classification",
    "segmentation",
    "regression",
    "super-resolution",
    "retrieval",
    "recommendation",
    "language-modelling",
    "multiple-choice",
    "reasoning",
    "question-answering",
}
FROM_SCORES = {"summarization", "translation", "speech-recognition"}


def test_every_task_of_the_language_runs_or_is_refused_with_a_sentence(linear_pair, executing):
    assert set(TASKS) == RUNS | FROM_SCORES
    assert {*registry.names(), *registry.aliases()} == RUNS
    linear_pair(3)
    columns = {"x": np.zeros((4, 4), np.float32), "y": np.zeros(4, np.int64)}
    for task in FROM_SCORES:
        with pytest.raises(NotExecutableError, match=f"`{task}` is not run here; its outputs are scored"):
            executing(task, "top1", columns, data="inputs { x: x }\n  label: y")


@pytest.fixture
def linear_pair(graph):
    """Two linear models of x (n, 4) with so many outputs; returns their weights."""

    def build(outer, noise=0.3, seed=0):
        generator = np.random.default_rng(seed)
        first = generator.normal(size=(4, outer)).astype(np.float32)
        second = (first + noise * generator.normal(size=first.shape)).astype(np.float32)
        for name, w in (("base.onnx", first), ("quantized.onnx", second)):
            nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
            graph(name, nodes, [("x", FLOAT, ["n", 4])], [("y", FLOAT, ["n", outer])], w=w)
        return first, second

    return build


@pytest.fixture
def token_pair(graph):
    """Two models of token numbers: logits (n, length, outer) looked up in a table each; returns the tables."""

    def build(vocabulary=12, outer=12, mask=False, noise=0.3, seed=0):
        generator = np.random.default_rng(seed)
        first = generator.normal(size=(vocabulary, outer)).astype(np.float32)
        second = (first + noise * generator.normal(size=first.shape)).astype(np.float32)
        for name, w in (("base.onnx", first), ("quantized.onnx", second)):
            nodes = [helper.make_node("Gather", ["w", "ids"], ["logits"])]
            graph(name, nodes, [("ids", INT, ["n", "l"])], [("logits", FLOAT, ["n", "l", outer])], w=w)
        return first, second

    return build


def log_softmax(x):
    x = x.astype(float) - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def test_classification_with_strata_distances_and_several_families(linear_pair, executing, value):
    weights = linear_pair(3)
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(300, 4)).astype(np.float32), generator.integers(0, 3, 300)
    executed = executing(
        "image-classification",
        "top1, nll, f1(macro), ece(bins: 5), flips",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y",
        more="strata { class: by label }",
        assertions="\n".join(
            [
                "  loss(top1) <= 50 pp",
                "  kl <= 5",
                "  cosine >= 0.5",
                "  flips <= 90 %",
                "  agreement >= 5 %",
                "  top1 >= 0.1 % for each class",
            ]
        ),
    )
    for side, w in enumerate(weights):
        logits = x @ w
        assert value(executed, "top1")[side] == pytest.approx((logits.argmax(1) == y).mean(), abs=1e-6)
        assert value(executed, "nll")[side] == pytest.approx(
            -log_softmax(logits)[range(300), y].mean(), rel=1e-5
        )
    logp, logq = (log_softmax(x @ w) for w in weights)
    (kl,) = [one for one in executed.verdicts.judged if one.assertion.quantity.name == "kl"]
    assert kl.interval.estimate == pytest.approx((np.exp(logp) * (logp - logq)).sum(1).mean(), rel=1e-5)
    assert [one.outcome.value for one in executed.verdicts.judged] == ["confirmed"] * 6


def test_regression_compares_numbers_and_says_where_shapes_differ(linear_pair, executing, value):
    weights = linear_pair(1)
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(60, 4)).astype(np.float32), generator.normal(size=60).astype(np.float32)
    executed = executing("regression", "mae, mse", {"x": x, "y": y}, data="inputs { x: x }\n  label: y")
    for side, w in enumerate(weights):
        assert value(executed, "mae")[side] == pytest.approx(np.abs((x @ w)[:, 0] - y).mean(), rel=1e-5)
    assert all(result.changed is None for result in executed.verdicts.results)
    with pytest.raises(QSpecError, match="gives \\[1\\] numbers an example"):
        executing("regression", "mae", {"x": x, "y": np.stack([y, y], 1)}, data="inputs { x: x }\n  label: y")


def test_super_resolution_scores_images(graph, executing, value):
    generator = np.random.default_rng(3)
    for name, scale in (("base.onnx", 0.9), ("quantized.onnx", 0.8)):
        nodes = [helper.make_node("Mul", ["x", "s"], ["y"])]
        shape = ["n", 1, 4, 4]
        graph(name, nodes, [("x", FLOAT, shape)], [("y", FLOAT, shape)], s=np.float32([scale]))
    x = generator.random((30, 1, 4, 4)).astype(np.float32)
    executed = executing(
        "super-resolution", "psnr(peak: 1)", {"x": x, "y": x}, data="inputs { x: x }\n  label: y"
    )
    expected = (-10 * np.log10(((0.1 * x.astype(float)) ** 2).reshape(30, -1).mean(1))).mean()
    assert value(executed, "psnr")[0] == pytest.approx(expected, rel=1e-4)


def test_segmentation_pools_pixels_even_where_late_images_hold_more_classes(graph, executing, value):
    generator = np.random.default_rng(4)
    for name, noise in (("base.onnx", 0.0), ("quantized.onnx", 0.4)):
        w = (np.eye(4) + noise * generator.normal(size=(4, 4))).astype(np.float32)[:, :, None, None]
        nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
        graph(name, nodes, [("x", FLOAT, ["n", 4, 6, 6])], [("y", FLOAT, ["n", 4, 6, 6])], w=w)
    truth = np.concatenate([generator.integers(0, 2, (40, 6, 6)), generator.integers(0, 4, (40, 6, 6))])
    x = (np.eye(4)[truth].transpose(0, 3, 1, 2) + generator.normal(0, 0.6, (80, 4, 6, 6))).astype(np.float32)
    executed = executing("segmentation", "miou", {"x": x, "y": truth}, data="inputs { x: x }\n  label: y")
    predicted = x.argmax(1)
    overlaps = [
        ((predicted == c) & (truth == c)).sum() / ((predicted == c) | (truth == c)).sum() for c in range(4)
    ]
    assert value(executed, "miou")[0] == pytest.approx(np.mean(overlaps), rel=1e-5)
    assert int(executed.verdicts.results[0].changed.value) > 0


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
        nll = -np.take_along_axis(log_softmax(logits), labels[:, :6, None], 2).mean()
        assert value(executed, "nll")[side] == pytest.approx(nll, rel=1e-5)
    counts = {str(r.for_): int(r.n.value) for r in executed.verdicts.results if r.quantity.name == "top1"}
    assert counts == {"None": 300, "kind == 0": 150, "kind == 1": 150}
    assert executed.verdicts.results[0].method == "clustered-tango"


def windows(length, context, stride):
    begin, done = 0, 0
    while True:
        end = min(begin + context, length)
        yield begin, end, max(done, begin + 1)
        done = end
        if end == length:
            return
        begin += stride


@pytest.mark.parametrize(
    ("parameters", "context", "stride"),
    [("per: token", 20, 20), ("per: token, stride: 4", 4, 4), ("per: token, stride: 3, context: 7", 7, 3)],
)
def test_perplexity_pools_documents_of_unequal_length(
    token_pair, executing, value, parameters, context, stride
):
    tables = token_pair()
    generator = np.random.default_rng(6)
    ids, lengths = generator.integers(0, 12, (30, 20)), generator.integers(1, 21, 30)
    mask = (np.arange(20) < lengths[:, None]).astype(np.int64)
    executed = executing(
        "language-modelling",
        f"perplexity({parameters})",
        {"ids": ids, "mask": mask},
        data="inputs { ids: ids }",
    )
    for side, table in enumerate(tables):
        logp, loss, count = log_softmax(table), 0.0, 0
        for document, length in zip(ids, lengths, strict=True):
            for _, end, first in windows(length, context, stride):
                loss -= sum(logp[document[p - 1], document[p]] for p in range(first, end))
                count += max(0, end - first)
        assert value(executed, "perplexity")[side] == pytest.approx(np.exp(loss / count), rel=1e-5)
    assert executed.record.evaluations["evaluation"]["determinism"]["repeated"] == 0


def test_perplexity_per_byte_and_the_loss_on_padding_are_not_confused(token_pair, executing, value):
    (table, _) = token_pair()
    ids = np.random.default_rng(7).integers(0, 12, (25, 5))
    texts = np.asarray([f"döc {i}" for i in range(25)])
    executed = executing(
        "language-modelling", "perplexity(per: byte)", {"ids": ids, "text": texts}, data="inputs { ids: ids }"
    )
    loss = -log_softmax(table)[ids[:, :-1], ids[:, 1:]].sum()
    assert value(executed, "perplexity")[0] == pytest.approx(
        np.exp(loss / sum(len(t.encode()) for t in texts)), rel=1e-5
    )


def test_multiple_choice_scores_what_follows_the_common_question(token_pair, executing, value):
    tables = token_pair()
    generator = np.random.default_rng(8)
    ids = np.repeat(generator.integers(0, 12, (40, 1, 9)), 3, axis=1)
    ids[:, :, 5:] = generator.integers(0, 12, (40, 3, 4))
    mask = np.ones_like(ids)
    mask[:, 0, 8:] = 0
    labels = generator.integers(0, 3, 40)
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none), accuracy(normalization: length)",
        {"ids": ids, "mask": mask, "y": labels},
        data="inputs { ids: ids }\n  label: y",
        assertions="  loss(accuracy(normalization: none)) <= 90 pp",
    )
    for side, table in enumerate(tables):
        own = (
            np.take_along_axis(log_softmax(table[ids[:, :, :-1]]), ids[:, :, 1:, None], 3)[..., 0]
            * mask[:, :, 1:]
        )
        likelihood = own.sum(2)  # the question adds the same to every choice
        (first, *_) = [r for r in executed.verdicts.results if r.quantity.name == "accuracy"]
        found = float((first.baseline, first.quantized)[side].base)
        assert found == pytest.approx((likelihood.argmax(1) == labels).mean(), abs=1e-6)


def test_multiple_choice_takes_scores_of_all_choices_at_once(linear_pair, executing, value):
    weights = linear_pair(4)
    generator = np.random.default_rng(9)
    x, y = generator.normal(size=(50, 4)).astype(np.float32), generator.integers(0, 4, 50)
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none)",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y",
    )
    assert value(executed, "accuracy")[0] == pytest.approx(((x @ weights[0]).argmax(1) == y).mean(), abs=1e-6)


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
    assert value(executed, "exact-match")[1] == 1.0
    assert value(executed, "exact-match")[0] >= agree.mean() - 1e-6
    spans = executing(
        "question-answering",
        "exact-match(normalization: none)",
        {"ids": ids, "offsets": offsets, "y": best[1]},
        data="inputs { ids: ids }\n  label: y",
    )
    assert value(spans, "exact-match")[0] == pytest.approx(agree.mean(), abs=1e-6)


def chain(table, prompt, most, stop):
    """The greedy answer of a model that looks at the last token alone."""
    answer, token = [], prompt[-1]
    for _ in range(most):
        token = int(table[token].argmax())
        if token == stop:
            break
        answer.append(token)
    return answer


def test_answers_are_decoded_greedily_until_they_stop(token_pair, executing, value):
    tables = token_pair(seed=13)
    generator = np.random.default_rng(13)
    ids, lengths = generator.integers(0, 12, (40, 7)), generator.integers(1, 8, 40)
    mask = (np.arange(7) < lengths[:, None]).astype(np.int64)
    stop = int(np.bincount(tables[0].argmax(1), minlength=12).argmax())
    labels = np.full((40, 6), -1)
    for row, (prompt, length) in enumerate(zip(ids, lengths, strict=True)):
        answer = chain(tables[1], prompt[:length], 6, stop)
        labels[row, : len(answer)] = answer
    executed = executing(
        "reasoning",
        "exact-match",
        {"ids": ids, "mask": mask, "y": labels},
        data="inputs { ids: ids }\n  label: y",
        more=f'prompt {{ decoding: greedy, stop: ["{stop}"], max-tokens: 6 }}',
    )
    same = [
        chain(tables[0], p[:n], 6, stop) == chain(tables[1], p[:n], 6, stop)
        for p, n in zip(ids, lengths, strict=True)
    ]
    assert value(executed, "exact-match") == (pytest.approx(np.mean(same), abs=1e-6), 1.0)
    with pytest.raises(NotExecutableError, match="needs a tokenizer"):
        executing(
            "reasoning",
            "exact-match",
            {"ids": ids, "y": labels},
            data="inputs { ids: ids }\n  label: y",
            more='prompt { stop: ["\\n"] }',
        )


def test_a_cache_is_carried_from_step_to_step(graph, executing, value):
    # The logits are the sum of what was looked up for all tokens so far, kept in the cache (n, 1, tokens, 12).
    generator = np.random.default_rng(14)
    tables = []
    for name in ("base.onnx", "quantized.onnx"):
        w = generator.normal(size=(12, 12)).astype(np.float32)
        tables.append(w)
        nodes = [
            helper.make_node("Gather", ["w", "input_ids"], ["looked"]),
            helper.make_node("Unsqueeze", ["looked", "one"], ["new"]),
            helper.make_node("Concat", ["past_key_values.0.key", "new"], ["present.0.key"], axis=2),
            helper.make_node("ReduceSum", ["present.0.key", "two"], ["sum"], keepdims=0),
            helper.make_node("Add", ["looked", "zero"], ["shape"]),
            helper.make_node("Mul", ["shape", "zero"], ["none"]),
            helper.make_node("Add", ["none", "sum"], ["logits"]),
        ]
        graph(
            name,
            nodes,
            [("input_ids", INT, ["n", "l"]), ("past_key_values.0.key", FLOAT, ["n", 1, "past", 12])],
            [("logits", FLOAT, ["n", "l", 12]), ("present.0.key", FLOAT, ["n", 1, "all", 12])],
            w=w,
            one=np.int64([1]),
            two=np.int64([2]),
            zero=np.zeros(1, np.float32),
        )
    ids = generator.integers(0, 12, (25, 4))

    def answer(table, prompt):
        text = list(prompt)
        for _ in range(5):
            text.append(int(table[text].sum(0).argmax()))
        return text[len(prompt) :]

    labels = np.asarray([answer(tables[0], prompt) for prompt in ids])
    executed = executing(
        "reasoning",
        "exact-match",
        {"ids": ids, "y": labels},
        data="inputs { input_ids: ids }\n  label: y",
        more="prompt { max-tokens: 5 }",
    )
    other = np.mean([answer(tables[1], p) == list(a) for p, a in zip(ids, labels, strict=True)])
    assert value(executed, "exact-match") == (1.0, pytest.approx(other, abs=1e-6))


@pytest.mark.parametrize("frozen", [False, True])
def test_thresholds_are_chosen_on_the_tuning_split(linear_pair, executing, value, frozen):
    weights = linear_pair(2, noise=0.8)
    generator = np.random.default_rng(15)
    x = generator.normal(size=(400, 4)).astype(np.float32)
    y = ((x @ weights[0])[:, 1] - (x @ weights[0])[:, 0] + generator.normal(0, 1, 400) > 0).astype(np.int64)
    executed = executing(
        "image-classification",
        "sensitivity(at: specificity >= 90 %), auc",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y\n  splits { tune: 0..200, test: 200..400 }",
        split="d.test",
        more=f"threshold {{ from: d.tune, frozen: {str(frozen).lower()} }}",
    )
    cut = None
    for side, w in enumerate(weights):
        score = np.exp(log_softmax(x @ w))[:, 1]
        negative = np.sort(score[:200][y[:200] == 0])
        if cut is None or not frozen:
            cut = negative[int(np.ceil(0.9 * len(negative) - 1e-9)) - 1]
        expected = (score[200:][y[200:] == 1] > cut).mean()
        assert value(executed, "sensitivity")[side] == pytest.approx(expected, abs=0.02)
    thresholds = executed.record.evaluations["evaluation"]["thresholds"][
        "sensitivity(at: specificity >= 90 %)"
    ]
    assert (thresholds[0] == thresholds[1]) is frozen


def test_a_threshold_comes_from_somewhere_and_never_from_the_test_split(linear_pair, executing):
    linear_pair(2)
    x, y = np.ones((40, 4), np.float32), np.arange(40) % 2
    common = ("image-classification", "sensitivity(at: specificity >= 90 %)", {"x": x, "y": y})
    data = "inputs { x: x }\n  label: y\n  splits { tune: 0..25, test: 20..40 }"
    with pytest.raises(QSpecError, match="nothing says where it comes from"):
        executing(*common, data=data, split="d.test")
    with pytest.raises(QSpecError, match="shares 5 rows with the test set"):
        executing(*common, data=data, split="d.test", more="threshold { from: d.tune }")


@pytest.mark.parametrize(
    ("task", "metrics", "columns", "data", "message"),
    [
        (
            "regression",
            "mae",
            {"x": np.ones((3, 4), np.float32)},
            "inputs { x: x }",
            "does not say which column",
        ),
        (
            "segmentation",
            "miou",
            {"x": np.ones((3, 4), np.float32), "y": np.arange(3)},
            "inputs { x: x }\n  label: y",
            "class maps are whole numbers in 3 axes",
        ),
        ("retrieval", "mrr", {"x": np.ones((3, 4), np.float32)}, "inputs { x: x }", "declares no tables"),
        (
            "language-modelling",
            "perplexity(per: token)",
            {"x": np.ones((3, 4), np.float32)},
            "inputs { x: x }",
            "No input takes token numbers",
        ),
        (
            "question-answering",
            "exact-match(normalization: none)",
            {"x": np.ones((3, 4), np.float32), "y": np.asarray(["a", "b", "c"])},
            "inputs { x: x }\n  label: y",
            "no column `offsets`",
        ),
    ],
)
def test_data_that_do_not_fit_a_task_are_refused_with_a_sentence(
    linear_pair, executing, task, metrics, columns, data, message
):
    linear_pair(3)
    with pytest.raises(QSpecError, match=message):
        executing(task, metrics, columns, data=data)


@pytest.mark.parametrize("joined", [False, True])
def test_detections_are_scored_as_the_metric_scores_them(graph, executing, value, joined):
    from qspec.metrics.bind import bind
    from qspec.metrics.predictions import Predictions
    from qspec.model.expression import Term

    generator = np.random.default_rng(16)
    corner = generator.uniform(0, 50, (60, 3, 2))
    boxes = np.concatenate([corner, corner + generator.uniform(5, 20, (60, 3, 2))], 2)
    classes = generator.integers(0, 2, (60, 3))
    classes[::4, 2] = -1  # padding: fewer objects in every fourth image
    objects = np.concatenate([boxes, classes[..., None]], 2)
    scores = generator.random((60, 3, 1))
    x = np.concatenate([boxes, scores, np.maximum(classes, 0)[..., None]], 2).astype(np.float32)
    for name, shift in (("base.onnx", 0.5), ("quantized.onnx", 3.0)):
        moved = np.float32([shift, shift, shift, shift, 0, 0])
        nodes = [helper.make_node("Add", ["x", "moved"], ["all"])]
        outputs = [("all", FLOAT, ["n", 3, 6])]
        held = {"moved": moved}
        if not joined:
            nodes += [
                helper.make_node("Split", ["all", "sizes"], ["boxes", "s", "c"], axis=2),
                helper.make_node("Squeeze", ["s", "last"], ["scores"]),
                helper.make_node("Squeeze", ["c", "last"], ["f"]),
                helper.make_node("Cast", ["f"], ["classes"], to=INT),
            ]
            outputs = [
                ("boxes", FLOAT, ["n", 3, 4]),
                ("scores", FLOAT, ["n", 3]),
                ("classes", INT, ["n", 3]),
            ]
            held |= {"sizes": np.int64([4, 1, 1]), "last": np.int64([2])}
        graph(name, nodes, [("x", FLOAT, ["n", 3, 6])], outputs, **held)
    executed = executing(
        "object-detection",
        "map(iou: 0.5..0.95)",
        {"x": x, "objects": objects},
        data="inputs { x: x }\n  label: objects",
        assertions="  loss(map) <= 90 pp\n  loss(map) <= 1 pp",
    )
    metric = bind(Term(name="map", named={"iou": executed.verdicts.results[0].quantity.named["iou"]}))
    true = [o[o[:, 4] >= 0] for o in objects]
    for side, shift in enumerate((0.5, 3.0)):
        moved = x + np.float32([shift, shift, shift, shift, 0, 0])
        expected = metric.compute(Predictions({"detections": list(moved), "objects": true}))
        assert value(executed, "map")[side] == pytest.approx(expected, rel=1e-5)
    assert [one.outcome.value for one in executed.verdicts.judged] == ["confirmed", "refuted"]


def test_calibration_sees_one_text_of_each_question(graph, executing, value):
    generator = np.random.default_rng(17)
    tensors = {
        "table": generator.normal(size=(12, 8)).astype(np.float32),
        "w": generator.normal(size=(8, 12)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["looked"], name="/look"),
        helper.make_node("MatMul", ["looked", "w"], ["logits"], name="/head/MatMul"),
    ]
    graph("base.onnx", nodes, [("ids", INT, ["n", "l"])], [("logits", FLOAT, ["n", "l", 12])], **tensors)
    ids = generator.integers(0, 12, (64, 3, 6))
    executed = executing(
        "multiple-choice",
        "accuracy(normalization: none)",
        {"ids": ids, "y": generator.integers(0, 3, 64)},
        data="inputs { ids: ids }\n  label: y\n  splits { tune: 0..32, test: 32..64 }",
        split="d.test",
        derived=True,
    )
    first, second = value(executed, "accuracy")
    assert abs(first - second) < 0.3


@pytest.mark.parametrize(
    ("task", "metrics", "more"),
    [
        ("recommendation", "recall@999999999", ""),
        ("reasoning", "exact-match", "prompt { max-tokens: 999999999 }"),
    ],
)
def test_numbers_that_would_fill_memory_are_refused(token_pair, linear_pair, executing, task, metrics, more):
    (linear_pair if task == "recommendation" else token_pair)(*[30] * (task == "recommendation"))
    columns = {
        "x": np.ones((30, 4), np.float32),
        "ids": np.ones((30, 4), np.int64),
        "y": np.ones(30, np.int64),
    }
    column = "x: x" if task == "recommendation" else "ids: ids"
    with pytest.raises(LimitError, match="over the cap"):
        executing(task, metrics, columns, data=f"inputs {{ {column} }}\n  label: y", more=more)


def test_a_stored_evaluation_is_not_run_again(linear_pair, executing, value):
    linear_pair(3)
    generator = np.random.default_rng(18)
    columns = {"x": generator.normal(size=(50, 4)).astype(np.float32), "y": generator.integers(0, 3, 50)}
    runs = [
        executing("image-classification", "top1, nll", columns, data="inputs { x: x }\n  label: y")
        for _ in range(2)
    ]
    assert runs[0].verdicts.results == runs[1].verdicts.results
    assert value(runs[0], "nll") == value(runs[1], "nll")
