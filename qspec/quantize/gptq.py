"""GPTQ: weights rounded one input at a time, what each rounding breaks mended by the inputs still to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qspec.errors import QSpecError
from qspec.quantize import registry
from qspec.quantize.arguments import Number, calibrates, recipe_number, takes
from qspec.quantize.block_weights import Cut, Solve, quantize_blocks
from qspec.quantize.blocks import Blocks, Floats, cut, encode, parameters, stacked
from qspec.quantize.grams import Doubles, Grams
from qspec.quantize.graph import Layer
from qspec.quantize.observe import Watch, watch
from qspec.quantize.request import Realized, Request
from qspec.quantize.stored import Prepared
from qspec.quantize.support import keep_activations
from qspec.quantize.taps import Tap, taps_of

SCHEME = "weight-only/gptq"
DAMPING = 0.01
"""Share of the mean of the diagonal that is added to it, unless `gptq(damping: 0.05)` says another."""

SHARE = Number("damping", "above 0 and at most 1", lambda share: 0 < share <= 1)

STRIPE = 128
"""Columns after which the columns beyond are brought up to date."""


@registry.register(SCHEME, aliases=("simulated/gptq",))
@takes(SHARE)
@calibrates({"gptq": ("length",)})
def quantize(request: Request) -> Realized:
    """Quantize with GPTQ (Frantar et al., ICLR 2023, algorithm 1), columns in their own order.

    Reads calibration data, one pass for as many layers as memory allows. A convolution is the product that its windows
    make of it, each of its groups by itself. Every layer sees the inputs of the base
    model, not those of a model whose earlier layers are quantized already.
    """
    keep_activations(request.precision)
    damping = recipe_number(request.precision, SHARE) or DAMPING

    def part(matrix: Floats, gram: Doubles, how: Cut, name: str) -> Blocks:
        return correct(matrix, gram, how, name, damping)

    def ready(prepared: Prepared) -> tuple[Solve, Mapping[str, Any]]:
        watched = watch(request, prepared.model, prepared.inputs, SCHEME, ("gptq",))
        return solve_by_gram(prepared, watched, part), {"damping": damping, **watched.record()}

    return quantize_blocks(request, SCHEME, ready)


def solve_by_gram(
    prepared: Prepared, watched: Watch, part: Callable[[Floats, Doubles, Cut, str], Blocks]
) -> Solve:
    """Each layer in the parts that read one input, by `part`: of its weight, the input's Gram matrix, the cut, the name."""
    taps = taps_by_layer(prepared)
    grams = Grams(watched, (tap for each in taps.values() for tap in each))

    def solve(layer: Layer, matrix: Floats, how: Cut) -> Blocks:
        read = taps[layer.name]
        parts = zip(np.split(matrix, len(read)), read, strict=True)
        return stacked([part(one, grams[tap], how, layer.name) for one, tap in parts])

    return solve


def taps_by_layer(prepared: Prepared) -> dict[str, tuple[Tap, ...]]:
    """What each layer whose weight is to be stored anew reads."""
    nodes = {node.name: node for node in prepared.model.graph.node}
    dims = {tensor.name: tuple(tensor.dims) for tensor in prepared.model.graph.initializer}
    return {layer.name: taps_of(nodes[layer.name], dims[layer.weight]) for layer in prepared.layers}


def correct(matrix: Floats, gram: Doubles, how: Cut, name: str, damping: float = DAMPING) -> Blocks:
    """Blocks of `matrix`, (outputs, inputs), for inputs whose second moments are `gram`, (inputs, inputs)."""
    factor = _factor(gram, name, damping)
    work: Doubles = matrix.astype(np.float64)
    rows, columns = matrix.shape
    count = -(-columns // how.size)
    scales = np.zeros((rows, count), dtype=np.float32)
    zeros = np.zeros((rows, count), dtype=np.uint8)
    codes = np.zeros((rows, count, how.size), dtype=np.uint8)
    for group in range(count):
        first, last = group * how.size, min((group + 1) * how.size, columns)
        now = cut(work[:, first:last].astype(np.float32), how.size)
        scales[:, group : group + 1], zeros[:, group : group + 1] = parameters(now, how.bits, how.symmetric)
        codes[:, group] = zeros[:, group, np.newaxis]  # what fills up the last group stands for zero
        for start in range(first, last, STRIPE):
            end = min(start + STRIPE, last)
            errors = np.zeros((rows, end - start))
            for column in range(start, end):
                chosen = encode(
                    work[:, column, np.newaxis, np.newaxis].astype(np.float32),
                    scales[:, group : group + 1],
                    zeros[:, group : group + 1],
                    how.bits,
                )[:, 0, 0]
                codes[:, group, column - first] = chosen
                shifted = chosen.astype(np.float64) - zeros[:, group]
                error = (work[:, column] - shifted * scales[:, group]) / factor[column, column]
                errors[:, column - start] = error
                work[:, column + 1 : end] -= np.outer(error, factor[column, column + 1 : end])
            work[:, end:] -= np.matmul(errors, factor[start:end, end:])
    return Blocks(codes, scales, zeros, columns, how.bits, how.symmetric)


def _factor(gram: Doubles, name: str, damping: float) -> Doubles:
    """The upper Cholesky factor of the inverse of the damped second moments."""
    damped = gram.copy()
    diagonal = np.diag_indices_from(damped)
    mean = float(damped[diagonal].mean())
    damped[diagonal] += damping * mean if mean > 0 else 1.0
    try:
        inverse = np.linalg.inv(damped)
        factor: Doubles = np.asarray(np.linalg.cholesky((inverse + inverse.T) / 2).T, dtype=np.float64)
    except np.linalg.LinAlgError:
        raise QSpecError(
            f"The inputs of the layer {name} over the calibration data are too alike for GPTQ to tell them apart.",
            hint="use more calibration data, or exclude the layer",
        ) from None
    return factor
