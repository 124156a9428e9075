"""The quantized model scores better than chance can explain.

What it finds
-------------
A quantized score above the baseline's (below, where lower is better) by more than the number of examples, or the printed
uncertainties, allow for.

Why it matters
--------------
Rounding weights teaches nothing. Such a gain comes from further training, from another evaluation, or from columns that
changed places, and then the difference does not measure quantization.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 72.1 %, quantized: 75.9 %, n: 50000 } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 75.9 %, quantized: 76.0 %, n: 50000 } }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import Pair, central, is_counted, pair_of
from qspec.checks.resolution import counted_on
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.quantity import Spread
from qspec.stats.static import Rounded, resolvable

_SIGMAS = Decimal("2.576")
"""Printed uncertainties are mostly standard errors. So many of their sum leave one chance in a hundred, and fewer where both
models saw the same examples, since their errors then go together."""


@rule("QS317", "better-than-baseline", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("baseline",))
def better_than_baseline(view: FigureView) -> Iterator[Finding]:
    """A gain that is none of quantization's."""
    pair = pair_of(view)
    if pair is None or pair.metric is None or pair.loss.high >= 0:
        return
    if _beyond_counts(view, pair) or _beyond_spread(view):
        yield Finding(
            f"The quantized model has {pair.texts[1]} and the baseline {pair.texts[0]}, more than chance explains.",
            view.origin,
            help="say what else differs (training, data, prompt, a swapped column), or correct the figures",
        )


def _beyond_counts(view: FigureView, pair: Pair) -> bool:
    """Whether the gain exceeds what examples counted right or wrong could show by chance."""
    n = counted_on(view)
    if n is None or not is_counted(pair.metric):
        return False
    first, second = (
        Rounded(float(side.middle), float(side.low), float(side.high))
        for side in (pair.baseline, pair.quantized)
    )
    inside = min(first.low, second.low) >= 0 and max(first.high, second.high) <= 1
    return inside and resolvable(first, second, n).kind == "resolved"


def _beyond_spread(view: FigureView) -> bool:
    """Whether the gain exceeds what the printed uncertainties of both scores together allow for."""
    one, other = view.figure.baseline, view.figure.quantized
    if not isinstance(one, Spread) or not isinstance(other, Spread):
        return False
    spread = (one.plus_minus.value**2 + other.plus_minus.value**2).sqrt()
    first, second = central(one), central(other)
    assert first is not None and second is not None
    units = {first.unit, second.unit, one.plus_minus.unit, other.plus_minus.unit}
    return len(units) == 1 and abs(first.value - second.value) > _SIGMAS * spread
