"""Corpus scores of translations: BLEU and chrF, from counts that add up over sentences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qspec.metrics.definition import Family, Metric, additive, divide
from qspec.metrics.parameters import Kind, Parameter, Parameters
from qspec.metrics.textual import optional_package, pairs

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions

BLEU_ORDER = 4
CHRF_ORDER = 6
CHRF_BETA = 2
CASED = Parameter("lowercase", Kind.FLAG, "true compares in lower case", default=False)


def _bleu_value(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    """BLEU of counts (..., 10): matches and totals of 1- to 4-grams, lengths of output and references."""
    import numpy as np

    matches, totals = sums[..., :BLEU_ORDER], sums[..., BLEU_ORDER : 2 * BLEU_ORDER]
    length, reference = sums[..., -2], sums[..., -1]
    # Orders without a match count as half a match, a quarter, and so on (the smoothing called exp).
    halvings = np.cumsum((matches == 0) & (totals > 0), axis=-1)
    precision = divide(np.where(matches == 0, 0.5**halvings, matches), totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        brevity = np.where(length < reference, np.exp(1 - reference / length), 1.0)
        score = 100 * brevity * np.exp(np.log(precision).mean(axis=-1))
    possible = (totals > 0).all(axis=-1) & (matches > 0).any(axis=-1)
    return np.where(possible, score, np.where(reference > 0, 0.0, np.nan))


@additive(
    Metric(
        "bleu",
        "BLEU",
        Family.SMOOTH,
        high=100.0,
        unit="bleu",
        needs=("text", "reference"),
        parameters=(
            Parameter(
                "tokenize",
                Kind.WORD,
                "how text is cut into words, as sacreBLEU names it",
                default="13a",
                choices=("13a", "intl", "char", "zh", "none"),
                varies=True,
            ),
            CASED,
        ),
        tasks=frozenset({"translation", "summarization"}),
        aliases=("sacrebleu",),
        package="sacrebleu",
    ),
    value=_bleu_value,
)
def bleu(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Corpus BLEU from 0 to 100 (Papineni et al., ACL 2002) with the tokenizers, and the definition, of sacreBLEU
    (Post, WMT 2018): four orders, exponential smoothing.
    """
    import numpy as np

    sacrebleu = optional_package("sacrebleu", "bleu")
    scorer = sacrebleu.BLEU(
        tokenize=parameters.word("tokenize"), lowercase=parameters.flag("lowercase"), effective_order=True
    )
    counts = np.empty((predictions.n, 2 * BLEU_ORDER + 2))
    for index, (text, references) in enumerate(pairs(predictions)):
        sentence = scorer.sentence_score(text, references)
        counts[index] = [*sentence.counts, *sentence.totals, sentence.sys_len, sentence.ref_len]
    return counts


def _chrf_value(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    """ChrF of counts (..., 18): n-grams of output, of reference, and common ones, order by order."""
    import numpy as np

    produced, true, common = sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]
    used = (produced > 0) & (true > 0)
    orders = used.sum(axis=-1)
    precision, recall = (
        divide(np.where(used, divide(common, counts), 0).sum(axis=-1), orders) for counts in (produced, true)
    )
    factor = CHRF_BETA**2
    score = 100 * divide((1 + factor) * precision * recall, factor * precision + recall)
    return np.where(true.sum(axis=-1) > 0, np.nan_to_num(score), np.nan)


def _character_ngrams(text: str) -> list[Counter[str]]:
    characters = "".join(text.split())
    return [
        Counter(characters[i : i + order] for i in range(len(characters) - order + 1))
        for order in range(1, CHRF_ORDER + 1)
    ]


@additive(
    Metric(
        "chrf",
        "chrF",
        Family.SMOOTH,
        high=100.0,
        unit="chrf",
        needs=("text", "reference"),
        parameters=(CASED,),
        tasks=frozenset({"translation", "summarization"}),
        aliases=("chrf2",),
    ),
    value=_chrf_value,
)
def chrf(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Corpus chrF2 from 0 to 100: F-score of character n-grams up to six, recall weighing four times precision
    (Popovic, WMT 2015), white space left out, as sacreBLEU computes it.

    Of several references the one nearest to the text counts.
    """
    import numpy as np

    lowercase = parameters.flag("lowercase")
    counts = np.empty((predictions.n, 3 * CHRF_ORDER))
    for index, (text, references) in enumerate(pairs(predictions, "case" if lowercase else "none")):
        ours = _character_ngrams(text)
        candidates = np.empty((len(references), 3 * CHRF_ORDER))
        for row, reference in enumerate(references):
            for order, (mine, true) in enumerate(zip(ours, _character_ngrams(reference), strict=True)):
                # Where the reference is too short to have such n-grams, the output's do not count against it.
                produced = mine.total() if true else 0
                candidates[row, 3 * order : 3 * order + 3] = produced, true.total(), (mine & true).total()
        scores = np.nan_to_num(_chrf_value(candidates, np.ones(len(references)), parameters), nan=-1.0)
        counts[index] = candidates[int(np.argmax(scores))]
    return counts
