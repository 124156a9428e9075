"""Text metrics against sacrebleu, jiwer and rouge-score."""

from __future__ import annotations

import sys

import jiwer
import numpy as np
import pytest
import sacrebleu
from rouge_score import rouge_scorer

from qspec.errors import NotExecutableError, QSpecError
from qspec.metrics.predictions import Predictions

WORDS = [
    "the",
    "a",
    "cat",
    "dog",
    "sat",
    "on",
    "mat,",
    "ran.",
    "far",
    "Away",
    "from",
    "house",
    "it's",
    "über",
    "12",
    "red",
]


def sentences(seed: int, n: int, low: int = 1, high: int = 14) -> list[str]:
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, generator.integers(low, high))) for _ in range(n)]


def near(texts: list[str], seed: int) -> list[str]:
    """The texts with words dropped, replaced and added."""
    generator = np.random.default_rng(seed)
    changed = []
    for text in texts:
        words = [w if generator.random() > 0.2 else str(generator.choice(WORDS)) for w in text.split()]
        words = [w for w in words if generator.random() > 0.1]
        changed.append(" ".join(words + (["mat"] if generator.random() < 0.2 else [])))
    return changed


REFERENCES = sentences(0, 60)
OTHERS = near(REFERENCES, 1)
OUTPUT = near(REFERENCES, 2)


def given(output=None, references=None) -> Predictions:
    pairs = list(zip(REFERENCES, OTHERS, strict=True)) if references is None else references
    return Predictions({"text": OUTPUT if output is None else output, "reference": pairs})


@pytest.mark.parametrize("tokenize", ["13a", "intl", "char", "none"])
def test_bleu_agrees_with_sacrebleu(metric, tokenize):
    m = metric(f"bleu(tokenize: {tokenize})") if tokenize != "13a" else metric("bleu")
    expected = sacrebleu.BLEU(tokenize=tokenize).corpus_score(OUTPUT, [REFERENCES, OTHERS]).score
    assert m.compute(given()) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("rows", [slice(0, 1), slice(3, 5), slice(0, 60)])
def test_bleu_smooths_as_sacrebleu_does(metric, rows):
    output, references = sentences(5, 60, 4)[rows], REFERENCES[rows]
    expected = sacrebleu.BLEU().corpus_score(output, [references]).score
    assert metric("bleu").compute(given(output, references)) == pytest.approx(expected, abs=1e-9)


def test_texts_that_share_nothing_score_zero(metric):
    p = given(["xyz"], ["a quite different text here"])
    assert metric("bleu").compute(p) == 0
    assert metric("chrf").compute(given(["zzz"], ["a cat"])) == 0
    assert metric("bleu").compute(given([""], ["a cat sat there"])) == 0


@pytest.mark.parametrize("lowercase", [False, True])
def test_chrf_agrees_with_sacrebleu(metric, lowercase):
    m = metric("chrf(lowercase: true)") if lowercase else metric("chrf")
    expected = sacrebleu.CHRF(lowercase=lowercase).corpus_score(OUTPUT, [REFERENCES, OTHERS]).score
    assert m.compute(given()) == pytest.approx(expected, abs=1e-9)


def test_corpus_scores_of_resamples_come_from_sums(metric):
    rows = np.random.default_rng(3).integers(0, 60, 60)
    for m in (metric("bleu"), metric("chrf"), metric("wer(plain)")):
        p = given(references=REFERENCES)
        value = float(m.value(m.statistics(p)[rows].sum(axis=0), 60))
        assert value == pytest.approx(m.compute(p.take(rows)))


def test_error_rates_agree_with_jiwer(metric):
    p = given(references=REFERENCES)
    assert metric("wer(normalization: none)").compute(p) == pytest.approx(jiwer.wer(REFERENCES, OUTPUT))
    assert metric("cer(normalization: none)").compute(p) == pytest.approx(jiwer.cer(REFERENCES, OUTPUT))


def test_normalization_is_part_of_the_error_rate(metric):
    p = given(["the CAT sat"], ["The cat, sat."])
    rates = [metric(f"wer({how})").compute(p) for how in ("none", "case", "plain")]
    assert rates == pytest.approx([1.0, 2 / 3, 0.0])


def test_words_against_an_empty_reference_are_insertions(metric):
    assert metric("wer(none)").compute(given(["two words", "cat"], ["", "cat"])) == 2
    assert metric("wer(none)").compute(given(["", "cat"], ["", "cat"])) == 0
    with pytest.raises(QSpecError, match="undefined"):
        metric("wer(none)").compute(given(["two words"], [""]))


def test_error_rates_take_one_reference(metric):
    with pytest.raises(QSpecError, match="one reference"):
        metric("wer(none)").compute(given())


@pytest.mark.parametrize("variant", ["1", "2", "L", "Lsum"])
def test_rouge_agrees_with_rouge_score(metric, variant):
    scorer = rouge_scorer.RougeScorer([f"rouge{variant}"], use_stemmer=False)
    scores = [
        max(scorer.score(r, text)[f"rouge{variant}"].fmeasure for r in pair)
        for text, *pair in zip(OUTPUT, REFERENCES, OTHERS, strict=True)
    ]
    assert metric(f"rouge({variant})").compute(given()) == pytest.approx(np.mean(scores))


def test_exact_match_normalizes_as_declared(metric):
    p = given(["The cat!", "dog", "a  dog"], [["cat", "tiger"], ["dog"], ["dog"]])
    assert metric("exact-match").compute(p) == pytest.approx(1 / 3)
    assert metric("exact-match(normalization: squad)").compute(p) == 1
    assert metric("exact-match(plain)").compute(p) == pytest.approx(1 / 3)


def test_exact_match_of_tokens_needs_every_token(metric):
    p = Predictions({"prediction": [[1, 2], [3, 4]], "label": [[1, 2], [3, 5]]})
    assert metric("exact-match").compute(p) == 0.5


def test_token_f1_takes_the_best_reference(metric):
    p = given(["red cat on mat", ""], [["the red cat", "dog"], ["dog"]])
    assert metric("token-f1(squad)").compute(p) == pytest.approx((2 * 2 / (4 + 2) + 0) / 2)


@pytest.mark.parametrize(
    ("package", "text"),
    [("sacrebleu", "bleu"), ("jiwer", "wer(none)"), ("rouge_score.rouge_scorer", "rouge(L)")],
)
def test_a_missing_package_is_named_with_its_remedy(metric, monkeypatch, package, text):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NotExecutableError, match="not installed") as raised:
        metric(text).compute(given(references=REFERENCES))
    assert 'pip install "qspec[text]"' in str(raised.value)
