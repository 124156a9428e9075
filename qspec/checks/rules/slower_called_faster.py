"""A slowdown is called a speed-up.

What it finds
-------------
A throughput below the baseline's, or a latency above it, in a claim whose title or quoted sentence speaks of faster
inference, a speed-up, or a performance improvement.

Why it matters
--------------
"A performance improvement of 0.89x" is a loss of a ninth of the speed, written into the sentence that its neighbours
have for gains.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        as-printed: "performance improvement is 0.89x"
        throughput { ratio: 0.89 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        as-printed: "performance is 0.89x of fp32"
        throughput { ratio: 0.89 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, the ONNX model zoo's entry on BiDAF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import Between, central, rounding
from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind
from qspec.model.unit import Dimension

_PRAISE = re.compile(
    r"\b(?:fast(?:er|est)?|speed-?ups?|speeds? up|accelerat\w+|(?:performance|speed) (?:improve\w*|gains?))\b",
    re.IGNORECASE,
)


@rule("QS322", "slower-called-faster", severity=Severity.ERROR, visits=Visit.FIGURE, axes=("pair",))
def slower_called_faster(view: FigureView) -> Iterator[Finding]:
    """A gain below one."""
    ratio = _ratio(view)
    if ratio is None:
        return
    slower = ratio.high < 1 if view.measurand.kind is MeasurandKind.THROUGHPUT else ratio.low > 1
    for text, _ in prose(view.claim):
        found = _PRAISE.search(text)
        if slower and found:
            yield Finding(
                f"`{found[0]}` is said, and `{view.figure.quantity}` is {ratio.middle:.3g} times the baseline's.",
                view.origin,
                help="call it a slowdown, or correct the figure",
            )
            return


def _ratio(view: FigureView) -> Between | None:
    """Quantized over baseline, as printed or from both figures."""
    if not view.measurand.kind.is_speed:
        return None
    printed = central(view.figure.ratio)
    value = central(view.figure.value)
    if printed is None and value is not None and value.dimension is Dimension.TIMES_BASELINE:
        printed = value
    if printed is not None:
        return rounding(printed, Decimal("0.01") if printed.unit == "%" else Decimal(1))
    first, second = central(view.figure.baseline), central(view.figure.quantized)
    if first is None or second is None or first.dimension is not second.dimension:
        return None
    factors = [q.known_unit.factor if q.known_unit else Decimal(1) for q in (first, second)]
    return rounding(second, factors[1]).over(rounding(first, factors[0]))
