"""Arithmetic on printed numbers: every number stands for the interval of values that print the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from qspec.checks.view import AssertionView, EvaluationView, FigureView
from qspec.metrics import registry
from qspec.metrics.definition import Direction, Metric
from qspec.model.expression import Term
from qspec.model.measurand import MeasurandKind, metric_named
from qspec.model.quantity import Quantity, Range, Spread
from qspec.model.unit import Dimension

Printed = Quantity | Spread | Range | None
Reading = Literal["points", "baseline", "error"]
_COUNTED = frozenset({"top1", "top5", "top@k", "accuracy", "exact-match"})


@dataclass(frozen=True, slots=True)
class Between:
    """The closed interval that a printed number, or a result of several, may lie in; fractions and base units."""

    low: Decimal
    high: Decimal

    def __sub__(self, other: Between) -> Between:
        return Between(self.low - other.high, self.high - other.low)

    def __neg__(self) -> Between:
        return Between(-self.high, -self.low)

    def over(self, other: Between) -> Between | None:
        """The quotient, or None where the divisor may be nought."""
        if other.low <= 0 <= other.high:
            return None
        ends = [a / b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Between(min(ends), max(ends))

    def meets(self, other: Between) -> bool:
        """Whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high

    def satisfies(self, relation: str, bound: Decimal) -> bool | None:
        """Whether every value between the ends stands in the relation to the bound; None when only some do."""
        if relation == "==":
            return None if self.low <= bound <= self.high else False
        below = True if self.high <= bound else False if self.low >= bound else None
        return below if relation in {"<", "<="} or below is None else not below

    @property
    def middle(self) -> Decimal:
        """The value in the middle."""
        return (self.low + self.high) / 2


def average(parts: Sequence[Between], weights: Sequence[Decimal]) -> Between:
    """The weighted mean of printed numbers."""
    total = sum(weights, Decimal(0))
    low = sum((w * part.low for w, part in zip(weights, parts, strict=True)), Decimal(0))
    high = sum((w * part.high for w, part in zip(weights, parts, strict=True)), Decimal(0))
    return Between(low / total, high / total)


def central(value: Printed) -> Quantity | None:
    """The printed number itself: of a value with its uncertainty, the value; of a range, nothing."""
    return value.value if isinstance(value, Spread) else value if isinstance(value, Quantity) else None


def rounding(quantity: Quantity, factor: Decimal = Decimal(1)) -> Between:
    """The values that print as `quantity`, in its own unit times `factor`."""
    exponent = Decimal(quantity.text.replace("_", "")).as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    return Between((quantity.value - half) * factor, (quantity.value + half) * factor)


def metric_of(term: Term | None) -> Metric | None:
    """The metric that a term names, or None when the language knows none."""
    name = registry.canonical(term.head) if term is not None else None
    return registry.get(name) if name is not None else None


def is_proportion(metric: Metric | None) -> bool:
    """Whether the metric's values are shares, printed as per cent or as fractions."""
    return metric is not None and metric.unit == "proportion"


def is_share(metric: Metric | None) -> bool:
    """Whether the metric's values lie below one, so that a printed number above one stands on a scale to 100."""
    return metric is not None and (is_proportion(metric) or metric.high <= 1)


def is_counted(metric: Metric | None) -> bool:
    """Whether the metric's value is the number of right answers over the number of all examples."""
    return metric is not None and metric.name in _COUNTED


def score_factor(quantity: Quantity, metric: Metric | None, hundred: bool) -> Decimal:
    """What turns a printed score into its base unit: 0.01 for per cent, or for a bare number on a scale to 100."""
    if quantity.unit == "%":
        return Decimal("0.01")
    if quantity.unit is None and is_share(metric) and hundred:
        return Decimal("0.01")
    return quantity.known_unit.factor if quantity.known_unit else Decimal(1)


@dataclass(frozen=True, slots=True)
class Pair:
    """What a figure prints for both models, in base units, with the metric where it is known."""

    baseline: Between
    quantized: Between
    metric: Metric | None
    hundred: bool
    """Whether bare numbers stand on a scale to 100."""
    texts: tuple[str, str]

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller value is the better one."""
        return self.metric is not None and self.metric.direction is Direction.LOWER

    @property
    def loss(self) -> Between:
        """Baseline minus quantized, or the reverse where lower is better: positive is worse."""
        difference = self.baseline - self.quantized
        return -difference if self.lower_is_better else difference

    def read(self, reading: Reading) -> Between | None:
        """The loss in points, as a share of the baseline, or as a share of the error."""
        if reading == "points":
            return self.loss
        if reading == "baseline":
            return self.loss.over(self.baseline)
        if not is_proportion(self.metric):
            return None
        error = Between(1 - self.baseline.high, 1 - self.baseline.low)
        return self.loss.over(self.baseline if self.lower_is_better else error)


def pair_of(view: FigureView) -> Pair | None:
    """Both scores of a figure, or None when it does not print both."""
    metric = metric_of(view.measurand.metric)
    if view.measurand.kind not in {MeasurandKind.METRIC, MeasurandKind.LOSS} or view.measurand.metric is None:
        return None
    baseline, quantized = central(view.figure.baseline), central(view.figure.quantized)
    if baseline is None or quantized is None:
        return None
    hundred = any(q.unit is None and abs(q.value) > 1 for q in (baseline, quantized))
    first, second = (rounding(q, score_factor(q, metric, hundred)) for q in (baseline, quantized))
    return Pair(first, second, metric, hundred, (str(baseline), str(quantized)))


def readings(quantity: Quantity, metric: Metric | None, hundred: bool) -> list[tuple[Reading, Between]]:
    """What a printed or bounding loss may mean: one reading, or two for a bare per cent; none for other units."""
    unit = quantity.dimension
    hundredth = Decimal("0.01")
    if unit is Dimension.POINTS:
        return [("points", rounding(quantity, hundredth))]
    if unit is Dimension.OF_BASELINE:
        return [("baseline", rounding(quantity, hundredth))]
    if unit is Dimension.OF_ERROR:
        return [("error", rounding(quantity, hundredth))]
    if unit is Dimension.SHARE:
        share = rounding(quantity, hundredth)
        points: list[tuple[Reading, Between]] = [("points", share)] if is_proportion(metric) else []
        return [*points, ("baseline", share)]
    if unit in {Dimension.PERPLEXITY, Dimension.DECIBEL, Dimension.NUMBER}:
        factor = hundredth if is_share(metric) and hundred else Decimal(1)
        return [("points", rounding(quantity, factor))]
    return []


def figures_about(said: AssertionView) -> Iterator[FigureView]:
    """The figures for an assertion's metric, on its evaluation, for the whole or the one stratum it speaks of."""
    metric = said.measurand.metric
    if metric is None or said.assertion.for_each is not None or said.evaluation is None:
        return
    where = (said.evaluation.name, str(said.assertion.for_))
    for figure in said.claim.figures_by_stratum.get(where, ()):
        reported = figure.measurand.metric
        if reported is not None and (
            metric_named(metric, [reported]) is not None or same_metric(metric, reported)
        ):
            yield figure


def same_metric(first: Term, second: Term) -> bool:
    """Whether two terms are one metric under two of its names, with the same parameters."""
    names = registry.canonical(first.head), registry.canonical(second.head)
    alike = (first.positional, first.named, first.at) == (second.positional, second.named, second.at)
    return names[0] is not None and names[0] == names[1] and alike


def percent(value: Decimal, digits: int = 2) -> str:
    """A fraction as per cent, without needless noughts: `0.2`, `1.25`."""
    return number(value * 100, digits)


def number(value: Decimal, digits: int = 3) -> str:
    """A number to so many digits behind the point, without needless noughts."""
    if value and abs(value) >= 10**9:
        return f"{value:.3e}"
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return "0" if text in {"-0", ""} else text


def declared_size(view: EvaluationView | None) -> Quantity | None:
    """The declared size of an evaluation's test set, when it is a plain count of examples."""
    size = view.test_set.size if view is not None and view.test_set is not None else None
    return size if isinstance(size, Quantity) and size.unit not in {"tokens", "characters", "hours"} else None


def difference(pair: Pair) -> str:
    """The loss of a pair in words, in points and as per cent of the baseline where it is a share."""
    relative = pair.read("baseline")
    share = f"{percent(relative.middle)} % of the baseline" if relative is not None else None
    loss = pair.loss.middle
    plain = f"{percent(loss)} pp" if is_proportion(pair.metric) else number(loss)
    return f"{plain} ({share})" if share else plain
