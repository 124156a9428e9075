"""The composite metric: a weighted mean of named metrics, each with its weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Family, Metric, additive
from qspec.metrics.groups import CHOICE, RANKING
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.bind import BoundMetric
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions
    from qspec.model.expression import Argument, Term

EXAMPLE = "composite(top1: 0.7, recall@10: 0.3), or composite(accuracy(normalization: none, weight: 0.7), …)"


def read_parts(term: Term, task: str | None) -> tuple[tuple[float, BoundMetric], ...]:
    """Weights (which add up to one) and metrics of `composite(NAME: WEIGHT, …)` or `composite(NAME(weight: …), …)`.

    Raises `QSpecError` for a part without a weight, weights that are not positive, and parts that do not
    share direction and unit or are not means over the same examples.
    """
    from qspec.metrics.bind import bind
    from qspec.model.expression import Term as TermNoun

    named: list[tuple[TermNoun, Argument | None]] = []
    for argument in term.positional:
        part = _plain(argument) if isinstance(argument, str) else argument
        if not isinstance(part, TermNoun):
            raise QSpecError(f"A part of {term} is not a metric.", hint=f"write {EXAMPLE}")
        others = {key: value for key, value in part.named.items() if key != "weight"}
        named.append((part.model_copy(update={"named": others}), part.named.get("weight")))
    for key, value in term.named.items():
        named.append((_plain(key), value))
    if len(named) < 2:
        raise QSpecError("A composite needs at least two parts with their weights.", hint=f"write {EXAMPLE}")
    parts = [(_weight(part, weight), bind(part, task=task)) for part, weight in named]
    _must_be_alike(parts)
    total = sum(weight for weight, _ in parts)
    return tuple((weight / total, part) for weight, part in parts)


def _plain(text: str) -> Term:
    """The term of a metric written without parameters: `top1`, `recall@10`."""
    from qspec.model.expression import Term as TermNoun

    name, _, at = text.partition("@")
    if not at.isdecimal() or len(at) > 9 or int(at) == 0:
        return TermNoun(name=text)  # No cut-off: the name is looked up, and refused, as it stands.
    return TermNoun(name=name, at=int(at))


def _weight(part: Term, value: Argument | None) -> float:
    from qspec.metrics.arguments import read

    if value is None:
        raise QSpecError(f"The part {part} of the composite has no weight.", hint=f"write {EXAMPLE}")
    weight = read("composite", Parameter(str(part), Kind.NUMBER, "the weight of a part"), value)
    if not isinstance(weight, float) or weight <= 0:
        raise QSpecError(f"The weight of {part} must be positive; it is {weight}.")
    return weight


def _must_be_alike(parts: list[tuple[float, BoundMetric]]) -> None:
    first = parts[0][1].metric
    for _, part in parts:
        if part.family not in (Family.BINARY, Family.MEAN):
            raise QSpecError(
                f"{part} cannot be part of a composite: it is no mean over single examples.",
                hint="bound it by an assertion of its own",
            )
        if (part.metric.direction, part.metric.unit) != (first.direction, first.unit):
            raise QSpecError(
                f"{part} and {first.name} cannot be weighted together: their directions or units differ.",
                hint="bound each by an assertion of its own",
            )


@additive(
    Metric(
        "composite",
        "Composite",
        Family.MEAN,
        parameters=(Parameter("parts", Kind.PARTS, f"metrics and weights: {EXAMPLE}", required=True),),
        tasks=CHOICE | RANKING | {"reasoning", "question-answering", "summarization"},
        aliases=("weighted-mean",),
    )
)
def composite(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Weighted mean of metrics that are themselves means over the same examples, weights adding up to one.

    It takes direction and unit from its parts. A mean of several scores can hold while one of them falls,
    so the parts are reported beside it.
    """
    import numpy as np

    parts = parameters["parts"]
    if not isinstance(parts, tuple):
        raise QSpecError("A composite has no parts.", hint=f"write {EXAMPLE}")
    total = np.zeros((predictions.n, 1))
    for weight, part in parts:
        columns = part.columns(predictions)
        if np.isnan(columns).any():
            raise QSpecError(f"{part} counts only some examples, so it cannot be part of a composite.")
        total += weight * columns
    return total
