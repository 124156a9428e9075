"""A quantity is given in a unit that it cannot have.

What it finds
-------------
An assertion or a figure whose unit measures something else: a latency in megabytes, a throughput in milliseconds, a loss
of perplexity in percentage points; or a quantity that has no unit since there is no such thing, as the loss of a distance,
which compares the two models itself and has no baseline to lose from.

Why it matters
--------------
What was meant cannot be told, so it can be neither checked nor executed.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
      latency(p99) <= 25 MB
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
      latency(p99) <= 25 ms
    }

References:
----------
The units in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import central, is_proportion, metric_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.lang.resolve import Origin
from qspec.metrics.definition import Family, Metric
from qspec.model.measurand import Measurand, MeasurandKind
from qspec.model.quantity import Quantity
from qspec.model.unit import Dimension

_RELATIVE = frozenset({Dimension.TIMES_BASELINE, Dimension.OF_BASELINE, Dimension.SHARE, Dimension.NUMBER})
_PHYSICAL = {
    MeasurandKind.THROUGHPUT: {Dimension.RATE, Dimension.TOKEN_RATE},
    MeasurandKind.LATENCY: {Dimension.TIME},
    MeasurandKind.SIZE: {Dimension.SIZE},
    MeasurandKind.MEMORY: {Dimension.SIZE},
    MeasurandKind.ENERGY: {Dimension.ENERGY},
    MeasurandKind.POWER: {Dimension.POWER},
}
_DIFFERENCES = frozenset({MeasurandKind.LOSS, MeasurandKind.RECOVERED})
_OWN = {"ppl": Dimension.PERPLEXITY, "dB": Dimension.DECIBEL}


@rule("QS312", "unit-of-another-kind", severity=Severity.ERROR, visits=Visit.CLAIM)
def unit_of_another_kind(claim: ClaimView) -> Iterator[Finding]:
    """A unit of something else."""
    for said in claim.assertions:
        if said.measurand.kind in _DIFFERENCES and (distance := _distance(said.measurand)) is not None:
            yield Finding(
                f"`{said.assertion.quantity}` means nothing: {distance.name} is measured between the two models, so neither "
                "has a value of it to lose.",
                said.origin,
                help=f"bound `{said.measurand.metric}` itself",
            )
            continue
        for number, bound in enumerate(said.assertion.bounds):
            yield from _wrong(bound.quantity, said.measurand, said.origin.at("bounds", number))
    for view in claim.figures:
        for key in ("value", "baseline", "quantized"):
            printed = central(getattr(view.figure, key))
            if printed is not None:
                yield from _wrong(printed, view.measurand, view.origin.at(key))


def _wrong(quantity: Quantity, measurand: Measurand, origin: Origin) -> Iterator[Finding]:
    allowed = _allowed(measurand)
    if quantity.unit is None or quantity.known_unit is None or not allowed:
        return
    if quantity.dimension not in allowed and quantity.dimension is not Dimension.COUNT:
        what = measurand.metric.name if measurand.metric is not None else ""
        subject = (
            f"the loss of {what}" if measurand.kind is MeasurandKind.LOSS else what or str(measurand.kind)
        )
        yield Finding(
            f"`{quantity}` is a measure of {quantity.dimension}, which {subject} is not measured in.",
            origin,
            help="give it in a unit of its own, or name the quantity that was meant",
        )


def _distance(measurand: Measurand) -> Metric | None:
    """The distance between the answers of the pair that is meant, where one is."""
    metric = metric_of(measurand.metric)
    return metric if metric is not None and metric.family is Family.DISTANCE else None


def _allowed(measurand: Measurand) -> frozenset[Dimension]:
    """What the unit may measure; empty when that is not known."""
    if measurand.kind in _PHYSICAL:
        return _RELATIVE | _PHYSICAL[measurand.kind]
    distance = _distance(measurand)
    if distance is not None:  # A share of what has no baseline is none.
        return frozenset({Dimension.NUMBER, *([Dimension.SHARE] if is_proportion(distance) else [])})
    metric = metric_of(measurand.metric)
    if metric is None or measurand.kind not in {MeasurandKind.LOSS, MeasurandKind.METRIC}:
        return frozenset()
    own = {_OWN[metric.unit]} if metric.unit in _OWN else set()
    if measurand.kind is MeasurandKind.METRIC:
        return _RELATIVE | own
    if is_proportion(metric) or metric.high <= 1:
        own |= {Dimension.POINTS, Dimension.OF_ERROR}
    return (_RELATIVE - {Dimension.TIMES_BASELINE}) | own
