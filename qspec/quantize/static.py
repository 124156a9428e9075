"""Post-training static quantization: scales of weights and activations chosen beforehand, from calibration data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

from qspec.errors import QSpecError
from qspec.model.base import Silence
from qspec.model.expression import number
from qspec.model.precision import Precision
from qspec.quantize import registry
from qspec.quantize.calibration import SliceReader, slice_rows
from qspec.quantize.coverage import Coverage, cover
from qspec.quantize.graph import open_model
from qspec.quantize.integer import EIGHT_BITS, said, weight_arguments
from qspec.quantize.prepare import prepare
from qspec.quantize.quiet import quiet
from qspec.quantize.request import Realized, Request
from qspec.quantize.support import check_quantizer, choose, granularity, refuse_format_parts, refuse_unused
from qspec.quantize.workspace import publish, workspace

SCHEME = "ptq-static"

ACTIVATIONS = {"int8": "QInt8", "uint8": "QUInt8", "int16": "QInt16", "uint16": "QUInt16"}
WEIGHTS = {"int8": "QInt8", "uint8": "QUInt8", "int4": "QInt4", "uint4": "QUInt4", "int16": "QInt16"}
METHODS = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}
FORMATS = {"qdq": "QDQ", "qoperator": "QOperator"}
DEFAULT_PERCENTILE = 99.99
SAME_AS_MINMAX = (
    "Entropy calibration clipped nothing: the runtime's search had one candidate for each tensor, and the model is, "
    "byte for byte, the one that minmax calibration makes."
)


@registry.register(SCHEME, aliases=("static",))
def quantize(request: Request) -> Realized:
    """Quantize with the runtime's static quantizer, in QDQ form unless `format: qoperator` is given.

    Weights per tensor or per channel, activations per tensor; calibration by minmax (with or without a moving
    average), entropy or percentile, in slices of bounded size. Activations of u8 with weights of s8 are what
    processors with VNNI are fast at.
    """
    precision = request.precision
    refuse_unused(precision, {"activations", "format", "operators"}, SCHEME)
    quantizer = check_quantizer(precision, "onnxruntime")
    arguments = _formats(precision) | _calibration(request)
    with workspace(request.output) as folder:
        model = open_model(request.model)
        prepared = prepare(model.with_weights())
        coverage = cover(prepared, precision, _operators(), SCHEME)
        rows = slice_rows(prepared, model.inputs)
        reader = SliceReader(request.batches, model.inputs, rows)
        _check_size(request, reader.examples)
        onnx.save_model(prepared, folder / "prepared.onnx")
        _run(folder, "quantized.onnx", reader, coverage, arguments)
        idle = _searched_nothing(folder, reader, coverage, arguments)
        coverage.verify(onnx.load_model(folder / "quantized.onnx"), SCHEME)
        publish(folder / "quantized.onnx", request.output)
    record = (
        arguments
        | coverage.record()
        | {
            "calibration_examples": reader.examples,
            "calibration_sha256": reader.digest,
            "calibration_slice": rows,
            "same_as_minmax": idle,
        }
    )
    notes = (SAME_AS_MINMAX,) if idle else ()
    return Realized(request.output, quantizer, record, coverage.declared, notes=notes)


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


def _calibration(request: Request) -> dict[str, Any]:
    calibration = request.calibration
    method = calibration.method if calibration is not None else None
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
    if calibration.moving_average and method != "minmax":
        raise QSpecError(f"A moving average is part of minmax calibration, and the method is {method}.")
    if calibration.percentile is not None and method != "percentile":
        raise QSpecError(f"A percentile is part of percentile calibration, and the method is {method}.")
    if method == "percentile":
        arguments["percentile"] = DEFAULT_PERCENTILE
        if calibration.percentile is not None:
            share = calibration.percentile
            arguments["percentile"] = float(share.base * 100 if share.unit == "%" else share.value)
        if not 50 < arguments["percentile"] <= 100:
            raise QSpecError(f"A calibration percentile lies above 50 and at most at 100, not at {share}.")
    return arguments


def _check_size(request: Request, examples: int) -> None:
    declared = request.calibration.size if request.calibration else None
    size = None if isinstance(declared, Silence) else number(declared)
    if size is not None and size != examples:
        raise QSpecError(f"The executor declares {size} calibration examples, and {examples} were fed.")


def _searched_nothing(
    folder: Path, reader: SliceReader, coverage: Coverage, arguments: dict[str, Any]
) -> bool:
    """Whether entropy calibration came out, to the byte, as minmax calibration of the same data.

    The runtime searches a histogram of 128 bins for the best 128 levels: there is one candidate, the whole range,
    until histograms of several slices have been merged into more bins.
    """
    if arguments["calibrate_method"] != "Entropy":
        return False
    _run(folder, "minmax.onnx", reader, coverage, arguments | {"calibrate_method": "MinMax"})
    return (folder / "minmax.onnx").read_bytes() == (folder / "quantized.onnx").read_bytes()


def _run(
    folder: Path, target: str, reader: SliceReader, coverage: Coverage, arguments: dict[str, Any]
) -> None:
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
            str(folder / "prepared.onnx"),
            str(folder / target),
            reader,
            quant_format=QuantFormat[arguments["format"]],
            op_types_to_quantize=coverage.operators,
            per_channel=arguments["per_channel"],
            reduce_range=arguments["reduce_range"],
            activation_type=QuantType[arguments["activation_type"]],
            weight_type=QuantType[arguments["weight_type"]],
            nodes_to_exclude=list(coverage.excluded),
            calibrate_method=CalibrationMethod[arguments["calibrate_method"]],
            extra_options=extra,
        )
