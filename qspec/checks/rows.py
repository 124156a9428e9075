"""Reported figures as a whole and its strata, where several figures cut one column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from qspec.checks.arithmetic import Between, central, is_proportion, metric_of, rounding, score_factor
from qspec.checks.view import ClaimView, FigureView
from qspec.model.expression import Comparison
from qspec.model.measurand import MeasurandKind


@dataclass(frozen=True)
class Rows:
    """A figure for the whole and the figures for values of one column."""

    whole: FigureView
    parts: list[FigureView]
    weights: list[Decimal] | None
    """Examples in each stratum, when they add up to the whole's; else None, since rows may be missing."""
    proportion: bool


def decompositions(claim: ClaimView) -> Iterator[Rows]:
    """Every whole with strata of one column, all of one metric and evaluation."""
    columns: dict[tuple[str, str | None], dict[str, list[FigureView]]] = {}
    for view in claim.figures:
        column = _column(view)
        if column is not None:
            subject = columns.setdefault((str(view.figure.quantity), view.figure.on), {})
            subject.setdefault(column, []).append(view)
    seen: set[tuple[str, str | None]] = set()
    for whole in claim.figures:
        key = (str(whole.figure.quantity), whole.figure.on)
        if whole.figure.for_ is not None or whole.measurand.kind is not MeasurandKind.METRIC or key in seen:
            continue
        seen.add(key)  # a whole that is given twice is found elsewhere
        proportion = is_proportion(metric_of(whole.measurand.metric))
        for parts in columns.get(key, {}).values():
            if len({str(view.figure.for_) for view in parts}) == len(parts) > 1:
                yield Rows(whole, parts, _weights(whole, parts), proportion)


def _column(view: FigureView) -> str | None:
    """The column that a figure's stratum is one value of."""
    for_ = view.figure.for_
    one = isinstance(for_, Comparison) and for_.relation == "=="
    return str(for_.column) if one and isinstance(for_, Comparison) else None


def _weights(whole: FigureView, parts: list[FigureView]) -> list[Decimal] | None:
    counts = [view.figure.n.value for view in parts if view.figure.n is not None and view.figure.n.value > 0]
    if whole.figure.n is None or len(counts) != len(parts) or sum(counts) != whole.figure.n.value:
        return None
    return counts


def score(view: FigureView, key: str) -> Between | None:
    """A printed score of a figure in base units; bare numbers above one stand on a scale to 100."""
    printed = central(getattr(view.figure, key))
    if printed is None:
        return None
    metric = metric_of(view.measurand.metric)
    return rounding(printed, score_factor(printed, metric, abs(printed.value) > 1))
