"""The words people use for a loss and for what is kept, read as the language's own."""

from __future__ import annotations

from qspec.model.claim import Bound
from qspec.model.expression import Term
from qspec.model.measurand import LOSS_ALIASES, RECOVERY_ALIASES
from qspec.model.quantity import Quantity

_SHARE_OF_BASELINE = {"%": "% of baseline", None: "x baseline"}


def canonical(quantity: Term, bounds: list[Bound]) -> tuple[Term, list[Bound]]:
    """`drop(m)` and `degradation(m)` as `loss(m)`; `recovery(m) >= 99 %` as `m >= 99 % of baseline`."""
    if quantity.name in LOSS_ALIASES and quantity.positional:
        return quantity.model_copy(update={"name": LOSS_ALIASES[quantity.name]}), bounds
    if quantity.name not in RECOVERY_ALIASES or len(quantity.positional) != 1 or quantity.named:
        return quantity, bounds
    kept = quantity.positional[0]
    metric = Term(name=kept) if isinstance(kept, str) else kept
    units = {bound.quantity.unit for bound in bounds}
    if not isinstance(metric, Term) or not units <= {*_SHARE_OF_BASELINE, *_SHARE_OF_BASELINE.values()}:
        return quantity, bounds
    return metric, [_of_baseline(bound) for bound in bounds]


def _of_baseline(bound: Bound) -> Bound:
    written = bound.quantity
    unit = _SHARE_OF_BASELINE.get(written.unit, written.unit)
    return Bound(relation=bound.relation, quantity=Quantity.of(written.text, unit))
