"""How a quantity of a claim is shown: its direction, and scales for its values, its losses and its bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qspec.checks.view import AssertionView, ClaimView
from qspec.metrics import registry
from qspec.model.expression import Term
from qspec.model.measurand import MeasurandKind, measurand
from qspec.model.measured import Result
from qspec.model.quantity import Quantity
from qspec.model.unit import Dimension
from qspec.report import figures
from qspec.report.figures import NARROW, Scale

_OF_PROPORTIONS = {Dimension.SHARE, Dimension.POINTS, Dimension.OF_ERROR}
_SUFFIX = {
    Dimension.POINTS: f"{NARROW}pp",
    Dimension.OF_BASELINE: f"{NARROW}% of baseline",
    Dimension.OF_ERROR: f"{NARROW}% of error",
}
TITLES = {
    MeasurandKind.THROUGHPUT: "Throughput",
    MeasurandKind.LATENCY: "Latency",
    MeasurandKind.SIZE: "Size",
    MeasurandKind.MEMORY: "Peak memory",
    MeasurandKind.ENERGY: "Energy",
    MeasurandKind.POWER: "Power",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric as shown: whether it is a proportion, which way is better, and its unit otherwise."""

    term: str
    is_proportion: bool
    lower_is_better: bool = False
    unit: str = ""

    def values(self, values: Iterable[float | None], widths: Iterable[float | None] = ()) -> Scale:
        """The scale of its values; `widths` are half-widths of intervals that must be resolved."""
        return figures.share(widths) if self.is_proportion else figures.plain(values, self.unit)

    def losses(self, values: Iterable[float | None], widths: Iterable[float | None] = ()) -> Scale:
        """The scale of its losses: percentage points for proportions."""
        suffix = _SUFFIX[Dimension.POINTS]
        return figures.share(widths, suffix) if self.is_proportion else figures.plain(values, self.unit)


def measure_of(term: Term, claim: ClaimView) -> Measure:
    """What is known of a metric; of one that nobody defined, what the claim's own bounds tell."""
    name = registry.canonical(term.head)
    if name is not None:
        metric = registry.get(name)
        proportion = metric.unit == "proportion"
        return Measure(
            str(term), proportion, metric.direction.value == "lower", "" if proportion else metric.unit
        )
    dimensions = {
        bound.quantity.dimension
        for view in claim.assertions
        if view.measurand.kind.is_accuracy and view.measurand.metric == term
        for bound in view.assertion.bounds
    }
    return Measure(str(term), bool(dimensions & _OF_PROPORTIONS))


def physical_scale(kind: MeasurandKind, values: list[Quantity | None]) -> Scale:
    """The scale of times, sizes, rates and energies, with the noun their author wrote."""
    numbers = [figures.base(value) for value in values]
    unit = next((value.unit for value in values if value is not None and value.unit), "")
    per = unit.partition(" per ")[2]
    if kind is MeasurandKind.LATENCY:
        scale = figures.duration(numbers)
    elif kind in {MeasurandKind.SIZE, MeasurandKind.MEMORY}:
        scale = figures.size(numbers)
    elif kind is MeasurandKind.THROUGHPUT:
        return figures.rate(numbers, unit or "/s")
    else:
        base_unit = {MeasurandKind.ENERGY: "J", MeasurandKind.POWER: "W"}.get(kind, unit)
        scale = figures.plain(numbers, base_unit.partition(" per ")[0])
    return Scale(scale.step, f"{scale.suffix} per {per}", scale.decimals) if per else scale


def decided_on(view: AssertionView, low: Quantity, high: Quantity) -> Scale:
    """The scale of the interval that decided an assertion, which is in the base unit of its bound."""
    dimension = view.assertion.bounds[0].quantity.dimension
    numbers = [figures.base(low), figures.base(high)]
    first, last = numbers
    width = [abs(last - first) / 2] if first is not None and last is not None else []
    kind = view.measurand.kind
    if dimension in _SUFFIX:
        return figures.share(width, _SUFFIX[dimension])
    if dimension is Dimension.SHARE:
        is_loss = kind is MeasurandKind.LOSS
        return figures.share(width, _SUFFIX[Dimension.POINTS] if is_loss else f"{NARROW}%")
    if dimension is Dimension.TIMES_BASELINE:
        return figures.ratio(numbers)
    if kind in TITLES:
        return physical_scale(kind, [view.assertion.bounds[0].quantity, low, high])
    return figures.plain(numbers, view.assertion.bounds[0].quantity.unit or "")


def title_of(term: Term) -> str:
    """A quantity for people: `Latency (p50)`, or a metric as it is written."""
    meant = measurand(term)
    title = TITLES.get(meant.kind)
    if title is None:
        return str(term)
    return f"{title} ({meant.statistic})" if meant.statistic else title


def is_physical(result: Result) -> bool:
    """Whether a result is a time, a rate, a size or an energy rather than a score."""
    return measurand(result.quantity).kind in TITLES
