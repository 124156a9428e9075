"""Whether examples so many can decide a bound: the questions an assertion puts, and the published numbers about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from qspec.checks.arithmetic import Pair, declared_size, figures_about, metric_of, pair_of
from qspec.checks.view import AssertionView, EvaluationView, FigureView
from qspec.metrics.definition import Family, Metric
from qspec.model.claim import Bound
from qspec.model.measurand import MeasurandKind
from qspec.model.quantity import Quantity, Range, Spread
from qspec.model.unit import Dimension
from qspec.stats.static import Resolvability, Rounded, resolvable

DEFAULT_CONFIDENCE = 0.95
_MOST = 10**12
_OTHER_THINGS = frozenset(
    {"tokens", "token", "words", "characters", "hours", "sites", "patients", "runs", "calls"}
)


@dataclass(frozen=True, slots=True)
class Question:
    """An upper bound on a loss of a 0/1 metric, or on the share of changed answers.

    `limit` is a fraction, of the examples or, where `relative`, of the baseline's score. A bare per cent is read as
    points, which is the easier reading: what no number of flips decides in points is not decided relatively either.
    """

    index: int
    bound: Bound
    limit: float
    relative: bool
    confidence: float


def is_open(view: AssertionView) -> bool:
    """Whether the outcome is left to sampling: nobody expects another one, and it was not executed."""
    if view.claim.claim.measured or view.assertion.expect not in (None, "confirmed"):
        return False
    return view.evaluation is not None and samples(view.evaluation)


def samples(view: EvaluationView) -> bool:
    """Whether examples stand independently for others like them: no fixed population, no other unit."""
    statistics = view.evaluation.statistics
    if statistics is None:
        return True
    return statistics.population != "fixed" and statistics.unit in (None, "example")


def questions(view: AssertionView) -> Iterator[Question]:
    """The upper bounds of an assertion that examples decide, where the outcome is open."""
    if is_open(view):
        yield from counted_bounds(view)


def counted_bounds(view: AssertionView) -> Iterator[Question]:
    """The upper bounds of an assertion that examples decide, whatever is known already."""
    kind, metric = view.measurand.kind, metric_of(view.measurand.metric)
    for index, bound in enumerate(view.assertion.bounds):
        if kind is MeasurandKind.LOSS and metric is not None and metric.family is Family.BINARY:
            found = _loss_limit(bound)
        elif kind is MeasurandKind.METRIC and metric is not None and metric.family is Family.BINARY:
            found = _kept(bound)
        elif kind is MeasurandKind.DISTANCE and metric is not None:
            found = _changed(metric.name, bound)
        else:
            found = None
        if found is not None and found[0] >= 0:
            yield Question(index, bound, *found, confidence(view))


def confidence(view: AssertionView) -> float:
    """The confidence of a verdict: the assertion's, the evaluation's, or 95 %."""
    statistics = view.evaluation.evaluation.statistics if view.evaluation is not None else None
    said = view.assertion.at or (statistics.confidence if statistics is not None else None)
    value = float(said.base) if said is not None else DEFAULT_CONFIDENCE
    return value if 0 < value < 1 else DEFAULT_CONFIDENCE


def _loss_limit(bound: Bound) -> tuple[float, bool] | None:
    unit = bound.quantity.dimension
    if not bound.is_upper or unit not in {
        Dimension.POINTS,
        Dimension.SHARE,
        Dimension.OF_BASELINE,
    }:
        return None
    return float(bound.quantity.base), unit is Dimension.OF_BASELINE


def _kept(bound: Bound) -> tuple[float, bool] | None:
    relative = bound.quantity.dimension in {Dimension.OF_BASELINE, Dimension.TIMES_BASELINE}
    return (1 - float(bound.quantity.base), True) if relative and bound.relation in {">", ">="} else None


def _changed(name: str, bound: Bound) -> tuple[float, bool] | None:
    if bound.quantity.dimension is not Dimension.SHARE:
        return None
    value = float(bound.quantity.base)
    if name == "flips" and bound.is_upper:
        return value, False
    return (1 - value, False) if name == "agreement" and bound.relation in {">", ">="} else None


# Examples ----------------------------------------------------------------------------------------


def examples(view: EvaluationView | None) -> int | None:
    """How many examples an evaluation has: the declared size, or the rows of its split; None when nobody says."""
    size = declared_size(view)
    if size is not None:
        return whole_count(size)
    if view is None or view.test_data is None:
        return None
    found = view.claim.resolved.dataset(view.test_data)
    if found is None or found[0].splits is None:
        return None
    split = found[2] or view.test_split
    rows = found[0].splits.members.get(split or "")
    return _whole(rows.high.value - rows.low.value) if isinstance(rows, Range) else None


def whole_count(quantity: Quantity | None) -> int | None:
    """A count of examples as a whole number of at least one; None for counts of other things."""
    if quantity is None or quantity.unit in _OTHER_THINGS or quantity.dimension is Dimension.TIME:
        return None
    return _whole(quantity.value)


def whole_seed(quantity: Quantity) -> int | None:
    """A seed, a whole number of 0 or more; None for anything else."""
    whole = quantity.unit is None and quantity.value == quantity.value.to_integral_value()
    return int(quantity.value) if whole and 0 <= quantity.value <= _MOST else None


def _whole(value: Decimal) -> int | None:
    """A whole number that a test set may have; numbers beyond that would only overflow."""
    return int(value) if 1 <= value <= _MOST and value == value.to_integral_value() else None


def counted_on(view: FigureView) -> int | None:
    """The examples behind a figure: its own number, or for the whole of a test set the test set's."""
    if view.figure.n is not None:
        return whole_count(view.figure.n)
    return examples(view.evaluation) if view.figure.for_ is None else None


@dataclass(frozen=True, slots=True)
class Tried:
    """A bound held against two published scores on so many examples; `limit` in fractions of the examples."""

    n: int
    pair: Pair
    limit: float
    result: Resolvability


def tried(view: FigureView, limit: float, *, relative: bool, confidence: float) -> Tried | None:
    """What two scores of a figure say of a bound on their difference; None when the figure cannot be used.

    A figure with an interval of its own has been decided already, by whoever saw the pairs.
    """
    pair = pair_of(view)
    if pair is None or view.figure.interval is not None or isinstance(view.figure.loss, Spread):
        return None
    n = counted_on(view)
    if n is None or not _is_binary(pair.metric) or not _is_share(pair):
        return None
    bound = limit * float(pair.baseline.middle) if relative else limit
    first, second = (
        Rounded(float(part.middle), max(float(part.low), 0.0), min(float(part.high), 1.0))
        for part in (pair.baseline, pair.quantized)
    )
    return Tried(n, pair, bound, resolvable(first, second, n, bound, confidence))


def _is_binary(metric: Metric | None) -> bool:
    return metric is not None and metric.family is Family.BINARY and metric.direction != "lower"


def _is_share(pair: Pair) -> bool:
    return all(0 <= part.middle <= 1 for part in (pair.baseline, pair.quantized))


def figures_for(view: AssertionView) -> Iterator[FigureView]:
    """The figures that report what an assertion bounds."""
    return figures_about(view)


def thousands(value: int) -> str:
    """A count as people read it: `50,000`."""
    return f"{value:,}"


def points(value: float) -> str:
    """A fraction in percentage points to two significant digits or two decimals: `0.43 pp`, `2.3 pp`, `0.0023 pp`."""
    share = value * 100
    text = f"{share:.2f}" if abs(share) >= 0.01 or share == 0 else f"{share:.1g}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} pp"
