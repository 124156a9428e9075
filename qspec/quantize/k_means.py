"""A codebook of each tensor's own: weights replaced by the centroids of their clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.quantize import registry
from qspec.quantize.arguments import Number, recipe_number, takes
from qspec.quantize.emulate.formats import Emulation
from qspec.quantize.emulate.granules import cut_up
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.emulated import Rounding, emulate
from qspec.quantize.request import Realized, Request

SCHEME = "simulated/k-means"
ROUNDS = 50
"""Most rounds of Lloyd's algorithm."""

CLUSTERS = Number(
    "clusters", "from 2 to 256 without a fraction", lambda count: 2 <= count <= 256 and count == int(count)
)


@registry.register(SCHEME, aliases=("simulated/kmeans", "weight-only/k-means"))
@takes(CLUSTERS)
def quantize(request: Request) -> Realized:
    """Share 2^bits values, or as many as `k-means(clusters: 12)` says, among the weights of a granule.

    Centroids start evenly spread over the range (Han et al., Deep Compression, ICLR 2016, section 3.2) and follow
    Lloyd's algorithm. Only weights are rounded.
    """
    if not request.precision.emulated:
        raise QSpecError(
            "The runtime has no kernel for codebooks of a tensor's own, so they can only be simulated.",
            hint="add `simulated: true`",
        )
    count = recipe_number(request.precision, CLUSTERS)
    return emulate(request, SCHEME, _Codebook(int(count) if count else None), used=("recipe",))


class _Codebook(Rounding):
    def __init__(self, clusters: int | None) -> None:
        self._clusters = clusters

    def weights(self, matrix: Floats, how: Emulation) -> Floats:
        if how.format.kind != "integer":
            raise QSpecError(
                f"A codebook has entries of 1 to 8 bits, and the precision says {how.format.name}.",
                hint="write `int4` for 16 entries",
            )
        entries = 1 << how.format.bits
        if self._clusters is not None and self._clusters > entries:
            raise QSpecError(
                f"The recipe shares {self._clusters} values, and {how.format.name} has codes for {entries}.",
                hint="lower `clusters`, leave it out, or choose a wider format",
            )
        granules, restore = cut_up(matrix, how.granularity)
        return restore(np.stack([shared_values(one, self._clusters or entries) for one in granules]))


def shared_values(values: Floats, count: int) -> Floats:
    """`values` (one dimension), each replaced by the centroid of its cluster, at most `count` of them."""
    centroids, codes = cluster(values, count)
    found: Floats = centroids[codes]
    return found


def cluster(values: Floats, count: int) -> tuple[Floats, NDArray[np.int64]]:
    """Centroids in ascending order, and the place of each value's own among them.

    A cluster that loses all its values keeps its centroid. Values are sorted once, so that a round is a search for
    `count` thresholds.
    """
    ordered = np.sort(values.astype(np.float64))
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    centroids = np.linspace(ordered[0], ordered[-1], count)
    for _ in range(ROUNDS):
        ends = np.concatenate(
            [[0], np.searchsorted(ordered, (centroids[1:] + centroids[:-1]) / 2), [len(ordered)]]
        )
        sizes = np.diff(ends)
        moved = np.where(sizes > 0, np.diff(sums[ends]) / np.maximum(sizes, 1), centroids)
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    found = centroids.astype(np.float32)
    return found, np.searchsorted((found[1:] + found[:-1]) / 2, values)
