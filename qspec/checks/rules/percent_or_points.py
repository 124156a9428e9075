"""A loss is given in per cent, and nothing says per cent of what.

What it finds
-------------
An assertion or a reported figure about a loss whose unit is a bare `%`.

Why it matters
--------------
A loss of 1 % may mean one percentage point, or one per cent of the baseline's value. From 82.20 to 81.21 it is 0.99
points and 1.20 per cent of the baseline: one reading keeps a bound of 1 %, the other breaks it.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) < 1 %
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) < 1 pp
    }

References:
----------
The kinds of loss in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.bounds import readings_disagree
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Edit, Fix, Severity
from qspec.lang.resolve import Origin
from qspec.lang.source import Span
from qspec.model.measurand import MeasurandKind
from qspec.model.quantity import Quantity


def readings(quantity: Quantity, origin: Origin) -> tuple[Fix, ...]:
    """The two rewrites of a bare per cent; which one is meant only its author knows."""
    sign = origin.loaded.source.text.rfind("%", origin.span.start, origin.span.end)
    span = Span(sign, sign + 1)
    return (
        Fix("Read it as percentage points", (Edit(span, "pp"),)),
        Fix("Read it as per cent of the baseline", (Edit(span, "% of baseline"),)),
    )


@rule(
    "QS220", "percent-or-points", severity=Severity.WARNING, visits=Visit.ASSERTION, axes=("metric",), fix="unsafe"
)  # fmt: skip
def percent_or_points(view: AssertionView) -> Iterator[Finding]:
    """A bare per cent on a loss."""
    if view.measurand.kind is not MeasurandKind.LOSS or readings_disagree(view):
        return  # where the reported scores tell the readings apart, that is said instead
    for number, bound in enumerate(view.assertion.bounds):
        if bound.quantity.unit == "%":
            origin = view.origin.at("bounds", number)
            yield Finding(
                f"`{bound.quantity}` of loss may mean percentage points or per cent of the baseline.",
                origin,
                help=f"write `{bound.quantity.text} pp` or `{bound.quantity.text} % of baseline`",
                fixes=readings(bound.quantity, origin),
            )
