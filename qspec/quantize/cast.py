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
from qspec.model.number_format import find_format
from qspec.model.precision import Precision
from qspec.quantize import registry
from qspec.quantize.bfloat import to_bfloat16
from qspec.quantize.coverage import HALVES, SINGLE, cover
from qspec.quantize.graph import WEIGHT_INPUT, every_graph, open_model
from qspec.quantize.prepare import prepare
from qspec.quantize.quiet import quiet
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import only_floats
from qspec.quantize.structure import subgraphs
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
        coverage = cover(
            prepared, precision, WEIGHT_INPUT, SCHEME, takes=HALVES if kind == "fp16" else SINGLE
        )
        floats = only_floats(precision, [*coverage.layers, *coverage.nested], SCHEME)
        if kind == "bf16":
            half = prepared
            to_bfloat16(half, [name for name in coverage.names if name not in floats])
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
    """The model in fp16, but for the nodes called `floats`, and for the whole If, Loop or Scan around one."""
    kept = set(floats)
    for node in prepared.graph.node:
        inside = {one.name for body in subgraphs(node) for graph in every_graph(body) for one in graph.node}
        if node.name in kept or inside & kept:
            kept |= {node.name, *inside}
    with quiet(), _unchanged_path():
        from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

        _check_range(prepared, kept, {*DEFAULT_OP_BLOCK_LIST})
        half: ModelProto = convert_float_to_float16(
            prepared, keep_io_types=True, node_block_list=sorted(kept) or None
        )
    return half


def _format_of(precision: Precision) -> str:
    """The one format of weights and activations, `fp16` or `bf16`; raises for any other."""
    found = set()
    for what, form in (("weights", precision.weights), ("activations", precision.activations)):
        if form is None:
            continue
        refuse_format_parts(form, (), what, SCHEME)
        known = find_format(form.type)
        if known is None or known.kind != "float" or known.name == "fp64":
            raise QSpecError(
                f"A cast brings a model to fp16 or bf16, and the precision casts {what} to {form.type}.",
                hint="choose another method for integers and codebooks: ptq-static, ptq-dynamic or weight-only",
            )
        if known.bits < 16:
            raise NotExecutableError(
                f"The processor has no kernels for {form.type}: the runtime loads no graph whose {what} were cast to it.",
                hint="use fp16, or emulate the format for its accuracy: `simulated: true`",
            )
        found.add(form.type)
    if len(found) > 1:
        raise QSpecError(
            f"A cast brings weights and activations to one format, and the precision gives them {' and '.join(sorted(found))}.",
            hint="give both the same, or leave `activations` out",
        )
    if found - {"fp16", "bf16"}:
        raise QSpecError(
            f"A cast brings a model to fp16 or bf16, and the precision casts it to {found.pop()}, which changes nothing.",
            hint="write `weights: fp16`",
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


def _check_range(model: ModelProto, kept: set[str], operators: set[str]) -> None:
    """Raise `QSpecError` for a tensor beyond fp16 that a node reads which is cast.

    Nodes called one of `kept`, and those of the types `operators`, stay in floats with what they alone read.
    """
    graphs = list(every_graph(model.graph))
    cast = {
        name
        for graph in graphs
        for node in graph.node
        if node.name not in kept and node.op_type not in operators
        for name in node.input
    }
    for tensor in (tensor for graph in graphs for tensor in graph.initializer if tensor.name in cast):
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
