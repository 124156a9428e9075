"""Outcomes and gradings as people read them: a word, a sign that is not a colour, a tone, and an order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from qspec.checks.grade import Graded
from qspec.report.text import one_line, shortened

Tone = Literal["good", "bad", "open", "mute"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome's word, its sign in plain text, its tone, and what it means in a clause."""

    key: str
    word: str
    sign: str
    tone: Tone
    meaning: str


_KNOWN = (
    Outcome("refuted", "Refuted", "\u2717", "bad", "the interval lies beyond the bound"),
    Outcome("not-realized", "Not realized", "\u2298", "bad", "what ran is not what was declared"),
    Outcome("ambiguous", "Ambiguous", "?", "open", "two readings of the bound disagree"),
    Outcome("inconclusive", "Inconclusive", "\u25d0", "open", "the bound lies inside the interval"),
    Outcome("noisy-host", "Noisy host", "\u2248", "open", "the timing could not be trusted"),
    Outcome("not-executable", "Not executable", "\u2298", "mute", "it cannot be run here"),
    Outcome("not-measured", "Not measured", "\u25cb", "mute", "nothing was measured for it"),
    Outcome("confirmed", "Confirmed", "\u2713", "good", "the interval lies within the bound"),
)
OUTCOMES = {outcome.key: outcome for outcome in _KNOWN}
"""Every known outcome, worst first."""

MOST_CHARACTERS = 24

NOT_EXECUTED = Outcome("not-executed", "Not executed", "\u25cb", "mute", "no machine has run it yet")


def outcome_of(word: str) -> Outcome:
    """The outcome called `word`; one that nobody knows is shown as it is written."""
    shown = shortened(one_line(word), MOST_CHARACTERS)
    return OUTCOMES.get(word) or Outcome("unknown", shown, "?", "mute", "this version knows no such outcome")


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several outcomes, where nothing is better than confirmed; not executed where there is none."""
    order = [*OUTCOMES]
    order[-1:] = ["unknown", NOT_EXECUTED.key, "confirmed"]
    return min(outcomes, key=lambda outcome: order.index(outcome.key), default=NOT_EXECUTED)


METHODS = {
    "tango": "Tango score",
    "tang": "Tang score ratio",
    "adjusted-contrast": "adjusted contrast",
    "bonett-price": "Bonett\u2013Price",
    "agresti-min": "Agresti\u2013Min",
    "wald": "Wald",
    "clustered-tango": "Tango score, clustered",
    "clustered-bonett-price": "Bonett\u2013Price, clustered",
    "newcombe-paired": "paired Newcombe score",
    "newcombe-hybrid-score": "Newcombe hybrid score",
    "miettinen-nurminen": "Miettinen\u2013Nurminen score",
    "wilson": "Wilson score",
    "paired-cluster-t": "paired mean, cluster-robust t",
    "hall": "Hall for skewness",
    "paired-delong": "paired DeLong",
    "paired-obuchowski": "paired Obuchowski, clustered",
    "grouped-bootstrap-percentile": "paired bootstrap, percentile",
    "grouped-bootstrap-basic": "paired bootstrap, basic",
    "grouped-bootstrap-bca": "paired bootstrap, corrected for bias and skewness (BCa)",
    "debiased-squared-calibration-t": "debiased squared calibration error, t",
    "root-debiased-calibration": "root of the debiased calibration error",
    "asymptotic-confidence-sequence": "confidence sequence",
    "paired-log-ratio-t": "paired batches, t on log ratio",
    "log-batch-median-t": "batch medians, t on logarithm",
    "exact": "exact",
    "census": "whole population",
}
"""The methods of intervals, by the names they are written under."""

_OF_RATIO = "-fieller"


def method_title(method: str | None) -> str:
    """The name of an interval's method; one without a title stands as it was written.

    `a+b` is the envelope of two methods, and `-fieller` behind one says that a ratio was made of it.
    """
    return " and ".join(_title(part) for part in method.split("+")) if method else "\u2013"


def _title(method: str) -> str:
    of = method.removesuffix(_OF_RATIO)
    if of != method:
        return f"{METHODS.get(of, of)}, Fieller ratio"
    return METHODS.get(method, method)


def grade_sentence(graded: Graded) -> str:
    """What the grade means, and which axes keep it from more."""
    if graded.decision_grade and graded.interpretable:
        return "States every axis that a decision and an interpretation need."
    missing = ", ".join(name.replace("_", " ") for name in graded.gaps)
    return {
        "decision-grade": f"States the six axes a decision needs. Left to the reader: {missing}.",
        "interpretable": f"Can be interpreted, and is not decision-grade. Left to the reader: {missing}.",
        "partial": f"One rubric on one model. Left to the reader: {missing}.",
    }[graded.grade]
