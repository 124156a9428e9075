"""SmoothQuant: the outliers of activations moved into the weights before both are quantized to integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto

from qspec.errors import QSpecError
from qspec.model.precision import Precision
from qspec.quantize import dynamic, registry, static
from qspec.quantize.arguments import Number, calibrates, recipe_number, takes
from qspec.quantize.coverage import Coverage
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.graph import Port
from qspec.quantize.observe import watch
from qspec.quantize.request import Realized, Request
from qspec.quantize.smooth import LEAST, divide, magnitudes, shared_inputs, weights_of

STATIC, DYNAMIC = "ptq-static/smoothquant", "ptq-dynamic/smoothquant"
DEFAULT_ALPHA = 0.5
ALPHA = Number("alpha", "from 0 to 1", lambda alpha: 0 <= alpha <= 1)


@registry.register(STATIC)
@takes(ALPHA)
@calibrates({**static.USES, "smoothquant": static.USES["minmax"]})
def quantize_static(request: Request) -> Realized:
    """Smooth with the calibration data, then quantize statically with the same."""
    alpha = smoothing_strength(request.precision)
    methods = (*static.METHODS, "smoothquant")

    def rewrite(
        model: ModelProto, inputs: tuple[Port, ...], coverage: Coverage
    ) -> tuple[list[str], dict[str, Any]]:
        return smooth(request, model, inputs, coverage, alpha, STATIC, methods)

    return static.run(request, STATIC, rewrite, recipe="smoothquant")


@registry.register(DYNAMIC)
@takes(ALPHA)
@calibrates({"smoothquant": ("length",), "minmax": ("length",)})
def quantize_dynamic(request: Request) -> Realized:
    """Smooth with the calibration data, then quantize weights beforehand and activations as they come."""
    alpha = smoothing_strength(request.precision)

    def rewrite(
        model: ModelProto, inputs: tuple[Port, ...], coverage: Coverage
    ) -> tuple[list[str], dict[str, Any]]:
        return smooth(request, model, inputs, coverage, alpha, DYNAMIC, ("smoothquant", "minmax"))

    return dynamic.run(request, DYNAMIC, rewrite)


def smooth(
    request: Request,
    model: ModelProto,
    inputs: tuple[Port, ...],
    coverage: Coverage,
    alpha: float,
    scheme: str,
    methods: tuple[str, ...],
) -> tuple[list[str], dict[str, Any]]:
    """Rewrite `model`; returns the nodes that were added, which stay in floats, and what the record needs.

    The scale of channel j is max|X_j|^alpha / max|W_j|^(1 - alpha) (Xiao et al., ICML 2023, equation 4), with W_j over
    all products that read X. Convolutions are left as they are.
    """
    shared = shared_inputs(model, coverage.names)
    if not shared:
        raise QSpecError(
            f"The scheme {scheme} moves scale between activations and products, and the precision covers no product.",
            hint="leave the recipe out for a model of convolutions alone",
        )
    watched = watch(request, model, inputs, scheme, methods)
    seen = magnitudes(watched, shared)
    added = []
    for one in shared:
        weights = np.max([np.abs(weight).max(axis=1) for weight in weights_of(model, one)], axis=0)
        made = divide(model, one, _scales(seen[one.value][0], weights, alpha))
        added += [made] if made is not None else []
    return added, {"alpha": alpha, "smoothed": [one.value for one in shared]}


def smoothing_strength(precision: Precision) -> float:
    """The alpha of `smoothquant(alpha)`, in [0, 1]; raises `QSpecError` for any other argument."""
    alpha = recipe_number(precision, ALPHA)
    return DEFAULT_ALPHA if alpha is None else alpha


def _scales(activations: Floats, weights: Floats, alpha: float) -> Floats:
    above = np.maximum(activations, LEAST) ** alpha
    scales = above / np.maximum(weights, LEAST) ** (1 - alpha)
    return np.where(activations > 0, np.maximum(scales, LEAST), 1).astype(np.float32)
