"""Every scheme on four kinds of models: realized as it was declared, or refused in a sentence."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.model.shorthand import expand, per_group
from qspec.quantize.realize import realize

MODELS = ("cnn", "mlp", "encoder", "decoder")
MINMAX = {"method": "minmax"}
U8 = {"type": "uint8"}
CHANNEL = {"name": "per-channel"}
TOKEN = {"name": "per-token"}
INT8 = {"type": "int8", "granularity": CHANNEL}
INT4 = {"type": "int4", "granularity": per_group(32)}
UINT4 = {"type": "uint4", "granularity": per_group(32)}
FP32 = {"type": "fp32"}


def recipe(name: str, **named: Any) -> dict[str, Any]:
    return {"name": name, "named": named}


def static(**more: Any) -> dict[str, Any]:
    return {"method": "ptq-static", "weights": INT8, "activations": U8, **more}


def dynamic(**more: Any) -> dict[str, Any]:
    return {"method": "ptq-dynamic", "weights": {"type": "int8"}, "activations": U8, **more}


def weights(form: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"method": "weight-only", "weights": form, **more}


def emulated(form: str, activations: str | None = None, *, shared: Any = None, **more: Any) -> dict[str, Any]:
    said = {"weights": {"type": form, **({"granularity": shared} if shared else {})}}
    if activations:
        said["activations"] = {"type": activations}
    return {"method": "simulated", **said, **more}


@dataclass(frozen=True)
class Row:
    """One scheme: its precision, the most relative error it may cause, and where it is refused, with what sentence."""

    name: str
    precision: dict[str, Any]
    most: float = 0.0
    calibration: dict[str, Any] | None = None
    refused: str | None = None
    models: tuple[str, ...] = ()
    """The models that refuse; all when there is a sentence and no model."""

    def sentence(self, model: str) -> str | None:
        return self.refused if self.refused and (not self.models or model in self.models) else None


CONVOLUTIONS = "covers the convolution"
CLIPPED = 1e3
"""No bound: the recipe is for models that were trained with it."""
RAGGED = "cannot be cut into groups"
ROWS = (
    Row("static", static(), 0.12, MINMAX),
    Row("static-percentile", static(), 0.3, {"method": "percentile"}),
    Row("static-qoperator", static(format="qoperator"), 0.12, MINMAX),
    Row("static-smoothquant", static(recipe=recipe("smoothquant", alpha={"text": "0.5"})), 0.12, MINMAX),
    Row("static-no-data-method", static(), refused="states no calibration method"),
    Row("static-distribution", static(), calibration={"method": "distribution"}, refused="destroys accuracy"),
    Row("static-adaround", static(recipe=recipe("adaround")), calibration=MINMAX, refused="recipe adaround"),
    Row("dynamic", dynamic(), 0.12),
    Row("dynamic-smoothquant", dynamic(recipe=recipe("smoothquant")), 0.12, {"method": "smoothquant"}),
    Row(
        "dynamic-int4",
        dynamic(weights=INT4, activations={"type": "int8", "granularity": TOKEN}),
        0.3,
        None,
        CONVOLUTIONS,
        ("cnn",),
    ),
    Row("cast-fp16", {"method": "cast", "weights": {"type": "fp16"}, "activations": {"type": "fp16"}}, 0.01),
    Row("cast-bf16", {"method": "cast", "weights": {"type": "bf16"}}, refused="no kernels for bf16"),
    Row("cast-fp8", {"method": "cast", "weights": {"type": "fp8-e4m3"}}, refused="no kernels for fp8-e4m3"),
    Row("cast-bf16-simulated", {"method": "cast", "simulated": True, "shorthand": "bf16"}, 0.02),
    Row("rtn-int8", weights(INT8), 0.02),
    Row("rtn-int4", weights(INT4), 0.3),
    Row(
        "rtn-int2",
        weights({"type": "int2", "granularity": per_group(16)}, exclude=["*Conv*"]),
        1.1,
        models=("cnn",),
    ),
    Row("rtn-int3", weights({"type": "int3"}), refused="int2, int4, int8"),
    Row("rtn-int3-simulated", weights({"type": "int3"}, simulated=True), 0.6),
    Row("hqq", weights(UINT4, recipe=recipe("hqq")), 0.3, None, CONVOLUTIONS, ("cnn",)),
    Row("k-quant", weights(UINT4, recipe=recipe("k-quant")), 0.3),
    Row("gptq", weights(INT4, recipe=recipe("gptq")), 0.3, {"method": "gptq"}, CONVOLUTIONS, ("cnn",)),
    Row(
        "gptq-minmax",
        weights(INT4, recipe=recipe("gptq"), operators=["Gemm"]),
        calibration=MINMAX,
        refused="by gptq|no operator of type",
    ),
    Row("awq", weights(INT4, recipe=recipe("awq")), 0.3, {"method": "awq"}, CONVOLUTIONS, ("cnn",)),
    Row("nf4", weights({"type": "nf4"}), 0.3, None, CONVOLUTIONS, ("cnn",)),
    Row("fp4", weights({"type": "fp4"}), 0.4, None, CONVOLUTIONS, ("cnn",)),
    Row("nf4-simulated", weights({"type": "nf4"}, simulated=True), 0.3),
    *(
        Row(f"simulated-int{bits}", emulated(f"int{bits}", shared=per_group(16)), most)
        for bits, most in enumerate((1.5, 1.2, 0.6, 0.3, 0.15, 0.08, 0.04, 0.02), start=1)
    ),
    *(
        Row(f"simulated-uint{bits}", emulated(f"uint{bits}", f"uint{bits}"), most, MINMAX)
        for bits, most in enumerate((2.5, 2.0, 1.0, 0.5, 0.3, 0.15, 0.08, 0.04), start=1)
    ),
    Row(
        "simulated-blocks",
        emulated("int4", shared={"name": "per-block", "positional": [{"text": "8"}, {"text": "8"}]}),
        0.5,
    ),
    Row(
        "simulated-dynamic",
        emulated("int8", "int8", shared=CHANNEL, simulated=True) | {"method": "ptq-dynamic"},
        0.06,
    ),
    Row("simulated-mse", emulated("int6", "int6", shared={"name": "per-tensor"}), 0.3, {"method": "mse"}),
    Row("binary", emulated("binary", "binary"), 2.0),
    Row("ternary", emulated("ternary"), 1.2),
    Row("bnn", emulated("binary", "binary", recipe=recipe("bnn")), CLIPPED),
    Row("binary-connect", emulated("binary", recipe=recipe("binary-connect")), CLIPPED),
    Row("dorefa", emulated("int4", "uint4", recipe=recipe("dorefa")), CLIPPED),
    Row("k-means", emulated("int4", recipe=recipe("k-means"), shared={"name": "per-tensor"}), 0.4),
    Row("fp4-simulated", emulated("fp4"), 0.4),
    Row("fp8-e4m3-simulated", emulated("fp8-e4m3", "fp8-e4m3"), 0.15, MINMAX),
    Row("fp8-e5m2-simulated", emulated("fp8-e5m2", "fp8-e5m2"), 0.25, MINMAX),
    Row("mxfp4", emulated("mxfp4", "mxfp4"), 0.6, None, RAGGED, ("cnn", "mlp")),
    Row("mxfp8", emulated("mxfp8", "mxfp8"), 0.15, None, RAGGED, ("cnn", "mlp")),
    Row("mxfp4-weights", emulated("mxfp4"), 0.5),
    Row("nvfp4", emulated("nvfp4", "nvfp4"), 0.5, None, RAGGED, ("cnn",)),
    Row("gguf", weights({"type": "q4_k"}, recipe=recipe("k-quant")), refused="stores weights as integers"),
    Row("pruned", {"method": "weight-only", "pruning": {"sparsity": {"text": "50", "unit": "%"}}}, 1.0),
    Row(
        "pruned-2-of-4",
        {
            "method": "weight-only",
            "pruning": {"structure": {"name": "n-of-m", "positional": [{"text": "2"}, {"text": "4"}]}},
        },
        1.0,
    ),
    Row(
        "deep-compression",
        {
            "method": "weight-only",
            "recipe": recipe("deep-compression"),
            "pruning": {
                "sparsity": {"text": "50", "unit": "%"},
                "sharing": {"text": "32"},
                "coding": "huffman",
            },
        },
        1.0,
    ),
    Row("mixed-simulated", emulated("int4", layers={"*head*": {"weights": INT8}}), 0.4),
    Row("mixed-weights", weights(INT4, layers={"*head*": {"weights": INT8}}), 0.3),
    Row("mixed-floats", static(layers={"*head*": {"weights": FP32, "activations": FP32}}), 0.12, MINMAX),
    Row("mixed-misspelt", weights(INT4, layers={"*haed*": {"weights": INT8}}), refused="matches no node"),
    Row("qat", {"method": "qat", "weights": INT8, "activations": U8}, refused="bring it as a file"),
)


def outputs(path: Path, feed: dict[str, Any]) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_scheme_is_realized_as_declared_or_refused(
    row: Row, model: str, build: Callable[[str], Path], ask: Callable[..., Any], feed: Callable[..., Any]
) -> None:
    base = build(model)
    said = dict(row.precision)
    if "exclude" in said and model not in row.models:
        del said["exclude"]
    if model == "mlp" and "*head*" in said.get("layers", {}):
        said["layers"] = {"/fc2/*": said["layers"]["*head*"]}
    request = ask(base, calibration=row.calibration, **said)
    request = replace(request, precision=expand(request.precision))
    sentence = row.sentence(model)
    if sentence is not None:
        with pytest.raises(QSpecError, match=sentence):
            realize(request)
        assert not request.output.exists()
        return
    realized = realize(request)
    data = realized.path.read_bytes()
    assert data != base.read_bytes()
    json.dumps(realized.arguments)
    x = feed(base, 8, 99)
    reference, answer = outputs(base, x), outputs(realized.path, x)
    error = float(np.linalg.norm(answer - reference) / np.linalg.norm(reference))
    assert 0 < error < row.most
    report = census(realized.path, base, realized.declared, request.precision, simulated=realized.simulated)
    assert report.realized, str(report)
    assert realize(request).path.read_bytes() == data
