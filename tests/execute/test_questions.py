"""From assertions to the questions that decide them."""

import pytest

from qspec.errors import QSpecError
from qspec.execute.contrasts.contrast import Asked
from qspec.execute.questions import confidence_of, questions, seed_of
from qspec.lang.load import load_source
from qspec.lang.source import Source
from qspec.metrics.bind import bind
from qspec.model.evaluation import Evaluated, Statistics
from qspec.model.measurand import measurand
from qspec.model.quantity import Quantity


def asked(text, metric="top1", tmp_path=None):
    claim = load_source(
        Source("t.qspec", f"qspec 1\nclaim c {{\n  {text}\n}}\n"), root=tmp_path
    ).main.document.claims["c"]
    (assertion,) = claim.assertions
    subject = measurand(assertion.quantity)
    return [
        [(q.asked, q.relation.value, q.bound, q.confidence) for q in asking.readings]
        for asking in questions(assertion, subject, bind(subject.metric), Evaluated())
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss(top1) <= 1 pp", [[(Asked.LOSS, "<=", 0.01, 0.95)]]),
        ("loss(top1) < 2 % of baseline at 99 %", [[(Asked.RELATIVE, "<", 0.02, 0.99)]]),
        ("loss(top1) <= 50 % of error", [[(Asked.ERROR_GROWTH, "<=", 0.5, 0.95)]]),
        ("loss(top1) <= 1 %", [[(Asked.LOSS, "<=", 0.01, 0.95), (Asked.RELATIVE, "<=", 0.01, 0.95)]]),
        ("top1 >= 99 % of baseline", [[(Asked.RATIO, ">=", 0.99, 0.95)]]),
        ("top1 >= 76 %", [[(Asked.VALUE, ">=", 0.76, 0.95)]]),
        ("|loss(top1)| <= 1 pp", [[(Asked.LOSS, ">=", -0.01, 0.95)], [(Asked.LOSS, "<=", 0.01, 0.95)]]),
        ("loss(perplexity(per: token)) <= 0.1 ppl", [[(Asked.LOSS, "<=", 0.1, 0.95)]]),
        ("loss(perplexity(per: token)) <= 2 %", [[(Asked.RELATIVE, "<=", 0.02, 0.95)]]),
        ("loss(ece(bins: 15)) <= 10 % of error", [[(Asked.RELATIVE, "<=", 0.1, 0.95)]]),
    ],
)
def test_each_unit_asks_its_own_comparison(text, expected, tmp_path):
    assert asked(text, tmp_path=tmp_path) == expected


@pytest.mark.parametrize("text", ["loss(mae) <= 1 pp", "loss(top1) <= 3 ms", "top1 == 76 %"])
def test_a_unit_that_bounds_nothing_of_the_kind_is_an_error(text, tmp_path):
    with pytest.raises(QSpecError):
        asked(text, tmp_path=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "loss(kl) <= 0.1",
        "loss(flips) <= 3 %",
        "kl <= 5 %",
        "agreement >= 99 % of baseline",
        "cosine >= 0.9 x baseline",
    ],
)
def test_a_distance_is_compared_with_no_baseline(text, tmp_path):
    with pytest.raises(QSpecError, match="compares a distance with a baseline's"):
        asked(text, tmp_path=tmp_path)
    assert asked("agreement >= 99 %", tmp_path=tmp_path) == [[(Asked.VALUE, ">=", 0.99, 0.95)]]
    assert asked("kl <= 0.1", tmp_path=tmp_path) == [[(Asked.VALUE, "<=", 0.1, 0.95)]]


def test_the_confidence_is_that_of_the_evaluation_unless_the_assertion_says_another():

    evaluation = Evaluated(statistics=Statistics(confidence=Quantity.of("99", "%")))
    assert confidence_of(None, evaluation) == pytest.approx(0.99)
    with pytest.raises(QSpecError, match="no confidence"):
        confidence_of(None, Evaluated(statistics=Statistics(confidence=Quantity.of("30", "%"))))


@pytest.mark.parametrize("written", [("-1",), ("1.5",), ("3", "s")])
def test_what_is_no_seed_of_resampling_is_a_sentence(written):
    with pytest.raises(QSpecError, match="is no seed of resampling"):
        seed_of(Evaluated(statistics=Statistics(seed=Quantity.of(*written))))
    assert seed_of(Evaluated(statistics=Statistics(seed=Quantity.of("7")))) == 7


def test_a_confidence_is_a_share_and_no_difference_of_shares():
    with pytest.raises(QSpecError, match="`95 pp` is no confidence"):
        confidence_of(None, Evaluated(statistics=Statistics(confidence=Quantity.of("95", "pp"))))
