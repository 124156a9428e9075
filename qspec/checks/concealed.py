"""How much a part of the test set may have lost while the stated bound on the whole holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from qspec.checks.resolution import counted_bounds, examples, whole_count
from qspec.checks.strata import strata_of
from qspec.checks.view import AssertionView
from qspec.model.measurand import MeasurandKind
from qspec.stats.static import hidden_loss_bound

TENTH = 0.1
"""The share of the examples that stands for a part of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Concealed:
    """One part of the test set and what it may have lost; both numbers are fractions."""

    stratum: str
    weight: float
    loss: float


def stated_limit(view: AssertionView) -> float | None:
    """The loss of the whole that an assertion lets pass, as a fraction of the examples; None where it bounds none."""
    if view.is_stratified or view.measurand.kind is not MeasurandKind.LOSS:
        return None
    return next((asked.limit for asked in counted_bounds(view) if not asked.relative), None)


def concealed(view: AssertionView) -> Iterator[Concealed]:
    """The declared or reported strata that nothing bounds, each with the most it may lose behind the bound on the whole.

    The rest of the test set is taken to lose nothing; where it gains, a part may have lost more still.
    """
    limit = stated_limit(view)
    if limit is None or _bounds_strata(view):
        return
    for stratum, weight in _weights(view):
        loss = hidden_loss_bound(weight, limit)
        if loss > limit:
            yield Concealed(stratum, weight, loss)


def _bounds_strata(view: AssertionView) -> bool:
    return any(
        other.is_stratified and other.evaluation is view.evaluation and other.measurand.kind.is_accuracy
        for other in view.claim.assertions
    )


def _weights(view: AssertionView) -> Iterator[tuple[str, float]]:
    """Strata whose share of the test set is known and whose loss is not."""
    for name, how in view.strata.items():
        count = strata_of(view.evaluation, how) if view.evaluation is not None else None
        if count is not None and count > 1:
            yield f"a stratum of `{name}` of average size (one of {count})", 1 / count
    whole = examples(view.evaluation)
    for figure in view.claim.figures:
        n = whole_count(figure.figure.n)
        scored = figure.figure.quantized is not None or figure.figure.loss is not None
        if figure.figure.for_ is None or n is None or scored or whole is None or not 0 < n < whole:
            continue
        yield str(figure.figure.for_), float(Decimal(n) / whole)
