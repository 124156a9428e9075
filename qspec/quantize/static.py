"""Post-training static quantization: scales of weights and activations chosen beforehand, from calibration data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
from onnx import ModelProto
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

from qspec.errors import QSpecError
from qspec.model.base import Silence
from qspec.model.precision import Precision
from qspec.quantize import registry
from qspec.quantize.arguments import calibrates
from qspec.quantize.calibration import SliceReader, check_size, slice_rows
from qspec.quantize.coverage import Coverage, cover
from qspec.quantize.emulate.ranges import declared_percentile
from qspec.quantize.gemm import plain_gemms
from qspec.quantize.graph import Port, open_model
from qspec.quantize.integer import EIGHT_BITS, said, weight_arguments
from qspec.quantize.masks import masked_softmaxes
from qspec.quantize.overrides import Overrides, as_options, check_kept, overrides_of
from qspec.quantize.prepare import prepare
from qspec.quantize.quiet import quiet
from qspec.quantize.request import Realized, Request
from qspec.quantize.sharing import own_biases
from qspec.quantize.support import check_quantizer, choose, granularity, refuse_format_parts, refuse_unused
from qspec.quantize.weave import check_opset
from qspec.quantize.workspace import publish, workspace

SCHEME = "ptq-static"

ACTIVATIONS = {"int8": "QInt8", "uint8": "QUInt8", "int16": "QInt16", "uint16": "QUInt16"}
WEIGHTS = {"int8": "QInt8", "uint8": "QUInt8", "int4": "QInt4", "uint4": "QUInt4", "int16": "QInt16"}
METHODS = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}
USES = {
    "minmax": ("moving_average", "length"),
    "entropy": ("length",),
    "percentile": ("percentile", "length"),
}
"""What each calibration method acts on of a calibration."""

FORMATS = {"qdq": "QDQ", "qoperator": "QOperator"}
SAME_AS_MINMAX = (
    "Entropy calibration clipped nothing: the runtime's search had one candidate for each tensor, and the model is, "
    "byte for byte, the one that minmax calibration makes."
)
MASKS_IN_FLOATS = (
    "Masked attention scores and their softmax stayed in floats: one scale for scores and mask would leave nothing of "
    "the scores."
)

Rewrite = Callable[[ModelProto, tuple[Port, ...], Coverage], tuple[list[str], dict[str, Any]]]
"""Changes a prepared model; returns the nodes it added, which stay in floats, and what the record needs."""


@registry.register(SCHEME, aliases=("static",))
@calibrates(USES)
def quantize(request: Request) -> Realized:
    """Quantize with the runtime's static quantizer, in QDQ form unless `format: qoperator` is given.

    Weights per tensor or per channel, activations per tensor; calibration by minmax (with or without a moving
    average), entropy or percentile, in slices of bounded size. Activations of u8 with weights of s8 are what
    processors with VNNI are fast at.
    """
    return run(request, SCHEME)


def run(
    request: Request, scheme: str, rewrite: Rewrite | None = None, *, recipe: str | None = None
) -> Realized:
    """Quantize statically under the name of `scheme`, after `rewrite` has changed the prepared model.

    A calibration method that bears the name of the `recipe` chooses ranges by minmax.
    """
    precision = request.precision
    used = {"activations", "format", "operators", "layers", *(["recipe"] if rewrite else [])}
    refuse_unused(precision, used, scheme, accumulators="int32")
    quantizer = check_quantizer(precision, "onnxruntime")
    arguments = _formats(precision) | _calibration(request, recipe)
    with workspace(request.output) as folder:
        model = open_model(request.model)
        prepared = prepare(model.with_weights())
        if arguments["per_channel"] and arguments["format"] == "QDQ":
            check_opset(prepared, "channels are dequantized by scales of their own")
        plain_gemms(prepared.graph)
        own_biases(prepared.graph)
        coverage = cover(prepared, precision, _operators(), scheme)
        added, facts = rewrite(prepared, model.inputs, coverage) if rewrite else ([], {})
        changed = overrides_of(precision, prepared, coverage, (WEIGHTS, ACTIVATIONS), scheme)
        _check_overridable(changed, arguments)
        masks = [] if precision.operators else masked_softmaxes(prepared.graph)
        floats = [*coverage.excluded, *added, *changed.floats, *masks]
        rows = slice_rows(prepared, model.inputs)
        reader = SliceReader(request.batches, model.inputs, rows)
        check_size(request, reader)
        onnx.save_model(prepared, folder / "prepared.onnx")
        options = as_options(changed, per_channel=arguments["per_channel"], weights=_axes(prepared, coverage))
        job = _Job(folder, reader, coverage.operators, floats, arguments, options)
        job.run("quantized.onnx")
        idle = job.searched_nothing()
        artifact = onnx.load_model(folder / "quantized.onnx")
        coverage.verify(artifact, scheme)
        check_kept(artifact, changed)
        publish(folder / "quantized.onnx", request.output)
    record = {
        "calibration_examples": reader.examples,
        "calibration_sha256": reader.digest,
        "calibration_slice": rows,
        "same_as_minmax": idle,
        "masks_in_floats": masks,
        "overrides": dict(changed.types),
        "rules_in_floats": list(changed.floats),
    }
    notes = ((SAME_AS_MINMAX,) if idle else ()) + ((MASKS_IN_FLOATS,) if masks else ())
    return Realized(
        request.output,
        quantizer,
        arguments | coverage.record() | facts | record,
        coverage.declared,
        notes=notes,
    )


def _check_overridable(changed: Overrides, arguments: dict[str, Any]) -> None:
    if changed.types and arguments["format"] == "QOperator":
        raise QSpecError("The format qoperator gives every layer the same types.", hint="use `format: qdq`")


def _axes(prepared: ModelProto, coverage: Coverage) -> dict[str, int]:
    """The output channel axis of each covered weight, as the runtime counts it."""
    nodes = {node.name: node for node in prepared.graph.node}
    dims = {tensor.name: len(tensor.dims) for tensor in prepared.graph.initializer}
    axes = {}
    for layer in coverage.layers:
        turned = any(item.name == "transB" and item.i for item in nodes[layer.name].attribute)
        rows_first = layer.op == "Conv" or turned
        axes[layer.weight] = (
            0 if rows_first else 1 if layer.op == "ConvTranspose" else dims.get(layer.weight, 2) - 1
        )
    return axes


def _operators() -> set[str]:
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    return {*QDQRegistry, *QLinearOpsRegistry}


def _formats(precision: Precision) -> dict[str, Any]:
    """Arguments that the number formats determine, as plain data."""
    weights = said(precision.weights, "weights", SCHEME)
    activations = said(precision.activations, "activations", SCHEME)
    refuse_format_parts(activations, {"granularity", "symmetric"}, "activations", SCHEME)
    granularity(activations, {"per-tensor"}, "per-tensor", "activations", SCHEME)
    arguments = weight_arguments(weights, WEIGHTS, SCHEME) | {
        "format": choose(precision.format, FORMATS, "qdq", "format", SCHEME),
        "activation_type": choose(activations.type, ACTIVATIONS, None, "type of activations", SCHEME),
        "activation_symmetric": bool(activations.symmetric),
    }
    if (
        arguments["format"] == "QOperator"
        and {arguments["weight_type"], arguments["activation_type"]} - EIGHT_BITS
    ):
        raise QSpecError("The format qoperator knows 8-bit integers only.", hint="use `format: qdq`")
    return arguments


def _calibration(request: Request, recipe: str | None) -> dict[str, Any]:
    calibration = request.calibration
    method = calibration.method if calibration is not None else None
    if recipe is not None and method == recipe:
        method = "minmax"  # how ranges are chosen once the recipe has done its work
    if calibration is None or isinstance(method, Silence):
        raise QSpecError(
            "Static quantization chooses scales from calibration data, and the executor states no calibration method.",
            hint="add `calibration { data: …, size: …, method: minmax }`",
        )
    if method == "distribution":
        raise QSpecError(
            "The calibration method distribution is for 8-bit floats; with integers it destroys accuracy.",
            hint="use minmax, entropy or percentile",
        )
    arguments: dict[str, Any] = {
        "calibrate_method": choose(method, METHODS, None, "calibration method", SCHEME),
        "moving_average": bool(calibration.moving_average),
    }
    if method == "percentile":
        arguments["percentile"] = declared_percentile(calibration)
    return arguments


@dataclass(frozen=True)
class _Job:
    """One call of the runtime's quantizer, and another with a change."""

    folder: Path
    reader: SliceReader
    operators: list[str] | None
    floats: list[str]
    arguments: dict[str, Any]
    options: dict[str, Any]

    def searched_nothing(self) -> bool:
        """Whether entropy calibration came out, to the byte, as minmax calibration of the same data.

        The runtime searches a histogram of 128 bins for the best 128 levels: there is one candidate, the whole range,
        until histograms of several slices have been merged into more bins.
        """
        if self.arguments["calibrate_method"] != "Entropy":
            return False
        replace(self, arguments=self.arguments | {"calibrate_method": "MinMax"}).run("minmax.onnx")
        return (self.folder / "minmax.onnx").read_bytes() == (self.folder / "quantized.onnx").read_bytes()

    def run(self, target: str) -> None:
        arguments = self.arguments
        extra = {
            "WeightSymmetric": arguments["weight_symmetric"],
            "ActivationSymmetric": arguments["activation_symmetric"],
            "CalibTensorRangeSymmetric": arguments["activation_symmetric"],
            "CalibMovingAverage": arguments["moving_average"],
            "CalibStridedMinMax": 1,
            "MatMulConstBOnly": True,
        }
        if "percentile" in arguments:
            extra["CalibPercentile"] = arguments["percentile"]
        with quiet():
            quantize_static(
                str(self.folder / "prepared.onnx"),
                str(self.folder / target),
                self.reader,
                quant_format=QuantFormat[arguments["format"]],
                op_types_to_quantize=self.operators,
                per_channel=arguments["per_channel"],
                reduce_range=arguments["reduce_range"],
                activation_type=QuantType[arguments["activation_type"]],
                weight_type=QuantType[arguments["weight_type"]],
                nodes_to_exclude=self.floats,
                calibrate_method=CalibrationMethod[arguments["calibrate_method"]],
                extra_options=extra | self.options,
            )
