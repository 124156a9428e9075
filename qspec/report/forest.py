"""Forest plots from measured losses: the whole, every stratum, and the assertions that bound them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qspec.checks.view import AssertionView, ClaimView
from qspec.model.evaluation import Strata
from qspec.model.measurand import RECOVERY_ALIASES, MeasurandKind, metric_named
from qspec.model.measured import Result
from qspec.model.unit import Dimension
from qspec.report import figures
from qspec.report.figures import Scale
from qspec.report.measure import Measure
from qspec.report.plots import Forest, ForestBound, ForestRow, Standing
from qspec.report.strata import NAMED, Stratum, speaks_of, stratum_of

MOST_ROWS = 60
_PLAIN_LOSSES = {Dimension.POINTS, Dimension.NUMBER, Dimension.PERPLEXITY, Dimension.DECIBEL}


@dataclass(frozen=True, slots=True)
class Line:
    """One result of a forest with its stratum."""

    result: Result
    stratum: Stratum | None

    @property
    def loss(self) -> float | None:
        """The loss in the metric's own unit."""
        return figures.base(self.result.loss)

    @property
    def upper(self) -> float:
        """What rows are ordered by: the worst that the interval allows."""
        ends = figures.ends(self.result.interval)
        return ends[1] if ends else self.loss or 0.0


def lines_of(results: Iterable[Result], strata: Strata | None) -> list[Line]:
    """Results with their strata: the whole first, strata in the order they were written."""
    lines = [Line(result, stratum_of(result.for_, strata)) for result in results]
    return sorted(lines, key=lambda line: line.stratum is not None)


def by_stratification(lines: list[Line]) -> list[Line]:
    """The whole first, then one stratification after the other, each worst first."""
    groups = list(dict.fromkeys(line.stratum.group for line in lines if line.stratum))
    groups.sort(key=lambda group: group == NAMED)
    ordered = [line for line in lines if line.stratum is None]
    for group in groups:
        members = [line for line in lines if line.stratum and line.stratum.group == group]
        ordered += sorted(members, key=lambda line: -line.upper)
    return ordered


def forest(
    claim: ClaimView, measure: Measure, lines: list[Line], scale: Scale, on: str | None
) -> Forest | None:
    """The forest of one metric, or None when no loss was measured."""
    drawn = [line for line in lines if line.loss is not None]
    if not drawn:
        return None
    kept, left_out = drawn[:MOST_ROWS], max(0, len(drawn) - MOST_ROWS)
    bounding = [view for view in claim.assertions if _is_on(view, drawn[0].result, on)]
    rows: list[ForestRow] = []
    places: list[list[float | None]] = [[] for _ in bounding]
    group: str | None = None
    for line in kept:
        if line.stratum and line.stratum.group != group:
            group = line.stratum.group
            rows.append(ForestRow(group))
            for each in places:
                each.append(None)
        limits = [loss_limit(view, line, measure) for view in bounding]
        for each, limit in zip(places, limits, strict=True):
            each.append(None if limit is None else limit / scale.step)
        rows.append(_row(line, scale, _to_hold(bounding, limits)))
    bounds = [
        ForestBound(_name(view), tuple(each), _is_foretold(view))
        for view, each in zip(bounding, places, strict=True)
        if any(place is not None for place in each)
    ]
    unit = scale.suffix.strip()
    title = f"Loss of {measure.term}" + (f" on {on}" if on else "")
    return Forest(
        title=title,
        axis=f"loss of {measure.term}" + (f", {unit}" if unit else ""),
        description=_description(title, rows),
        rows=tuple(rows),
        bounds=tuple(_merged(bounds)),
        unit=unit,
        left_out=left_out,
    )


def _row(line: Line, scale: Scale, limits: list[float]) -> ForestRow:
    loss = line.loss
    assert loss is not None
    ends = figures.ends(line.result.interval)
    whole = line.stratum is None
    return ForestRow(
        label=line.stratum.label if line.stratum else "all examples",
        estimate=loss / scale.step,
        low=ends[0] / scale.step if ends else None,
        high=ends[1] / scale.step if ends else None,
        loss=scale.number(loss),
        interval=scale.between(*ends).removesuffix(scale.suffix) if ends else "",
        standing=_standing(ends or (loss, loss), limits),
        is_whole=whole,
    )


def _is_foretold(view: AssertionView) -> bool:
    """Whether the claim itself says that the bound will not come out confirmed."""
    return view.assertion.expect not in {None, "confirmed"}


def _name(view: AssertionView) -> str:
    expected = f", expected {view.assertion.expect}" if _is_foretold(view) else ""
    return f"{view.assertion}{expected}"


def _to_hold(bounding: list[AssertionView], limits: list[float | None]) -> list[float]:
    """The limits a row is coloured by: those to be confirmed, and where there are none, those foretold otherwise."""
    given = [(view, limit) for view, limit in zip(bounding, limits, strict=True) if limit is not None]
    return [limit for view, limit in given if not _is_foretold(view)] or [limit for _, limit in given]


def _standing(ends: tuple[float, float], limits: list[float]) -> Standing:
    if not limits:
        return "unbounded"
    if ends[0] > min(limits):
        return "beyond"
    return "within" if ends[1] < min(limits) else "across"


def _is_on(view: AssertionView, result: Result, on: str | None) -> bool:
    metric = view.measurand.metric
    kind = view.measurand.kind
    if metric is None or kind not in {MeasurandKind.LOSS, MeasurandKind.METRIC}:
        return False
    same = metric == result.quantity or metric_named(metric, [result.quantity]) is not None
    return same and view.assertion.on in {None, on}


def loss_limit(view: AssertionView, line: Line, measure: Measure) -> float | None:
    """The greatest loss that an assertion allows a result, in the metric's unit; None when it allows any.

    A bound relative to the baseline, to its error, or on the metric itself becomes a loss through the
    baseline's measured value. A per cent of unspecified kind has two readings and no one place.
    """
    if not speaks_of(view.assertion, line.stratum):
        return None
    baseline = figures.base(line.result.baseline)
    bound = view.assertion.bounds[-1]
    value, dimension = float(bound.quantity.base), bound.quantity.dimension
    sign = -1.0 if measure.lower_is_better else 1.0
    if view.measurand.kind is MeasurandKind.LOSS:
        if not bound.is_upper:
            return None
        if dimension is Dimension.OF_BASELINE:
            return None if baseline is None else value * baseline
        if dimension is Dimension.OF_ERROR:
            return None if baseline is None else value * (1.0 - baseline)
        return value if dimension in _PLAIN_LOSSES else None
    worse_side = {"<", "<="} if measure.lower_is_better else {">", ">="}
    if bound.relation not in worse_side or baseline is None:
        return None
    is_share = view.assertion.quantity.name in RECOVERY_ALIASES
    if is_share or dimension in {Dimension.OF_BASELINE, Dimension.TIMES_BASELINE}:
        return sign * (baseline - value * baseline)
    return sign * (baseline - value)


def _merged(bounds: list[ForestBound]) -> list[ForestBound]:
    """Bounds at the same places drawn once under both their names, the leftmost first."""
    merged: dict[tuple[float | None, ...], ForestBound] = {}
    for bound in sorted(bounds, key=lambda bound: bound.foretold):
        known = merged.get(bound.places)
        merged[bound.places] = replace(known, label=f"{known.label}; {bound.label}") if known else bound
    return sorted(merged.values(), key=lambda bound: min(p for p in bound.places if p is not None))


def _description(title: str, rows: list[ForestRow]) -> str:
    words = {
        "within": "within its bounds",
        "beyond": "beyond a bound",
        "across": "with a bound inside its interval",
        "unbounded": "without a bound",
    }
    parts = [
        f"{row.label}: {row.loss}"
        + (f" ({row.interval})" if row.interval else "")
        + f", {words[row.standing]}"
        for row in rows
        if row.estimate is not None
    ]
    return f"{title}, with intervals; positive is worse. " + "; ".join(parts) + "."
