"""The bound on the whole leaves a stratum room for a much larger loss.

What it finds
-------------
A bound on the loss of a right-or-wrong metric over the whole test set, beside strata whose share of the examples is known and
which nothing bounds: for each, the most that it may have lost while the bound on the whole holds.

Why it matters
--------------
A mean spreads a loss over everybody. One point over all examples is ten points in a class that holds a tenth of them, if the
others lost nothing, and more if the others gained.

Example:
-------
    qspec 1
    dataset cells { source: "cells.npz", label: y, classes: [a, b, c, d] }
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: cells, size: 20000 }
        strata { class: by label }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    dataset cells { source: "cells.npz", label: y, classes: [a, b, c, d] }
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: cells, size: 20000 }
        strata { class: by label }
      }
      loss(top1) <= 1 pp
      loss(top1) <= 2 pp for each class
    }

References:
----------
Strata and many comparisons, in the statistics reference. L. Oakden-Rayner et al., Hidden stratification causes clinically
meaningful failures in machine learning for medical imaging, CHIL 2020.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.concealed import concealed
from qspec.checks.resolution import points
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity


@rule("QS413", "hidden-loss", severity=Severity.NOTE, visits=Visit.ASSERTION, axes=("strata",))
def hidden_loss(view: AssertionView) -> Iterator[Finding]:
    """Room behind a mean."""
    found = sorted(concealed(view), key=lambda part: -part.loss)
    if found:
        first, *others = found
        yield Finding(
            f"While `{view.assertion}` holds, {first.stratum} ({first.weight:.2g} of the examples) may lose"
            f" {points(first.loss)}.",
            view.origin,
            help="bound the strata too: `loss(…) <= … for each …`",
            notes=tuple(f"{part.stratum} may lose {points(part.loss)}." for part in others[:7]),
        )
