"""Whether the likelihood of text is all that a claim scores."""

from __future__ import annotations

from qspec.checks.arithmetic import metric_of
from qspec.checks.view import ClaimView

_LIKELIHOODS = frozenset({"perplexity", "nll", "bits-per-byte"})


def only_likelihoods(claim: ClaimView) -> bool:
    """Whether every evaluation is of language modelling, scored by likelihoods, and nothing else is asserted."""
    views = claim.evaluations
    if claim.executor is None or not all(
        view.task == "language-modelling" and view.metrics for view in views
    ):
        return False
    scored = {metric_of(term) for view in views for term in view.metrics}
    said = {metric_of(one.metric) for one in claim.measurands() if one.metric is not None}
    return all(metric is not None and metric.name in _LIKELIHOODS for metric in scored | said)
