"""Pages of the precision schemes: how quantized numbers are made, and what can be realized here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qspec.model.vocabulary import VOCABULARIES
from qspec.report.reference import Kind, Page, facts, kind


@dataclass(frozen=True)
class Scheme:
    """What there is to say about a way of quantizing."""

    says: str
    reads: str
    here: str
    precision: str
    calibration: str


_SCHEMES: dict[str, Scheme] = {
    "ptq-static": Scheme(
        says="Weights and activations become integers. Scales of activations are fixed from calibration data before the model "
        "is deployed, so that nothing has to be computed for them afterwards. How the ranges are chosen (`minmax`, `entropy`, "
        "`percentile`) decides what is clipped.",
        reads="calibration data",
        here="realized with onnxruntime's static quantizer, as `qdq` or `qoperator` graphs; recipes "
        "`smoothquant(alpha)` and `adaround(iterations)`; `layers` change the types of single layers",
        precision="method: ptq-static, weights: int8 { granularity: per-channel, symmetric: true }, activations: uint8",
        calibration='{ data: "ImageNet 2012" @ "train", method: entropy, size: 512, seed: 0 }',
    ),
    "ptq-dynamic": Scheme(
        says="Weights become integers once; the scale of an activation is computed from the activation itself, at every call. "
        "Results therefore depend on what else stands in the batch where a scale spans it: a claim needs batch, padding and "
        "order.",
        reads="no data",
        here="realized with onnxruntime's dynamic quantizer, or with 4-bit weights in blocks; recipe "
        "`smoothquant(alpha)`; recipe `llm.int8(threshold)` is simulated",
        precision="method: ptq-dynamic, weights: int8, activations: uint8",
        calibration='not-applicable "activation scales are computed for every input"',
    ),
    "weight-only": Scheme(
        says="Weights alone are stored in few bits, most often with a scale for every group of them; products are computed in "
        "the format of the activations. It saves memory and bandwidth, and no arithmetic.",
        reads="no data when rounded to nearest; `gptq`, `awq` and `adaround` read some",
        here="realized in blocks of 2, 4 or 8 bits (recipes `rtn`, `hqq`, `k-quant`, `gptq(damping)`, `awq(alpha)`, "
        "`adaround(iterations)`), as `nf4` or `fp4` codebooks, or pruned, with shared values (`pruning`); the formats of GGUF "
        "files are simulated",
        precision="method: weight-only, weights: int4 { granularity: per-group(128) }, activations: fp16",
        calibration='not-applicable "round-to-nearest weight-only quantization reads no data"',
    ),
    "qat": Scheme(
        says="Quantization is simulated while the model is trained, so that weights and scales adapt to it.",
        reads="the training data",
        here="arrives as a file, whose layers are counted; `qspec.quantize.qat` trains and exports PyTorch models",
        precision="method: qat, weights: int8 { granularity: per-channel }, activations: uint8",
        calibration='not-applicable "scales were learned in quantization-aware training"',
    ),
    "cast": Scheme(
        says="Every number is converted to a narrower floating format, without scales.",
        reads="no data",
        here="realized for fp16, and for bf16 where the provider has kernels; other floats are simulated",
        precision="method: cast, weights: fp16, activations: fp16",
        calibration='not-applicable "a cast chooses no scales"',
    ),
    "simulated": Scheme(
        says="Values are rounded to the format and computed with in a wider one. Accuracy can be had so; speed, memory and "
        "energy cannot.",
        reads="what the simulated scheme reads",
        here="realized for every number format, of the key-value cache too (recipes `dorefa`, `bnn`, `binary-connect`, "
        "`k-means(clusters)`, `llm.int8`, and those of weight-only); accuracy is judged, a bound on speed comes out "
        "as not measured",
        precision="method: simulated, weights: fp8-e4m3, activations: fp8-e4m3, simulated: true",
        calibration='{ data: "ImageNet 2012" @ "train", method: minmax, size: 512 }',
    ),
}


def _names() -> Iterable[str]:
    return VOCABULARIES["method"]


def _aliases() -> Mapping[str, str]:
    """Other names of methods, and the recipes that are no words of another list."""
    return {
        "static": "ptq-static",
        "dynamic": "ptq-dynamic",
        "quantization-aware-training": "qat",
        "post-training-quantization": "ptq-static",
        **dict.fromkeys(("rtn", "hqq", "k-quant"), "weight-only"),
        **dict.fromkeys(
            ("dorefa", "bnn", "binary-connect", "binaryconnect", "k-means", "llm.int8"), "simulated"
        ),
    }


def _page(name: str) -> Page:
    scheme = _SCHEMES[name]
    body = f"{scheme.says}\n\n{facts([('reads', scheme.reads), ('here', scheme.here)])}"
    precision = "".join(f"    {item}\n" for item in scheme.precision.split(", "))
    section = "" if scheme.calibration.startswith("{") else ":"
    example = (
        f"qspec 1\n\nexecutor pair {{\n  precision {{\n{precision}  }}\n"
        f"  calibration{section} {scheme.calibration}\n}}\n"
    )
    title = VOCABULARIES["method"][name].capitalize()
    return Page("scheme", name, f"{title}.", body, example)


kind(Kind("scheme", "Precision schemes", _names, _page, _aliases), __name__)
