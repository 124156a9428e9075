"""Losses of one source are reported in several kinds.

What it finds
-------------
Reported losses of a claim, or of claims in one document whose sources are one publisher's, of which some are in percentage
points or fractions, some in per cent of the baseline, and some in per cent of the error.

Why it matters
--------------
Relative losses look larger than points on low scores and the same on high ones. A table that changes its unit where the
news is bad cannot be read down a column.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 for site == "a" { baseline: 76.1 %, loss: 0.3 % of baseline }
        top1 for site == "b" { baseline: 28.7 %, loss: 1.8 pp }
      }
      loss(top1) <= 2 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported {
        top1 for site == "a" { baseline: 76.1 %, loss: 0.2 pp }
        top1 for site == "b" { baseline: 28.7 %, loss: 1.8 pp }
      }
      loss(top1) <= 2 pp
    }

References:
----------
Published claims, pattern 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from qspec.checks.arithmetic import central, difference, is_proportion, metric_of, pair_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Related, Severity
from qspec.lang.resolve import Origin, ResolvedClaim
from qspec.model.claim import Claim
from qspec.model.quantity import Quantity
from qspec.model.unit import Dimension

_KINDS = {
    Dimension.POINTS: "points",
    Dimension.NUMBER: "points",
    Dimension.OF_BASELINE: "per cent of the baseline",
    Dimension.OF_ERROR: "per cent of the error",
}
"""Kinds of loss by dimension; a bare number is points in the unit of the scores."""


@dataclass(frozen=True, slots=True)
class _Loss:
    kind: str
    printed: Quantity
    origin: Origin
    share: str
    """What the scores beside it make of it in words, or nothing."""


@rule("QS225", "units-switched", severity=Severity.NOTE, visits=Visit.CLAIM, axes=("metric",))
def units_switched(claim: ClaimView) -> Iterator[Finding]:
    """A column in two units."""
    own = list(_losses(claim))
    before = own[:1] or []
    for name, other in claim.resolved.workspace.main.document.claims.items():
        if name == claim.name:
            break
        if _publisher(other) is not None and _publisher(other) == _publisher(claim.claim):
            before = [*_losses(_beside(claim, name, other)), *before]
            break  # the first claim of a publisher sets the kind that the others are held against
    for loss in own:
        earlier = next((one for one in before if one.kind != loss.kind), None)
        if earlier is not None:
            yield Finding(
                f"Losses are reported in two kinds: `{earlier.printed}` ({earlier.kind}) and `{loss.printed}` ({loss.kind}).",
                loss.origin,
                help="give both scores for each, so that either kind can be computed",
                notes=(loss.share,) if loss.share else (),
                related=(Related(earlier.origin.span, "the other kind", earlier.origin.loaded.source),),
            )
            return


def _losses(claim: ClaimView) -> Iterator[_Loss]:
    """The printed losses of shares, in order."""
    for view in claim.figures:
        printed, metric = central(view.figure.loss), metric_of(view.measurand.metric)
        if printed is not None and printed.dimension in _KINDS and is_proportion(metric):
            pair = pair_of(view)
            share = f"Here that is {difference(pair)}." if pair is not None else ""
            yield _Loss(_KINDS[printed.dimension], printed, view.origin.at("loss"), share)


def _beside(claim: ClaimView, name: str, other: Claim) -> ClaimView:
    """Another claim of the document, for its figures alone."""
    main = claim.resolved.workspace.main
    return ClaimView(
        ResolvedClaim(name, other, Origin(main, ("claims", name)), claim.resolved.workspace, None)
    )


def _publisher(claim: Claim) -> str | None:
    """Who published a claim: the vendor, or the host and the owner in the address."""
    source = claim.source
    if source is None:
        return None
    if source.vendor:
        return str(source.vendor).casefold()
    if not source.url:
        return None
    try:
        parts = urlsplit(source.url)
    except ValueError:  # `https://[`, which is no address
        return None
    return "/".join([parts.netloc, *parts.path.strip("/").split("/")[:1]]).casefold()
