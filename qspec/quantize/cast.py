"""Casting to half precision: weights and computation in fp16, inputs and outputs as they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper

from qspec.errors import NotExecutableError, QSpecError
from qspec.model.precision import Precision
from qspec.quantize import registry
from qspec.quantize.coverage import cover
from qspec.quantize.graph import WEIGHT_INPUT, open_model
from qspec.quantize.prepare import prepare
from qspec.quantize.quiet import quiet
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import only_floats
from qspec.quantize.support import check_quantizer, refuse_format_parts, refuse_unused
from qspec.quantize.workspace import publish, workspace

SCHEME = "cast"
MOST = float(np.finfo(np.float16).max)


@registry.register(SCHEME)
def quantize(request: Request) -> Realized:
    """Cast to fp16 with the runtime's converter; nodes under `exclude` stay in floats.

    Raises `NotExecutableError` for bf16 and fp8, whose cast graphs the runtime does not load, and `QSpecError` for
    weights that fp16 cannot hold.
    """
    precision = request.precision
    refuse_unused(precision, {"activations", "layers"}, SCHEME)
    quantizer = check_quantizer(precision, "onnxruntime")
    _check_formats(precision)
    with workspace(request.output) as folder:
        prepared = prepare(open_model(request.model).with_weights())
        coverage = cover(prepared, precision, WEIGHT_INPUT, SCHEME)
        floats = only_floats(precision, coverage.layers, SCHEME)
        _check_range(prepared)
        with quiet(), _unchanged_path():
            from onnxruntime.transformers.float16 import convert_float_to_float16

            half = convert_float_to_float16(
                prepared, keep_io_types=True, node_block_list=[*coverage.excluded, *floats] or None
            )
        coverage.verify(half, SCHEME)
        onnx.save_model(half, folder / "cast.onnx")
        publish(folder / "cast.onnx", request.output)
    arguments = {"keep_io_types": True, "rules_in_floats": floats} | coverage.record()
    return Realized(request.output, quantizer, arguments, coverage.declared)


def _check_formats(precision: Precision) -> None:
    for what, form in (("weights", precision.weights), ("activations", precision.activations)):
        if form is None:
            continue
        refuse_format_parts(form, (), what, SCHEME)
        if form.type != "fp16":
            raise NotExecutableError(
                f"The processor has no kernels for {form.type}: the runtime loads no graph whose {what} were cast to it.",
                hint="use fp16, or emulate the format for its accuracy: `simulated: true`",
            )


def _check_range(model: ModelProto) -> None:
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f" and values.size and float(np.abs(values).max()) > MOST:
            raise QSpecError(
                f"The tensor {tensor.name} holds values beyond {MOST:.0f}, the largest that fp16 can hold.",
                hint="exclude the layers that use it",
            )


@contextmanager
def _unchanged_path() -> Iterator[None]:
    """Undo what importing the runtime's transformers package does to the module search path."""
    before = sys.path[:]
    try:
        yield
    finally:
        sys.path[:] = before
