"""What a claim's reported scores say of its own bounds."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import Pair, Reading, figures_about, is_proportion, pair_of
from qspec.checks.view import AssertionView
from qspec.model.claim import Bound
from qspec.model.measurand import MeasurandKind
from qspec.model.unit import Dimension

_READINGS: dict[Dimension, tuple[Reading, ...]] = {
    Dimension.POINTS: ("points",),
    Dimension.OF_BASELINE: ("baseline",),
    Dimension.OF_ERROR: ("error",),
    Dimension.SHARE: ("points", "baseline"),
    Dimension.PERPLEXITY: ("points",),
    Dimension.DECIBEL: ("points",),
    Dimension.NUMBER: ("points",),
}

Outcomes = dict[str, bool | None]
Judged = tuple[int, Bound, Pair, Outcomes]


def judged(view: AssertionView) -> Iterator[Judged]:
    """Each bound of an assertion with each pair reported for the same thing, and whether it holds by each reading.

    A reading is True or False when it comes out so for every value that prints the same, else None.
    """
    for figure in figures_about(view):
        pair = pair_of(figure)
        if pair is None:
            continue
        for number, bound in enumerate(view.assertion.bounds):
            if view.measurand.kind is MeasurandKind.LOSS:
                outcomes = _loss(pair, bound, view.assertion.absolute)
            elif view.measurand.kind is MeasurandKind.METRIC:
                outcomes = _score(pair, bound)
            else:
                outcomes = {}
            yield number, bound, pair, outcomes


def _loss(pair: Pair, bound: Bound, absolute: bool) -> Outcomes:
    if pair.metric is None:
        return {}  # which way is better is not known
    found: Outcomes = {}
    for reading in _READINGS.get(bound.quantity.dimension, ()):
        if reading == "points" and bound.quantity.unit == "%" and not is_proportion(pair.metric):
            continue
        loss = pair.read(reading)
        if loss is None:
            continue
        if absolute and loss.low < 0:
            loss = -loss if loss.high <= 0 else None
        if loss is not None:
            found[reading] = loss.satisfies(bound.relation, bound.quantity.base)
    return found


def _score(pair: Pair, bound: Bound) -> Outcomes:
    unit = bound.quantity.dimension
    if unit in {Dimension.OF_BASELINE, Dimension.TIMES_BASELINE}:
        kept = pair.quantized.over(pair.baseline)
        return {"ratio": kept.satisfies(bound.relation, bound.quantity.base)} if kept else {}
    if unit not in {Dimension.SHARE, Dimension.NUMBER, Dimension.PERPLEXITY, Dimension.DECIBEL}:
        return {}
    value = bound.quantity.base
    if bound.quantity.unit is None and is_proportion(pair.metric) and value > 1:
        value *= Decimal("0.01")
    return {"score": pair.quantized.satisfies(bound.relation, value)}


def readings_disagree(view: AssertionView) -> bool:
    """Whether a bare per cent is true in points and false of the baseline, or the reverse, by the reported scores."""
    return any({True, False} <= set(outcomes.values()) for _, _, _, outcomes in judged(view))
