"""Language modelling scores each token once, in windows of a declared context and stride."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import log_softmax

from qspec.errors import QSpecError


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
        logp, loss, count = log_softmax(table, axis=-1), 0.0, 0
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
    loss = -log_softmax(table, axis=-1)[ids[:, :-1], ids[:, 1:]].sum()
    assert value(executed, "perplexity")[0] == pytest.approx(
        np.exp(loss / sum(len(t.encode()) for t in texts)), rel=1e-5
    )


def test_documents_may_be_texts(token_pair, tokenizer, executing, value):
    tables = token_pair()
    words = ["<unk>", *"abcdefghijk"]
    tokenizer(words)
    generator = np.random.default_rng(9)
    texts = [" ".join(generator.choice(words[1:], generator.integers(1, 9))) for _ in range(25)]
    data, model = {"data": "inputs { ids: text }"}, {"model": 'tokenizer: "tokenizer.json"'}
    runs = {
        per: executing(
            "language-modelling", f"perplexity(per: {per})", {"text": np.asarray(texts)}, **data, **model
        )
        for per in ("token", "word", "byte")
    }
    for side, table in enumerate(tables):
        logp = log_softmax(table, axis=-1)
        numbers = [[words.index(word) for word in text.split()] for text in texts]
        loss = -sum(logp[a, b] for one in numbers for a, b in pairwise(one))
        counts = {
            "token": sum(len(one) - 1 for one in numbers),
            "word": sum(len(one) for one in numbers),
            "byte": sum(len(text.encode()) for text in texts),
        }
        for per, count in counts.items():
            assert value(runs[per], "perplexity")[side] == pytest.approx(np.exp(loss / count), rel=1e-5)


def test_padding_that_the_pipeline_adds_is_not_scored(token_pair, tokenizer, executing, value):
    (table, _) = token_pair()
    words = ["<pad>", *"abcdefghijk"]
    tokenizer(words)
    texts = ["a b c", "d", "e f g h i"]
    executed = executing(
        "language-modelling",
        "perplexity(per: token)",
        {"text": np.asarray(texts)},
        data="inputs { ids: text }",
        more='pipeline { pre: [tokenize(file: "tokenizer.json", length: 9)] }',
    )
    logp = log_softmax(table, axis=-1)
    pairs = [pair for text in texts for pair in pairwise(words.index(word) for word in text.split())]
    assert value(executed, "perplexity")[0] == pytest.approx(
        np.exp(-np.mean([logp[pair] for pair in pairs])), rel=1e-5
    )


def test_documents_are_the_unit_whether_or_not_a_column_names_them(token_pair, executing):
    token_pair()
    ids = np.random.default_rng(6).integers(0, 12, (30, 20))
    columns = {"ids": ids, "document": np.arange(30)}
    found = []
    for held in (columns, {"ids": ids}):
        executed = executing(
            "language-modelling",
            "perplexity(per: token, stride: 4)",
            held,
            data="inputs { ids: ids }",
            more="statistics { unit: by document }",
        )
        found.append(executed.verdicts.results[0].interval)
        assert executed.record.evaluations["evaluation"]["unit"] == "by document"
    assert found[0] == found[1]


def test_a_unit_that_the_task_does_not_know_is_a_column(token_pair, executing):
    token_pair()
    ids = np.random.default_rng(6).integers(0, 12, (30, 20))
    with pytest.raises(QSpecError, match="no column 'speaker'"):
        executing(
            "language-modelling",
            "perplexity(per: token)",
            {"ids": ids},
            data="inputs { ids: ids }",
            more="statistics { unit: by speaker }",
        )
