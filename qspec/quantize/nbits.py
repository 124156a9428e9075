"""Block-quantized weights in the graph: MatMulNBits for products, DequantizeLinear before convolutions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from qspec.quantize.blocks import Blocks, pack
from qspec.quantize.sharing import Constants

SIZES = (256, 128, 64, 32, 16)
"""Block sizes that MatMulNBits computes with, largest first."""

Stored = NDArray[np.generic]

_UINT4_IR = 10
_UINT4_OPSET = 21
_AXIS_OPSET = 13
"""The opset from which DequantizeLinear takes a scale for each row."""
_CONTRIB = "com.microsoft"


def storable(size: int) -> int | None:
    """The largest block size of the operator that cuts groups of `size` evenly, or None."""
    return next((block for block in SIZES if size % block == 0), None)


def row_size(columns: int, bits: int) -> int:
    """The size of one group that holds a whole row of `columns`, so that the row takes the fewest bytes."""

    def taken(block: int) -> int:
        count = -(-columns // block)
        return count * (block * bits // 8 + 4)

    block = min(SIZES, key=taken)
    return -(-columns // block) * block


def matmul_nbits(
    node: NodeProto, constants: Constants, blocks: Blocks, *, integer_products: bool
) -> list[NodeProto]:
    """MatMulNBits in place of the MatMul `node`, whose weight transposed, (N, K), is `blocks`.

    Blocks larger than the operator's are stored as several of the same scale. `integer_products` lets it quantize
    its input to 8 bits and multiply in integers (accuracy level 4).
    """
    size = storable(blocks.size)
    assert size is not None
    repeat = blocks.size // size
    rows = len(blocks.codes)
    codes = blocks.codes.reshape(rows, -1, size)
    needed = -(-blocks.columns // size)  # the last group may be longer than what is left of the row
    weight = node.input[1]
    tensors: dict[str, Stored] = {
        f"{weight}_Q{blocks.bits}": pack(codes[:, :needed], blocks.bits),
        f"{weight}_scales": np.repeat(blocks.scales, repeat, axis=1)[:, :needed],
    }
    if not blocks.symmetric:
        zeros = np.repeat(blocks.zeros, repeat, axis=1)[:, :needed]
        tensors[f"{weight}_zero_points"] = (
            pack(zeros.astype(np.uint8), blocks.bits) if zeros.dtype == np.uint8 else zeros
        )
    stored = [constants.put(name, values) for name, values in tensors.items()]
    attributes = {"K": blocks.columns, "N": rows, "bits": blocks.bits, "block_size": size}
    if integer_products:
        attributes["accuracy_level"] = 4
    inputs = [node.input[0], *stored]
    return [
        helper.make_node(
            "MatMulNBits", inputs, list(node.output), name=node.name, domain=_CONTRIB, **attributes
        )
    ]


def dequantized_weight(
    node: NodeProto, model: ModelProto, constants: Constants, blocks: Blocks, shape: tuple[int, ...]
) -> list[NodeProto]:
    """DequantizeLinear, and what restores the shape, before `node`, whose weight of `shape` is `blocks` row by row."""
    weight = node.input[1]
    groups, size = blocks.codes.shape[1:]
    codes = constants.put(f"{weight}_Q{blocks.bits}", _codes(blocks.codes.reshape(-1, size), blocks.bits))
    zeros = constants.put(
        f"{weight}_zero_points", _codes(blocks.zeros.reshape(-1).astype(np.uint8), blocks.bits)
    )
    scales = constants.put(f"{weight}_scales", blocks.scales.reshape(-1))
    known = _AXIS_OPSET if blocks.bits == 8 else _UINT4_OPSET
    domain = "" if _opset(model) >= known else _CONTRIB
    value = constants.value(f"{weight}_blocks")
    nodes = [
        helper.make_node(
            "DequantizeLinear",
            [codes, scales, zeros],
            [value],
            name=f"{node.name}/DequantizeLinear",
            domain=domain,
            axis=0,
        )
    ]
    if blocks.bits < 8:
        model.ir_version = max(model.ir_version, _UINT4_IR)
    if groups * size != blocks.columns:
        ends = {"rows": [shape[0], groups * size], "starts": [0], "ends": [blocks.columns], "axes": [1]}
        names = {
            key: constants.put(f"{weight}_{key}", np.asarray(entry, dtype=np.int64))
            for key, entry in ends.items()
        }
        rows, cut = constants.value(f"{weight}_rows_of"), constants.value(f"{weight}_cut")
        nodes += [
            helper.make_node("Reshape", [value, names["rows"]], [rows], name=f"{node.name}/Rows"),
            helper.make_node(
                "Slice",
                [rows, *(names[key] for key in ("starts", "ends", "axes"))],
                [cut],
                name=f"{node.name}/Slice",
            ),
        ]
        value = cut
    whole = constants.put(f"{weight}_shape", np.asarray(shape, dtype=np.int64))
    restored = constants.value(f"{weight}_restored")
    nodes.append(helper.make_node("Reshape", [value, whole], [restored], name=f"{node.name}/Reshape"))
    rewired = NodeProto.FromString(node.SerializeToString())
    rewired.input[1] = restored
    return [*nodes, rewired]


def import_contrib(model: ModelProto) -> None:
    """Let the model use the runtime's own operators."""
    if all(entry.domain != _CONTRIB for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))


def _opset(model: ModelProto) -> int:
    return max(
        (int(entry.version) for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0
    )


def _codes(codes: NDArray[np.uint8], bits: int) -> TensorProto:
    if bits == 8:
        return numpy_helper.from_array(codes)
    packed = pack(codes.reshape(-1), bits)
    return helper.make_tensor("", TensorProto.UINT4, codes.shape, packed.tobytes(), raw=True)
