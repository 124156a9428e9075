"""Metric terms bound: what their parameters accept, and the sentences that refuse the rest."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.metrics.bind import bind
from qspec.metrics.decision import threshold_at
from qspec.metrics.parameters import OperatingPoint
from qspec.metrics.predictions import Predictions
from qspec.model.expression import Term
from qspec.model.quantity import Quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recall@10", {"k": 10}),
        ("topk(k: 3)", {"k": 3}),
        ("f1(macro)", {"averaging": "macro", "positive": 1}),
        ("f1(averaging: Binary, positive: 0)", {"averaging": "binary", "positive": 0}),
        ("ece(bins: 15)", {"bins": 15, "binning": "equal-width", "norm": "l1"}),
        ("ece(10, equal-mass)", {"bins": 10, "binning": "equal-mass", "norm": "l1"}),
        ("perplexity(per: token, stride: 2048)", {"per": "token", "stride": 2048, "context": None}),
        ("ppv(threshold: frozen)", {"at": None, "threshold": "frozen"}),
        ("ppv(threshold: 40 %)", {"at": None, "threshold": 0.4}),
        (
            "sensitivity(at: specificity >= 95 %)",
            {"at": OperatingPoint("specificity", 0.95), "threshold": None},
        ),
        ("map(iou: 0.5..0.95)", {"iou": (0.5, 0.95)}),
        ("map(iou: 0.5)", {"iou": (0.5, 0.5)}),
        ("rouge(L, stemmer: true)", {"variant": "L", "stemmer": True}),
        ("rouge(2)", {"variant": "2", "stemmer": False}),
        ("rouge(lsum)", {"variant": "Lsum", "stemmer": False}),
        ("psnr(255)", {"peak": 255.0}),
        ("ndcg@5(gain: exponential)", {"k": 5, "gain": "exponential"}),
        ("accuracy", {"normalization": "none"}),
    ],
)
def test_parameters_are_read(metric, text, expected):
    assert metric(text).parameters == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("top7", "no metric called top7"),
        ("recall", "did you mean recall@k"),
        ("bleu@4", "no metric called bleu@k"),
        ("ece", "needs its parameter bins"),
        ("ece(bin: 15)", "did you mean bins"),
        ("ece(bins: 0)", "whole number from 1"),
        ("ece(bins: 1.5)", "whole number"),
        ("ece(bins: many)", "whole number"),
        ("ece(bins: 15 %)", "whole number"),
        ("ece(bins: 99999999999)", "whole number from 1 to"),
        ("ece(15, bins: 10)", "gives its parameter bins twice"),
        ("f1", "needs its parameter averaging"),
        ("f1(macr)", "did you mean macro"),
        ("f1(averaging: 3)", "takes macro, micro, weighted or binary, not 3"),
        ("f1(averaging: specificity >= 1)", "must be macro, micro"),
        ("top1(3)", "more parameters than top1 takes"),
        ("top1(k: 3)", "no parameter called k"),
        ("recall@10(k: 5)", "no parameter called k"),
        ("ppv(threshold: baseline)", "a number or the word frozen"),
        ("ppv(threshold: 3 ms)", "plain number or a per cent"),
        ("sensitivity(at: specificity <= 95 %)", "a level that another metric reaches"),
        ("sensitivity(at: sensitivity >= 95 %)", "a level that another metric reaches"),
        ("sensitivity(at: specificity >= 95)", "a level that another metric reaches"),
        ("map(iou: 0.9..0.5)", "ends no lower than it starts"),
        ("rouge(L, stemmer: maybe)", "true or false"),
    ],
)
def test_parameters_that_cannot_be_are_refused(metric, text, message):
    with pytest.raises(QSpecError) as raised:
        metric(text)
    assert message in str(raised.value)
    assert str(raised.value)[0].isupper()


def test_some_parameters_are_required_by_the_task(metric):
    assert metric("accuracy", task="text-classification").parameters["normalization"] == "none"
    with pytest.raises(QSpecError, match="needs its parameter normalization"):
        metric("accuracy", task="multiple-choice")


def test_aliases_bind_to_the_canonical_metric(metric):
    bound = metric("log-loss")
    assert bound.name == "nll"
    assert str(bound) == "log-loss"


def test_a_term_made_by_hand_binds():
    p = Predictions({"logits": np.eye(3), "label": [0, 1, 1]})
    assert bind(Term(name="top", at=1)).compute(p) == pytest.approx(2 / 3)


@pytest.mark.parametrize("name, parameter", [("ece", "bins"), ("psnr", "peak")])
def test_numbers_beyond_reason_are_refused_without_being_written_out(name, parameter):
    vast = Quantity.model_construct(text="1e999999", value=Decimal("1e999999"), unit=None)
    with pytest.raises(QSpecError, match=f"{parameter} of {name} must be"):
        bind(Term.model_construct(name=name, at=None, positional=[], named={parameter: vast}))


def test_what_a_metric_lacks_is_named(metric):
    with pytest.raises(QSpecError, match="top1 needs label; these predictions hold logits"):
        metric("top1").compute(Predictions({"logits": np.eye(2)}))
    with pytest.raises(QSpecError, match="top5 needs logits or probabilities"):
        metric("top5").compute(Predictions({"prediction": [1], "label": [1]}))


def test_scores_without_a_threshold_decide_nothing(metric):
    with pytest.raises(QSpecError, match="threshold is needed"):
        metric("sensitivity").compute(Predictions({"score": [0.2], "label": [1]}))
    with pytest.raises(QSpecError, match="no example to choose"):
        threshold_at(Predictions({"score": [0.2], "label": [1]}), OperatingPoint("specificity", 0.95))
