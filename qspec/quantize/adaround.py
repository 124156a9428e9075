"""AdaRound: whether each weight is rounded up or down, learned from what the layer reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, numpy_helper

from qspec.errors import QSpecError
from qspec.model.number_format import find_format
from qspec.model.precision import Precision
from qspec.quantize import registry, static
from qspec.quantize.adaptive import learn
from qspec.quantize.arguments import Number, calibrates, recipe_number, takes
from qspec.quantize.block_weights import Cut, Solve, quantize_blocks
from qspec.quantize.blocks import Blocks, Floats, cut, parameters
from qspec.quantize.coverage import Coverage
from qspec.quantize.emulate.granules import as_rows
from qspec.quantize.gptq import solve_by_gram
from qspec.quantize.grams import Doubles, Grams
from qspec.quantize.graph import Layer, Port
from qspec.quantize.integer import said, weight_arguments
from qspec.quantize.observe import watch
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import as_float, layer_formats
from qspec.quantize.stored import Prepared
from qspec.quantize.support import keep_activations
from qspec.quantize.taps import taps_of

STATIC, WEIGHTS = "ptq-static/adaround", "weight-only/adaround"
ITERATIONS = 1000
MOST_ITERATIONS = 100_000
COUNT = Number(
    "iterations",
    f"from 1 to {MOST_ITERATIONS:,} without a fraction",
    lambda count: 1 <= count <= MOST_ITERATIONS and count == int(count),
)


@registry.register(WEIGHTS, aliases=("simulated/adaround",))
@takes(COUNT)
@calibrates({"adaround": ("length",)})
def quantize_weights(request: Request) -> Realized:
    """Learn the rounding of weights in blocks (Nagel et al., ICML 2020, equations 21 to 24), layer by layer.

    Scales and zero points are those of rounding to nearest. `adaround(iterations: 1000)` says how long Adam learns. Every
    layer sees the inputs of the base model. A row that would come out worse than rounded to nearest keeps that.
    """
    keep_activations(request.precision)
    iterations = iterations_of(request.precision)

    def ready(prepared: Prepared) -> tuple[Solve, Mapping[str, Any]]:
        watched = watch(request, prepared.model, prepared.inputs, WEIGHTS, ("adaround",))

        def part(matrix: Floats, gram: Doubles, how: Cut, layer: str) -> Blocks:
            return _blocks(matrix, gram, how, iterations)

        return solve_by_gram(prepared, watched, part), {"iterations": iterations, **watched.record()}

    return quantize_blocks(request, WEIGHTS, ready, used=("recipe",))


@registry.register(STATIC)
@takes(COUNT)
@calibrates({**static.USES, "adaround": static.USES["minmax"]})
def quantize_static(request: Request) -> Realized:
    """Learn the rounding of weights, put each on its code, and quantize statically with the same calibration data.

    The static quantizer finds the weights on its own steps, and leaves them there.
    """
    iterations = iterations_of(request.precision)
    arguments = weight_arguments(said(request.precision.weights, "weights", STATIC), _TYPES, STATIC)
    if not arguments["weight_symmetric"]:
        raise QSpecError(
            f"The scheme {STATIC} rounds symmetric weights.",
            hint="leave `symmetric` out, and use int8 or int4 weights",
        )

    def rewrite(
        model: ModelProto, inputs: tuple[Port, ...], coverage: Coverage
    ) -> tuple[list[str], dict[str, Any]]:
        watched = watch(request, model, inputs, STATIC, (*static.METHODS, "adaround"))
        learned = _Weights(
            model,
            coverage,
            request.precision,
            per_channel=bool(arguments["per_channel"]),
            reduced=bool(arguments["reduce_range"]),
        )
        grams = Grams(watched, (tap for layer in learned.layers for tap in learned.taps(layer)))
        for layer in learned.layers:
            learned.put(layer, grams, iterations)
        return [], {"iterations": iterations, "rounded": [layer.name for layer in learned.layers]}

    return static.run(request, STATIC, rewrite, recipe="adaround")


_TYPES = {"int8": "QInt8", "int4": "QInt4"}
"""The runtime's names of the types of weights that are learned; codes mirror."""


def iterations_of(precision: Precision) -> int:
    """The iterations of `adaround(iterations)`; raises `QSpecError` for any other argument."""
    return int(recipe_number(precision, COUNT) or ITERATIONS)


def _blocks(matrix: Floats, gram: Doubles, how: Cut, iterations: int) -> Blocks:
    """Blocks of `matrix`, (outputs, inputs), under the scales and zero points of rounding to nearest."""
    blocks = cut(matrix, how.size)
    scales, zeros = parameters(blocks, how.bits, how.symmetric)

    def whole(parts: NDArray[Any]) -> Doubles:
        return np.repeat(parts.astype(np.float64), how.size, axis=1)[:, : matrix.shape[1]]

    steps = whole(np.where(scales == 0, np.float32(1), scales))
    scaled = matrix / steps + whole(zeros)
    codes = learn(scaled, steps, gram, (0, (1 << how.bits) - 1), iterations)
    filled = np.repeat(zeros, how.size, axis=1)  # what fills up the last block stands for zero
    filled[:, : matrix.shape[1]] = codes.astype(np.uint8)
    return Blocks(filled.reshape(blocks.shape), scales, zeros, matrix.shape[1], how.bits, how.symmetric)


@dataclass
class _Weights:
    """The weights that static quantization will round, as they stand in the prepared model."""

    model: ModelProto
    coverage: Coverage
    precision: Precision
    per_channel: bool
    reduced: bool

    def __post_init__(self) -> None:
        self._nodes = {node.name: node for node in self.model.graph.node}
        self._tensors = {tensor.name: tensor for tensor in self.model.graph.initializer}
        self.layers = list(self._chosen())

    def _chosen(self) -> Iterator[Layer]:
        """Covered layers that are quantized; of several that share a weight the first decides."""
        seen: set[str] = set()
        for layer in self.coverage.layers:
            form, _ = layer_formats(self.precision, layer)
            if form is None or as_float(form) or layer.weight in seen:
                continue
            if form.type not in _TYPES:
                raise QSpecError(
                    f"The scheme {STATIC} learns weights of {' or '.join(_TYPES)}, and {layer.name} has {form.type}."
                )
            seen.add(layer.weight)
            yield layer

    def taps(self, layer: Layer) -> tuple[Any, ...]:
        """What the layer reads."""
        return taps_of(self._nodes[layer.name], tuple(self._tensors[layer.weight].dims))

    def put(self, layer: Layer, grams: Grams, iterations: int) -> None:
        """Put the layer's weight on the codes that are learned for it."""
        tensor = self._tensors[layer.weight]
        values = numpy_helper.to_array(tensor)
        matrix, restore = as_rows(self._nodes[layer.name], np.asarray(values, dtype=np.float32))
        form, _ = layer_formats(self.precision, layer)
        assert form is not None
        known = find_format(form.type)
        assert known is not None
        # The runtime's reduced range of bytes is -64 to 64.
        most = 64 if self.reduced else (1 << (known.bits - 1)) - 1
        axis = 1 if self.per_channel else None
        extremes = np.broadcast_to(np.abs(matrix).max(axis=axis, keepdims=True), (len(matrix), 1))
        steps = np.broadcast_to(np.where(extremes > 0, extremes, 1) / most, matrix.shape).astype(np.float64)
        read = self.taps(layer)
        parts = zip(np.split(matrix / steps, len(read)), np.split(steps, len(read)), read, strict=True)
        codes = [learn(scaled, step, grams[tap], (-most, most), iterations) for scaled, step, tap in parts]
        rounded = (np.concatenate(codes) * steps).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(restore(rounded).astype(values.dtype), layer.weight))
