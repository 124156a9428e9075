"""Post-training dynamic quantization: weights quantized beforehand, activations as they come, one scale a call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from onnx import ModelProto
from onnxruntime.quantization import QuantType, quantize_dynamic

from qspec.errors import QSpecError
from qspec.model.precision import Precision
from qspec.quantize import registry
from qspec.quantize.coverage import Coverage, cover
from qspec.quantize.gemm import gemm_to_matmul
from qspec.quantize.graph import open_model, weighted_layers
from qspec.quantize.integer import said, weight_arguments
from qspec.quantize.prepare import prepare
from qspec.quantize.quiet import quiet
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import only_floats
from qspec.quantize.static import Rewrite
from qspec.quantize.support import check_quantizer, granularity, refuse_format_parts, refuse_unused
from qspec.quantize.workspace import publish, workspace

SCHEME = "ptq-dynamic"

WEIGHTS = {"int8": "QInt8", "uint8": "QUInt8"}
BATCH_NOTE = (
    "One scale covers the activations of a whole call, so results depend on which examples share a batch, their order "
    "and padding."
)


@registry.register(SCHEME, aliases=("dynamic",))
def quantize(request: Request) -> Realized:
    """Quantize with the runtime's dynamic quantizer: weights of 8 bits, activations to u8 at run time.

    Gemm layers become MatMul and Add. Reads no calibration data.
    """
    return run(request, SCHEME)


def run(request: Request, scheme: str, rewrite: Rewrite | None = None) -> Realized:
    """Quantize dynamically under the name of `scheme`, after `rewrite` has changed the prepared model."""
    precision = request.precision
    used = {"activations", "operators", "layers", *(["recipe"] if rewrite else [])}
    refuse_unused(precision, used, scheme, accumulators="int32")
    quantizer = check_quantizer(precision, "onnxruntime")
    arguments = weight_arguments(said(precision.weights, "weights", SCHEME), WEIGHTS, SCHEME)
    notes = [BATCH_NOTE, *_activations(precision)]
    with workspace(request.output) as folder:
        model = open_model(request.model)
        prepared = prepare(model.with_weights())
        coverage = cover(prepared, precision, _operators(), scheme)
        floats = only_floats(precision, coverage.layers, scheme)
        _, facts = rewrite(prepared, model.inputs, coverage) if rewrite else ([], {})
        arguments["gemm_to_matmul"] = gemm_to_matmul(prepared.graph, coverage.names, others=True)
        _run(prepared, folder, coverage, floats, arguments)
        coverage.verify(onnx.load_model(folder / "quantized.onnx"), scheme)
        publish(folder / "quantized.onnx", request.output)
    record = arguments | coverage.record() | facts | {"rules_in_floats": floats}
    return Realized(request.output, quantizer, record, coverage.declared, notes=tuple(notes))


def _operators() -> set[str]:
    from onnxruntime.quantization.registry import IntegerOpsRegistry

    return {*IntegerOpsRegistry, "Gemm"}


def _activations(precision: Precision) -> list[str]:
    form = precision.activations
    if form is None:
        return []
    refuse_format_parts(form, {"granularity", "symmetric"}, "activations", SCHEME)
    granularity(form, {"per-tensor"}, "per-tensor", "activations", SCHEME)
    if form.type not in ("int8", "uint8") or form.symmetric:
        raise QSpecError(
            f"The scheme {SCHEME} quantizes activations to uint8, asymmetrically, and cannot make {form.type}"
            f"{', symmetric' if form.symmetric else ''}.",
            hint="write `activations: uint8`",
        )
    return ["Activations are uint8: the runtime has no signed dynamic type."] if form.type == "int8" else []


def _run(
    prepared: ModelProto, folder: Path, coverage: Coverage, floats: list[str], arguments: dict[str, Any]
) -> None:
    onnx.save_model(prepared, folder / "prepared.onnx")
    covered = {*coverage.names} - {*floats}
    left = [layer.name for layer in weighted_layers(prepared) if layer.name not in covered]
    wanted = {"MatMul" if name == "Gemm" else name for name in coverage.operators or []}
    with quiet():
        quantize_dynamic(
            str(folder / "prepared.onnx"),
            str(folder / "quantized.onnx"),
            op_types_to_quantize=sorted(wanted) or None,
            per_channel=arguments["per_channel"],
            reduce_range=arguments["reduce_range"],
            weight_type=QuantType[arguments["weight_type"]],
            nodes_to_exclude=sorted({*coverage.excluded, *left}),
            extra_options={"WeightSymmetric": arguments["weight_symmetric"], "MatMulConstBOnly": True},
        )
