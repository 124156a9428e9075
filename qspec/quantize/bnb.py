"""Weights as NF4 or FP4 codebook entries in blocks, as bitsandbytes stores them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from qspec.errors import QSpecError
from qspec.model.number_format import find_format
from qspec.model.precision import TensorFormat
from qspec.model.shorthand import per_group
from qspec.quantize import registry
from qspec.quantize.blocks import Floats, pack
from qspec.quantize.emulate.grids import TABLES
from qspec.quantize.graph import Layer
from qspec.quantize.request import Realized, Request
from qspec.quantize.sharing import Constants
from qspec.quantize.stored import PRODUCTS, Prepared, Store, store_weights
from qspec.quantize.support import granularity, group_size, keep_activations, refuse_format_parts

NF4, FP4 = "weight-only/nf4", "weight-only/fp4"
SIZES = (16, 32, 64, 128, 256, 512, 1024)
QUANT_TYPES = {"fp4": 0, "nf4": 1}
CODES = {"nf4": tuple(range(16)), "fp4": (11, 10, 13, 12, 15, 14, 9, 0, 1, 6, 7, 4, 5, 2, 3)}
"""The code of each entry of the format's table, in ascending order of values."""


@registry.register(NF4)
def quantize_nf4(request: Request) -> Realized:
    """Store weights as 4-bit NormalFloat (Dettmers et al., NeurIPS 2023) in the runtime's MatMulBnb4."""
    return _quantize(request, NF4)


@registry.register(FP4)
def quantize_fp4(request: Request) -> Realized:
    """Store weights as the 4-bit float of bitsandbytes in the runtime's MatMulBnb4."""
    return _quantize(request, FP4)


def _quantize(request: Request, scheme: str) -> Realized:
    keep_activations(request.precision)

    def begin(prepared: Prepared) -> tuple[Store, dict[str, Any]]:
        sizes = {name: _block_size(form, scheme) for name, form in prepared.forms.items()}
        constants = Constants(prepared.model.graph)

        def store(
            node: NodeProto, layer: Layer, values: Floats, form: TensorFormat
        ) -> list[NodeProto] | None:
            known = find_format(form.type)
            if values.ndim != 2 or known is None:
                return None
            codes, extremes = encode(np.ascontiguousarray(values.T), known.name, sizes[node.name])
            stored = {f"{layer.weight}_{known.name}": codes, f"{layer.weight}_absmax": extremes}
            names = [constants.put(name, array) for name, array in stored.items()]
            return [
                helper.make_node(
                    "MatMulBnb4",
                    [node.input[0], *names],
                    list(node.output),
                    name=node.name,
                    domain="com.microsoft",
                    K=values.shape[0],
                    N=values.shape[1],
                    block_size=sizes[node.name],
                    quant_type=QUANT_TYPES[known.name],
                )
            ]

        return store, {"block_size": sizes}

    return store_weights(request, scheme, begin, PRODUCTS, ())


def encode(matrix: Floats, kind: str, size: int) -> tuple[NDArray[np.uint8], Floats]:
    """Packed codes and the largest magnitude of each block of `matrix`, (outputs, inputs), read row by row.

    Blocks run on over the ends of rows; the first of two codes is in the upper half of a byte.
    """
    flat = matrix.reshape(-1)
    count = -(-flat.size // size)
    filled = np.zeros(count * size, dtype=np.float32)
    filled[: flat.size] = flat
    blocks = filled.reshape(count, size)
    extremes = np.abs(blocks).max(axis=1).astype(np.float32)
    normed = blocks / np.where(extremes > 0, extremes, np.float32(1))[:, np.newaxis]
    places = np.searchsorted(TABLES[kind].middles, normed)
    codes = np.asarray(CODES[kind], dtype=np.uint8)[places].reshape(-1)[: flat.size + flat.size % 2]
    if len(codes) % 2:
        codes = np.append(codes, np.uint8(0))
    return pack(np.ascontiguousarray(codes.reshape(-1, 2)[:, ::-1]), 4).reshape(-1), extremes


def _block_size(form: TensorFormat, scheme: str) -> int:
    refuse_format_parts(form, {"granularity", "scale"}, "weights", scheme)
    known = find_format(form.type)
    if known is None or known.name not in QUANT_TYPES:
        raise QSpecError(
            f"The scheme {scheme} stores weights as nf4 or fp4, and the precision says {form.type}.",
            hint="give the other layers these formats too, or leave them in fp32",
        )
    if form.scale is not None and form.scale.type != "fp32":
        raise QSpecError(
            f"The runtime keeps the scales of {known.name} blocks in fp32, and the precision says {form.scale.type}.",
            hint="leave `scale` out, or simulate double quantization: `simulated: true`",
        )
    form = form if form.granularity is not None else form.model_copy(update={"granularity": per_group(64)})
    size = group_size(granularity(form, {"per-group"}, "per-group", "weights", scheme), "weights")
    if size not in SIZES:
        raise QSpecError(
            f"The runtime stores {known.name} weights in groups of {', '.join(map(str, SIZES))}, not of {size}.",
            hint="choose one of these sizes",
        )
    return size
