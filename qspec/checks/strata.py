"""The strata that an assertion is about: their decomposition, their number, and the figures that are of one of them."""

from __future__ import annotations

from qspec.checks.view import AssertionView, EvaluationView
from qspec.model.expression import ByColumn, Comparison, Predicate, Quantiles, Stratification


def stratification(view: AssertionView) -> Stratification | None:
    """The decomposition that an assertion names, where its evaluation declares it."""
    name = view.assertion.for_each or view.assertion.for_
    return view.strata.get(name) if isinstance(name, str) else None


def is_of(view: AssertionView, stratum: str | Predicate | None, how: Stratification | None) -> bool:
    """Whether a figure's stratum is one that an assertion bounds."""
    if view.assertion.for_ is not None:
        return stratum == view.assertion.for_
    by = how.by if isinstance(how, ByColumn) else None
    return isinstance(stratum, Comparison) and stratum.relation == "==" and str(stratum.column) == by


def number_of_strata(view: AssertionView, how: Stratification | None) -> int | None:
    """How many strata an assertion bounds, where the document says so."""
    if view.assertion.for_each is None or view.evaluation is None or how is None:
        return None
    return strata_of(view.evaluation, how)


def strata_of(view: EvaluationView, how: Stratification) -> int | None:
    """How many strata a decomposition has, where the document says so: quantiles are counted, and named classes."""
    if isinstance(how, Quantiles):
        return how.count
    data = view.test_data
    found = view.claim.resolved.dataset(data) if data is not None else None
    # Strata say `label`, whatever the data set calls the column with the answer.
    if found is None or not isinstance(how, ByColumn) or how.by not in {"label", found[0].label}:
        return None
    return len(found[0].classes) or None
