"""AWQ: channels that matter scaled up before their weights are rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qspec.errors import QSpecError
from qspec.quantize import registry
from qspec.quantize.arguments import Number, calibrates, recipe_number, takes
from qspec.quantize.block_weights import Cut, Ready, Solve, cut_of, fitted, quantize_blocks
from qspec.quantize.blocks import Floats, round_to_nearest
from qspec.quantize.grams import Doubles, Grams
from qspec.quantize.observe import watch
from qspec.quantize.request import Realized, Request
from qspec.quantize.smooth import LEAST, divide, magnitudes, shared_inputs, weights_of
from qspec.quantize.stored import Prepared
from qspec.quantize.support import keep_activations
from qspec.quantize.taps import Tap
from qspec.quantize.weight_only import nearest

SCHEME = "weight-only/awq"
STEPS = 20
"""Strengths tried, from 0 in steps of one twentieth."""

ALPHA = Number("alpha", "from 0 to 1", lambda alpha: 0 <= alpha <= 1)


@registry.register(SCHEME, aliases=("simulated/awq",))
@takes(ALPHA)
@calibrates({"awq": ("length",)})
def quantize(request: Request) -> Realized:
    """Scale as in AWQ (Lin et al., MLSys 2024, section 3.2), then round to nearest in blocks.

    The scale of a channel is the mean magnitude of its activations to a power, which a search chooses for every
    activation by the squared error of the products over the calibration data; `awq(alpha: 0.5)` fixes it for all.
    Weights are not clipped. The products'
    inputs are divided in the layer normalization before them, or by a Mul of their own.
    """
    keep_activations(request.precision)
    return quantize_blocks(request, SCHEME, _ready(request), convolutions=False)


def _ready(request: Request) -> Ready:
    fixed = recipe_number(request.precision, ALPHA)
    tried = [step / STEPS for step in range(STEPS)] if fixed is None else [fixed]

    def ready(prepared: Prepared) -> tuple[Solve, Mapping[str, Any]]:
        model = prepared.model
        shared = shared_inputs(model, [layer.name for layer in prepared.layers])
        if not shared:
            raise QSpecError(
                f"The scheme {SCHEME} scales the inputs of products, and the model has none to scale."
            )
        watched = watch(request, model, prepared.inputs, SCHEME, ("awq",))
        seen = magnitudes(watched, shared)
        taps = {one.value: Tap(one.value, len(seen[one.value][1])) for one in shared}
        grams = Grams(watched, taps.values())
        strengths = {}
        for one in shared:
            weights = weights_of(model, one)
            cuts = [
                cut_of(prepared.forms[name], SCHEME, simulated=request.precision.emulated)
                for name in one.layers
            ]
            strength, scales = _search(weights, cuts, seen[one.value][1], grams[taps[one.value]], tried)
            strengths[one.value] = strength
            if strength > 0:
                divide(model, one, scales)
        return nearest, {"strengths": strengths, **watched.record()}

    return ready


def _search(
    weights: list[Floats], cuts: list[Cut], activations: Floats, gram: Doubles, strengths: Sequence[float]
) -> tuple[float, Floats]:
    """Which of the strengths, and its scales, has the least squared error of the products."""
    tried = []
    for strength in strengths:
        scales = _scales(activations, strength)
        error = sum(_error(weight, how, scales, gram) for weight, how in zip(weights, cuts, strict=True))
        tried.append((error, strength, scales))
    _, best, scales = min(tried, key=lambda one: one[0])
    return best, scales


def _scales(activations: Floats, strength: float) -> Floats:
    scales = np.maximum(activations, LEAST) ** strength
    normed: Floats = (scales / np.sqrt(scales.max() * scales.min())).astype(np.float32)
    return normed


def _error(weight: Floats, how: Cut, scales: Floats, gram: Doubles) -> float:
    matrix = np.ascontiguousarray((weight * scales[:, np.newaxis]).T)
    rounded = round_to_nearest(
        matrix, how.bits, fitted(how, matrix).size, symmetric=how.symmetric
    ).dequantized()
    off = (rounded / scales - weight.T).astype(np.float64)
    return float(np.sum(np.matmul(off, gram) * off))
