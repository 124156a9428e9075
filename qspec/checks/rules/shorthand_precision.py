"""A precision is given in shorthand.

What it finds
-------------
Under the profiles `paper`, `decision-grade` and `safety-critical`, the author's own precision as one word, such as `W8A8` or
`W4A16 g128`, where nothing was measured yet.

Why it matters
--------------
The language reads a shorthand in one way, and readers in several: whether scales are per tensor or per channel, symmetric or
not, is what the difference between two models of one shorthand is made of.

Example:
-------
    qspec 1
    executor small {
      task: text-classification, metrics: [top1], baseline: fp32
      precision: W4A16 g128
    }
    claim small-loss on small {
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    executor small {
      task: text-classification, metrics: [top1], baseline: fp32
      precision {
        method:  weight-only
        weights: int4 { granularity: per-group(128) }
        activations: fp16
      }
    }
    claim small-loss on small {
      loss(top1) <= 1 pp
    }

References:
----------
Shorthands in the language reference; `qspec fmt --expand`.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.errors import QSpecError
from qspec.lang.diagnostic import Fix, Severity
from qspec.lang.resolve import Origin
from qspec.model.precision import Precision


@rule(
    "QS226", "shorthand-precision", severity=Severity.NOTE, visits=Visit.CLAIM, axes=("model",), fix="safe",
    profiles=("paper", "decision-grade", "safety-critical"),
)  # fmt: skip
def shorthand_precision(claim: ClaimView) -> Iterator[Finding]:
    """One word for a scheme."""
    executor = claim.executor
    precision = executor.executor.precision if executor is not None else None
    if executor is None or not isinstance(precision, Precision) or precision.shorthand is None:
        return
    if claim.claim.source is not None or claim.claim.measured:
        return  # somebody else's word stands as it was printed, and a measured executor as it was measured
    where = executor.where("precision")
    yield Finding(
        f"`{precision.shorthand}` is a shorthand, and leaves readers to guess granularity and symmetry.",
        where,
        help="spell it out: `qspec fmt --expand` writes what the language reads in it",
        fixes=tuple(_spelt_out(where)),
    )


def _spelt_out(where: Origin) -> Iterator[Fix]:
    """The edit that spells it out, where the file is in the language itself and nothing would be lost."""
    from qspec.lang.expand import expansion  # Costs start-up time that most checks need not pay.

    *path, key = where.path
    if key != "precision" or where.loaded.source.path.endswith((".json", ".yaml", ".yml")):
        return
    declared: object = where.loaded.document
    for step in path:
        declared = declared.get(step) if isinstance(declared, dict) else getattr(declared, str(step))
    try:
        edit = expansion(where.loaded, tuple(path), declared)  # type: ignore[arg-type]
    except QSpecError:
        return
    if edit is not None:
        yield Fix("Spell the precision out", (edit,), safe=True)
