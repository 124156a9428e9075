"""Casting to half precision: weights and computation in fp16, inputs and outputs as they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper

from qspec._version import __version__
from qspec.errors import NotExecutableError, QSpecError
from qspec.model.precision import Precision
from qspec.quantize import registry
from qspec.quantize.bfloat import to_bfloat16
from qspec.quantize.coverage import cover
from qspec.quantize.graph import WEIGHT_INPUT, open_model
from qspec.quantize.prepare import prepare
from qspec.quantize.quiet import quiet
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import only_floats
from qspec.quantize.support import check_own, check_quantizer, refuse_format_parts, refuse_unused
from qspec.quantize.workspace import publish, workspace

SCHEME = "cast"
MOST = float(np.finfo(np.float16).max)


@registry.register(SCHEME)
def quantize(request: Request) -> Realized:
    """Cast to fp16 with the runtime's converter, or the layers to bf16; nodes under `exclude` stay in floats.

    Raises `NotExecutableError` for bf16 where the provider has no kernels for it, and for fp8, which no product of
    ONNX takes; `QSpecError` for weights that fp16 cannot hold.
    """
    precision = request.precision
    refuse_unused(precision, {"activations", "layers"}, SCHEME)
    kind = _format_of(precision)
    if kind == "fp16":
        quantizer = check_quantizer(precision, "onnxruntime")
    else:
        check_own(precision)
        quantizer = f"qspec {__version__}"
    with workspace(request.output) as folder:
        prepared = prepare(open_model(request.model).with_weights())
        coverage = cover(prepared, precision, WEIGHT_INPUT, SCHEME)
        floats = only_floats(precision, coverage.layers, SCHEME)
        if kind == "bf16":
            half = prepared
            to_bfloat16(half, [name for name in coverage.declared if name not in floats])
        else:
            half = _halved(prepared, [*coverage.excluded, *floats])
        coverage.verify(half, SCHEME)
        onnx.save_model(half, folder / "cast.onnx")
        if kind == "bf16":
            _check_opens(request, folder / "cast.onnx")
        publish(folder / "cast.onnx", request.output)
    arguments = {"type": kind, "keep_io_types": True, "rules_in_floats": floats} | coverage.record()
    return Realized(request.output, quantizer, arguments, coverage.declared)


def _halved(prepared: ModelProto, floats: list[str]) -> ModelProto:
    """The model in fp16, but for the nodes called `floats`."""
    _check_range(prepared)
    with quiet(), _unchanged_path():
        from onnxruntime.transformers.float16 import convert_float_to_float16

        half: ModelProto = convert_float_to_float16(
            prepared, keep_io_types=True, node_block_list=floats or None
        )
    return half


def _format_of(precision: Precision) -> str:
    """The one format of weights and activations, `fp16` or `bf16`; raises for any other."""
    found = set()
    for what, form in (("weights", precision.weights), ("activations", precision.activations)):
        if form is None:
            continue
        refuse_format_parts(form, (), what, SCHEME)
        if form.type not in ("fp16", "bf16"):
            raise NotExecutableError(
                f"The processor has no kernels for {form.type}: the runtime loads no graph whose {what} were cast to it.",
                hint="use fp16, or emulate the format for its accuracy: `simulated: true`",
            )
        found.add(form.type)
    if len(found) > 1:
        raise QSpecError(
            "A cast brings weights and activations to one format, and the precision gives them two."
        )
    return found.pop() if found else "fp16"


def _check_opens(request: Request, path: Path) -> None:
    try:
        request.opens(path)
    except Exception as error:  # the runtime's own exceptions share no narrower base
        raise NotExecutableError(
            "The provider has no kernels for bf16: the runtime does not load the graph whose layers were cast to it.",
            hint="use fp16, another provider, or emulate the format for its accuracy: `simulated: true`",
        ) from error


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
