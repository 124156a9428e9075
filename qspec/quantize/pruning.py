"""Pruning, weight sharing and entropy coding: fewer weights, fewer values of them, and how small that makes a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, numpy_helper

from qspec._version import __version__
from qspec.errors import QSpecError
from qspec.model.expression import Term
from qspec.model.precision import Precision
from qspec.model.quantity import Quantity
from qspec.quantize import registry
from qspec.quantize.coding import coded_bits
from qspec.quantize.coverage import FLOATS, cover
from qspec.quantize.emulate.granules import as_rows
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.graph import WEIGHT_INPUT, open_model
from qspec.quantize.k_means import shared_values
from qspec.quantize.prepare import prepare
from qspec.quantize.request import Realized, Request
from qspec.quantize.support import check_own, refuse_unused, sizes_of
from qspec.quantize.workspace import publish, workspace

SCHEME = "weight-only/pruning"
MOST_SHARED = 65536


@dataclass(frozen=True)
class Plan:
    """What is done to every weight."""

    sparsity: float
    """Share of weights that become zero; of a tensor, a row of groups, or its channels."""
    structure: str
    """`unstructured`, `channel` or `n-of-m`."""
    group: tuple[int, int]
    """The n and m of `n-of-m`: n of m neighbours stay."""
    sharing: int
    """Values that the weights of a layer share; zero for no sharing."""
    huffman: bool


@registry.register(
    SCHEME, aliases=("weight-only/deep-compression", "simulated/deep-compression", "simulated/pruning")
)
def prune(request: Request) -> Realized:
    """Set the smallest weights to zero, and share values among the others (Han et al., Deep Compression, ICLR 2016).

    No retraining. The file keeps its floats; `coded_size` is what it would take with the covered weights stored
    sparse, as indices of shared values, and Huffman-coded where `coding: huffman` asks for it.
    """
    precision = request.precision
    refuse_unused(precision, {"operators", "pruning", "recipe"}, SCHEME)
    check_own(precision)
    if precision.weights is not None:
        raise QSpecError(
            "Pruned weights keep the format they have, and the precision gives them another.",
            hint="leave `weights` out; `sharing` says how many values they share",
        )
    plan = plan_of(precision)
    with workspace(request.output) as folder:
        opened = open_model(request.model)
        model = prepare(opened.with_weights())
        coverage = cover(model, precision, WEIGHT_INPUT, SCHEME, takes=FLOATS)
        facts = _prune(model, {layer.name: layer.weight for layer in coverage.layers}, plan)
        onnx.save_model(model, folder / "pruned.onnx")
        size = (folder / "pruned.onnx").stat().st_size
        publish(folder / "pruned.onnx", request.output)
    coded = size - facts["raw_bytes"] + facts["coded_bytes"]
    note = f"The weights are stored as floats in {size:,} bytes; sparse and coded they would take {coded:,}."
    arguments = coverage.record() | facts | {"structure": plan.structure, "sharing": plan.sharing or None}
    return Realized(
        request.output, f"qspec {__version__}", arguments, coverage.declared, notes=(note,), coded_size=coded
    )


def plan_of(precision: Precision) -> Plan:
    """The plan that the precision describes; raises `QSpecError` where it is not one."""
    said = precision.pruning
    if said is None or (said.sparsity is None and said.structure is None and said.sharing is None):
        raise QSpecError(
            "The precision does not say what is pruned.",
            hint="write `pruning { sparsity: 80 %, sharing: 32 }`",
        )
    structure = said.structure or Term(name="unstructured")
    sized = structure.name == "n-of-m"
    if structure.name not in ("unstructured", "channel", "n-of-m") or not (sized or structure.is_bare):
        raise QSpecError(
            f"There is no pruning structure {structure}.",
            hint="there are unstructured, channel and n-of-m(2, 4)",
        )
    group = _group(structure) if sized else (0, 0)
    sparsity = 1 - group[0] / group[1] if group[1] else 0.0
    if said.sparsity is not None:
        stated = float(said.sparsity.base)
        if said.sparsity.unit not in (None, "%") or not 0 <= stated < 1:
            raise QSpecError(f"A sparsity lies from 0 to under 100 %, not at {said.sparsity}.")
        if group[1] and abs(stated - sparsity) > 1e-9:
            raise QSpecError(
                f"{structure} leaves {1 - sparsity:.0%} of the weights, and the sparsity says {said.sparsity}."
            )
        sparsity = stated
    elif said.structure is not None and structure.name != "n-of-m":
        raise QSpecError(f"The pruning {structure} needs a share.", hint="add `sparsity: 50 %`")
    if said.coding not in (None, "none", "huffman"):
        raise QSpecError(f"There is no entropy coding {said.coding} here.", hint="write `coding: huffman`")
    return Plan(sparsity, structure.name, group, _sharing(said.sharing), said.coding == "huffman")


def pruned(matrix: Floats, plan: Plan) -> Floats:
    """`matrix`, (outputs, inputs), with its smallest weights, groups or channels set to zero; ties go to the first."""
    if plan.structure == "n-of-m":
        keep, size = plan.group
        rows, columns = matrix.shape
        padded = np.zeros((rows, -(-columns // size) * size), dtype=matrix.dtype)
        padded[:, :columns] = matrix
        groups = padded.reshape(-1, size)
        order = np.argsort(np.abs(groups), axis=1, kind="stable")
        np.put_along_axis(groups, order[:, : size - keep], 0, axis=1)
        return groups.reshape(padded.shape)[:, :columns]
    result = matrix.copy()
    if plan.structure == "channel":
        norms = np.sqrt((matrix.astype(np.float64) ** 2).sum(axis=1))
        result[np.argsort(norms, kind="stable")[: int(plan.sparsity * len(norms))]] = 0
        return result
    flat = result.reshape(-1)
    flat[np.argsort(np.abs(flat), kind="stable")[: int(plan.sparsity * flat.size)]] = 0
    return result


def _prune(model: ModelProto, weights: dict[str, str], plan: Plan) -> dict[str, Any]:
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    done: set[str] = set()
    raw = coded = zeros = total = 0
    for node in model.graph.node:
        name = weights.get(node.name)
        if name is None or name in done:
            continue
        done.add(name)
        values = numpy_helper.to_array(tensors[name])
        changed = _changed(node, values, plan)
        tensors[name].CopyFrom(numpy_helper.from_array(changed.astype(values.dtype), name))
        raw += values.nbytes
        coded += -(-coded_bits(changed, node.op_type, shared=bool(plan.sharing), huffman=plan.huffman) // 8)
        zeros, total = zeros + int((changed == 0).sum()), total + changed.size
    return {
        "raw_bytes": raw,
        "coded_bytes": coded,
        "zeros": zeros,
        "weights": total,
        "coding": "huffman" if plan.huffman else "none",
    }


def _changed(node: NodeProto, values: Floats, plan: Plan) -> Floats:
    matrix, restore = as_rows(node, np.asarray(values, dtype=np.float32))
    result = pruned(matrix, plan)
    kept = result != 0
    if plan.sharing and kept.any():
        result[kept] = shared_values(result[kept], plan.sharing)
    return restore(result)


def _group(structure: Term) -> tuple[int, int]:
    sizes = sizes_of(structure)
    if len(sizes) != 2 or not sizes[0] < sizes[1]:
        raise QSpecError(
            f"{structure} does not say how many of how many weights stay.", hint="write n-of-m(2, 4)"
        )
    return sizes[0], sizes[1]


def _sharing(said: Quantity | None) -> int:
    if said is None:
        return 0
    if said.unit is not None or said.value != int(said.value) or not 2 <= said.value <= MOST_SHARED:
        raise QSpecError(f"Weights share from 2 to {MOST_SHARED} values, not {said}.")
    return int(said.value)
