"""The losses that a deployment cannot absorb, and whether a claim bounds each of them as tightly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qspec.checks.arithmetic import same_metric
from qspec.checks.view import AssertionView, ClaimView
from qspec.model.claim import Assertion, Bound, Deployment
from qspec.model.expression import ByColumn, Comparison, Stratification, Where
from qspec.model.measurand import measurand, metric_named


@dataclass(frozen=True, slots=True)
class Unbounded:
    """A loss that would do harm there, and why the claim does not exclude it, as a clause."""

    assertion: Assertion
    why: str


def unbounded(claim: ClaimView, deployment: Deployment) -> Iterator[Unbounded]:
    """The assertions of `cannot-absorb` that no assertion of the claim implies."""
    for wanted in deployment.cannot_absorb.assertions if deployment.cannot_absorb is not None else []:
        alike = [view for view in claim.assertions if _same_subject(view, wanted)]
        covering = [view for view in alike if _covers(view, wanted)]
        if any(_implies(view.assertion, wanted) for view in covering):
            continue
        if covering:
            said = " and ".join(f"`{view.assertion}`" for view in covering)
            yield Unbounded(wanted, f"`{wanted}` does not follow from {said}")
        elif alike:
            yield Unbounded(
                wanted,
                f"`{wanted}`: the claim bounds `{alike[0].assertion.quantity}` elsewhere, and not there",
            )
        else:
            yield Unbounded(wanted, f"`{wanted}`: the claim does not bound `{wanted.quantity}` at all")


def _same_subject(view: AssertionView, wanted: Assertion) -> bool:
    one, other = view.measurand, measurand(wanted.quantity)
    if (one.kind, one.statistic) != (other.kind, other.statistic):
        return False
    if wanted.on is not None and view.assertion.on != wanted.on:
        return False
    if one.metric is None or other.metric is None:
        return one.metric is other.metric
    return same_metric(one.metric, other.metric) or metric_named(other.metric, [one.metric]) is not None


def _covers(view: AssertionView, wanted: Assertion) -> bool:
    """Whether an assertion speaks of the very examples that the wanted one does."""
    mine = view.assertion
    if (mine.for_each, mine.for_) == (wanted.for_each, wanted.for_):
        return True
    names = view.strata
    target = wanted.for_each or (wanted.for_ if isinstance(wanted.for_, str) else None)
    if target is not None:
        if target in (mine.for_each, mine.for_):
            return True
        how = names.get(target)
        condition = how.where if isinstance(how, Where) else None
    else:
        condition = wanted.for_ if not isinstance(wanted.for_, str) else None
    if condition is None:
        return False
    if mine.for_ == condition or mine.for_each in _by_column(names, condition):
        return True
    own = names.get(mine.for_) if isinstance(mine.for_, str) else None
    return isinstance(own, Where) and own.where == condition


def _by_column(names: dict[str, Stratification], condition: object) -> list[str]:
    """The stratifications one of whose strata is what a condition selects: `label == 8` is one of `by label`."""
    if not isinstance(condition, Comparison) or condition.relation != "==":
        return []
    return [
        name for name, how in names.items() if isinstance(how, ByColumn) and how.by == str(condition.column)
    ]


def _implies(mine: Assertion, wanted: Assertion) -> bool:
    """Whether keeping one's bounds keeps the other's: same unit, same direction, at least as tight."""
    if mine.expect not in (None, "confirmed") or (wanted.absolute and not mine.absolute):
        return False
    return all(any(_tighter(own, bound) for own in mine.bounds) for bound in wanted.bounds)


def _tighter(own: Bound, bound: Bound) -> bool:
    if own.quantity.dimension is not bound.quantity.dimension:
        return False
    if own.relation[0] != bound.relation[0] or own.relation == "==":
        return own == bound
    low, high = (own, bound) if own.relation[0] == "<" else (bound, own)
    if low.quantity.base == high.quantity.base:
        return own.relation == bound.relation or len(own.relation) == 1
    return low.quantity.base < high.quantity.base
