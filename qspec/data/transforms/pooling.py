"""Transforms from the vectors of tokens to one of an example: mean-pool."""

from __future__ import annotations

import numpy as np

from qspec.data.table import Array
from qspec.data.transforms import Arguments, Transform, transform
from qspec.errors import QSpecError


@transform("mean-pool", "post")
def mean_pool(arguments: Arguments) -> Transform:
    """`mean-pool`: the mean of the vectors of an example's tokens, without padding (Reimers and Gurevych 2019, section 3)."""
    return _MeanPool()


class _MeanPool:
    def __call__(self, array: Array) -> Array:
        raise QSpecError(
            "mean-pool makes embeddings of texts, and only retrieval says which of their tokens are padding.",
            hint="pool the tokens in the graph",
        )

    def pooled(self, array: Array, mask: Array | None) -> Array:
        """(examples, tokens, d) as (examples, d); an example without tokens is a zero vector."""
        if array.ndim != 3:
            raise QSpecError(
                f"mean-pool takes a vector for each token of an example, and an example's output has the shape "
                f"{list(array.shape[1:])}.",
                hint="leave mean-pool out where the graph pools",
            )
        if mask is None:
            return np.asarray(array.mean(axis=1))
        if mask.shape != array.shape[:2]:
            raise QSpecError(
                f"The mask of tokens has the shape {list(mask.shape[1:])} an example, and the output has "
                f"{array.shape[1]} vectors.",
                hint="give mask and tokens one length",
            )
        counts = (mask != 0).astype(array.dtype)
        sums = np.einsum("ntd,nt->nd", array, counts)
        return np.asarray(sums / np.maximum(counts.sum(axis=1, keepdims=True), 1))
