"""From an assertion to the questions that decide it: which comparison, which bound, at which confidence."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.checks.resolution import whole_seed
from qspec.errors import QSpecError
from qspec.execute.contrasts.contrast import Asked, Question
from qspec.metrics.bind import BoundMetric
from qspec.metrics.definition import Direction, Family
from qspec.model.claim import Assertion, Bound
from qspec.model.evaluation import Evaluated
from qspec.model.measurand import Measurand, MeasurandKind
from qspec.model.unit import Dimension
from qspec.stats.decision import Relation

_LOSSES = {
    Dimension.POINTS: (Asked.LOSS,),
    Dimension.OF_BASELINE: (Asked.RELATIVE,),
    Dimension.OF_ERROR: (Asked.ERROR_GROWTH,),
    Dimension.SHARE: (Asked.LOSS, Asked.RELATIVE),
    Dimension.NUMBER: (Asked.LOSS,),
    Dimension.PERPLEXITY: (Asked.LOSS,),
    Dimension.DECIBEL: (Asked.LOSS,),
}
_VALUES = {
    Dimension.OF_BASELINE: (Asked.RATIO,),
    Dimension.TIMES_BASELINE: (Asked.RATIO,),
    Dimension.SHARE: (Asked.VALUE,),
    Dimension.NUMBER: (Asked.VALUE,),
    Dimension.PERPLEXITY: (Asked.VALUE,),
    Dimension.DECIBEL: (Asked.VALUE,),
}


@dataclass(frozen=True)
class Asking:
    """One bound of an assertion; several readings when its unit does not say which loss is meant."""

    readings: tuple[Question, ...]
    names: tuple[str, ...]


def confidence_of(assertion: Assertion | None, evaluation: Evaluated) -> float:
    """The confidence a verdict is reached at: the assertion's, else the evaluation's, else 95 %."""
    stated = assertion.at if assertion is not None and assertion.at is not None else None
    if stated is None and evaluation.statistics is not None:
        stated = evaluation.statistics.confidence
    if stated is None:
        return 0.95
    value = float(stated.base)
    if stated.unit not in (None, "%") or not 0.5 <= value < 1:
        raise QSpecError(
            f"`{stated}` is no confidence.", hint="write one between 50 % and 100 %, such as 95 %"
        )
    return value


def seed_of(evaluation: Evaluated) -> int:
    """The seed of resampling and of shuffled batches: as declared, else 0; raises `QSpecError` for what is no seed."""
    stated = evaluation.statistics
    said = stated.seed if stated is not None else None
    seed = 0 if said is None else whole_seed(said)
    if seed is None:
        raise QSpecError(
            f"`seed: {said}` is no seed of resampling.", hint="write a whole number of 0 or more"
        )
    return seed


def refuse_unread(assertion: Assertion, subject: Measurand) -> None:
    """Raise `QSpecError` for arguments of an assertion that would not be acted on."""
    if subject.unread:
        raise QSpecError(
            f"`{assertion.quantity}` has no argument {', '.join(f'`{one}`' for one in subject.unread)}.",
            hint="leave it out",
        )


def is_fixed(evaluation: Evaluated) -> bool:
    """Whether exactly the examples of the test set are meant, so that there is no sampling error."""
    return evaluation.statistics is not None and evaluation.statistics.population == "fixed"


def questions(
    assertion: Assertion, subject: Measurand, metric: BoundMetric, evaluation: Evaluated
) -> list[Asking]:
    """The questions of an assertion about accuracy, one for each of its bounds (two for `|loss| <= X`)."""
    confidence, fixed = confidence_of(assertion, evaluation), is_fixed(evaluation)
    found = []
    for bound in assertion.bounds:
        asked = _asked(bound, subject, metric)
        if metric.family is Family.DISTANCE and asked != (Asked.VALUE,):
            raise QSpecError(
                f"`{assertion.quantity}` bounded by `{bound.quantity}` compares a distance with a baseline's, which has none.",
                hint=f"bound `{subject.metric}` itself",
            )
        if assertion.absolute:
            found.append(_asking(asked, Relation.AT_LEAST, -float(bound.quantity.base), confidence, fixed))
        relation = Relation(bound.relation)
        found.append(_asking(asked, relation, float(bound.quantity.base), confidence, fixed))
    return found


def _asking(
    asked: tuple[Asked, ...], relation: Relation, bound: float, confidence: float, fixed: bool
) -> Asking:
    readings = tuple(Question(one, relation, bound, confidence, fixed) for one in asked)
    return Asking(readings, tuple(one.value for one in asked))


def _asked(bound: Bound, subject: Measurand, metric: BoundMetric) -> tuple[Asked, ...]:
    if bound.relation == "==":
        raise QSpecError("`==` asks for a point, which no sample decides.", hint="write a bound on each side")
    dimension = bound.quantity.dimension
    if subject.kind is MeasurandKind.RECOVERED and dimension in {Dimension.SHARE, Dimension.NUMBER}:
        return (Asked.RATIO,)
    table = _LOSSES if subject.kind is MeasurandKind.LOSS else _VALUES
    asked = table.get(dimension)
    if asked is None:
        raise QSpecError(
            f"`{bound.quantity}` does not bound {subject.kind.value} of {metric.metric.name}.",
            hint="a loss is bounded in pp, % of baseline, % of error or the metric's own unit",
        )
    proportion = metric.metric.unit == "proportion"
    if dimension in {Dimension.POINTS, Dimension.OF_ERROR} and not proportion:
        raise QSpecError(
            f"`{bound.quantity}` is for proportions, and {metric.metric.name} is measured in {metric.metric.unit}.",
            hint=f"write the bound in {metric.metric.unit}, or as `% of baseline`",
        )
    if dimension is Dimension.OF_ERROR and metric.direction is Direction.LOWER:
        return (Asked.RELATIVE,)  # A proportion that is better when lower is the error itself.
    if dimension is Dimension.SHARE and not proportion:
        return (Asked.RELATIVE,) if subject.kind is MeasurandKind.LOSS else (Asked.RATIO,)
    return asked
