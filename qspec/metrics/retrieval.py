"""Metrics of ranked lists: recall, precision and hits among the first k, reciprocal rank, discounted gain.

A query without a relevant item tells nothing about a ranking and lies outside the denominator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Family, Metric, additive
from qspec.metrics.groups import RANKING
from qspec.metrics.parameters import Kind, Parameter, Parameters, cutoff

if TYPE_CHECKING:
    from qspec.metrics.fields import Array, FloatArray
    from qspec.metrics.predictions import Predictions

K = cutoff("how many retrieved items count: recall@10")


def _first(predictions: Predictions, k: int) -> Array:
    """(n, k) gains of the first k items; raises `QSpecError` when fewer were kept."""
    gains = predictions.array("gains")
    if gains.shape[1] < k:
        raise QSpecError(
            f"The first {k} items count, and only {gains.shape[1]} were retrieved for each query.",
            hint=f"retrieve at least {k}",
        )
    return gains[:, :k]


def _where_relevant(predictions: Predictions, values: Array) -> FloatArray:
    """(n, 1): the values, NaN for queries without a relevant item (as far as that is known)."""
    import numpy as np

    if not predictions.has("relevant"):
        return np.asarray(values, dtype=np.float64)[:, None]
    return np.where(predictions.column("relevant") > 0, values, np.nan)[:, None]


@additive(
    Metric(
        "recall@k",
        "Recall at k",
        Family.MEAN,
        needs=("gains", "relevant"),
        parameters=(K,),
        tasks=RANKING,
    )
)
def recall_at_k(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of a query's relevant items that are among the first k retrieved, averaged over queries."""
    import numpy as np

    found = (_first(predictions, parameters.count("k")) > 0).sum(axis=1)
    return _where_relevant(predictions, found / np.maximum(predictions.column("relevant"), 1))


@additive(
    Metric("precision@k", "Precision at k", Family.MEAN, needs=("gains",), parameters=(K,), tasks=RANKING)
)
def precision_at_k(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of the first k retrieved items that are relevant, averaged over queries."""
    return _where_relevant(predictions, (_first(predictions, parameters.count("k")) > 0).mean(axis=1))


@additive(
    Metric(
        "hit-rate@k",
        "Hit rate at k",
        Family.BINARY,
        needs=("gains",),
        parameters=(K,),
        tasks=RANKING,
        aliases=("hr@k", "success@k"),
    )
)
def hit_rate_at_k(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of queries with at least one relevant item among the first k."""
    return _where_relevant(predictions, (_first(predictions, parameters.count("k")) > 0).max(axis=1))


def _reciprocal_rank(predictions: Predictions, gains: Array) -> FloatArray:
    import numpy as np

    relevant = gains > 0
    rank = np.argmax(relevant, axis=1) + 1
    return _where_relevant(predictions, np.where(relevant.any(axis=1), 1 / rank, 0.0))


@additive(
    Metric(
        "mrr",
        "Mean reciprocal rank",
        Family.MEAN,
        needs=("gains",),
        tasks=RANKING,
        aliases=("mean-reciprocal-rank",),
    )
)
def mrr(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """One over the rank of the first relevant item, 0 where none was retrieved, averaged over queries."""
    return _reciprocal_rank(predictions, predictions.array("gains"))


@additive(
    Metric(
        "mrr@k", "Mean reciprocal rank at k", Family.MEAN, needs=("gains",), parameters=(K,), tasks=RANKING
    )
)
def mrr_at_k(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Mean reciprocal rank where an item after the first k counts as not retrieved."""
    return _reciprocal_rank(predictions, _first(predictions, parameters.count("k")))


@additive(
    Metric(
        "ndcg@k",
        "Normalized discounted cumulative gain at k",
        Family.MEAN,
        needs=("gains", "ideal"),
        parameters=(
            K,
            Parameter(
                "gain",
                Kind.WORD,
                "linear takes the relevance as it is, exponential 2^relevance - 1",
                default="linear",
                choices=("linear", "exponential"),
            ),
        ),
        tasks=RANKING,
    )
)
def ndcg_at_k(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Relevance of the first k items, discounted by the logarithm of the rank, over the best possible
    (Jarvelin and Kekalainen, TOIS 2002).
    """
    import numpy as np

    k = parameters.count("k")
    gains, ideal = (
        _first(predictions, k).astype(np.float64),
        predictions.array("ideal")[:, :k].astype(np.float64),
    )
    if "ideal" not in predictions.names and not np.isin(gains, (0, 1)).all():
        raise QSpecError(
            "Graded relevances need the array ideal: the relevances of the best possible ranking."
        )
    if parameters.word("gain") == "exponential":
        gains, ideal = np.exp2(gains) - 1, np.exp2(ideal) - 1
    discount = 1 / np.log2(np.arange(k) + 2)
    best = ideal @ discount[: ideal.shape[1]]
    return np.where(best > 0, gains @ discount / np.where(best > 0, best, 1), np.nan)[:, None]


@additive(
    Metric(
        "user-auc",
        "Area under the ROC curve, averaged over users",
        Family.MEAN,
        needs=("outranked",),
        tasks=frozenset({"recommendation"}),
        aliases=("gauc",),
    )
)
def user_auc(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Probability that the relevant item of a user scores above another of the catalogue, ties counting half, averaged over
    users (Rendle et al., UAI 2009).

    Unlike `auc` it compares no score of one user with one of another, and it looks at the whole catalogue, not its first k.
    """
    return predictions.column("outranked")[:, None]
