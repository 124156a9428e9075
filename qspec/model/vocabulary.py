"""The open word lists of the language, each word with one line on what it means."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from qspec.model.base import Vocabulary

VOCABULARIES: dict[str, dict[str, str]] = {
    "method": {
        "ptq-static": "after training, with scales from calibration data",
        "ptq-dynamic": "after training, with activation scales computed for every input",
        "weight-only": "weights alone; activations stay as they were",
        "qat": "quantization simulated during training",
        "cast": "converted to another floating format",
        "simulated": "emulated in a wider format, for accuracy alone",
    },
    "calibration-method": {
        "minmax": "the least and the greatest value seen",
        "entropy": "the range of least divergence from the histogram seen",
        "percentile": "the range that holds a share of the values seen",
        "mse": "the range of least squared error",
        "distribution": "for floating formats: scales from the spread of values",
        "moving-average": "least and greatest values averaged over batches",
        "gptq": "second-order correction of weights, layer by layer",
        "awq": "scales that protect the weights of large activations",
        "smoothquant": "difficulty moved from activations to weights",
        "adaround": "rounding learned on calibration data",
        "autoround": "rounding learned by signed gradient descent",
        "imatrix": "importance of weights from activations seen",
        "qat": "scales learned in training",
    },
    "composition": {
        "clean": "drawn as the training data were",
        "out-of-distribution": "drawn otherwise than the training data",
        "stratified": "with set shares of named groups",
        "domain-matched": "drawn as where the model will be used",
        "adversarial": "made to be difficult",
        "mixed": "several of these together",
    },
    "scenario": {
        "offline": "all work is there at the start; throughput counts",
        "single-stream": "one call after the other; latency counts",
        "server": "calls arrive at random at a declared rate",
        "multi-stream": "several calls at once, again and again",
    },
    "timing-profile": {
        "quick": "at least 2 s and 64 calls",
        "standard": "at least 10 s and 662 calls",
        "mlperf": "at least 600 s; 24,576 samples offline",
    },
    "population": {
        "super": "the examples stand for others like them",
        "fixed": "exactly these examples",
    },
    "provider": {
        "cpu": "the processor",
        "cuda": "NVIDIA accelerators through CUDA",
        "tensorrt": "NVIDIA accelerators through TensorRT",
        "openvino": "Intel processors and accelerators",
        "qnn": "Qualcomm accelerators",
        "coreml": "Apple processors and accelerators",
        "directml": "accelerators under Windows",
        "migraphx": "AMD accelerators",
        "rocm": "AMD accelerators",
        "xnnpack": "mobile processors",
        "nnapi": "accelerators under Android",
        "webgpu": "accelerators behind WebGPU",
        "vitisai": "AMD neural processors",
        "cann": "Huawei accelerators",
        "acl": "Arm processors through the Compute Library",
        "dnnl": "processors through oneDNN",
    },
    "runtime": {
        "onnxruntime": "ONNX Runtime, on which specs are executed",
        "openvino": "OpenVINO",
        "tensorrt": "TensorRT",
        "tensorrt-llm": "TensorRT-LLM",
        "pytorch": "PyTorch",
        "tensorflow": "TensorFlow",
        "tflite": "TensorFlow Lite",
        "vllm": "vLLM",
        "sglang": "SGLang",
        "llama.cpp": "llama.cpp",
        "mlx": "MLX",
        "ctranslate2": "CTranslate2",
        "executorch": "ExecuTorch",
        "transformers": "Transformers on PyTorch",
        "tgi": "Text Generation Inference",
        "ncnn": "ncnn",
        "paddle-inference": "Paddle Inference",
        "hailort": "HailoRT",
    },
    "graph-optimization": {
        "none": "the graph as it stands",
        "basic": "rewrites that keep its meaning on any provider",
        "extended": "fusions for the provider chosen",
        "all": "layout changes too",
    },
    "graph-format": {
        "qdq": "quantize and dequantize nodes around float operators",
        "qoperator": "integer operators",
    },
    "outcome": {
        "confirmed": "the interval lies on the claimed side",
        "refuted": "the interval lies on the other side",
        "inconclusive": "the interval holds the bound",
        "ambiguous": "the two readings of a bare per cent disagree",
        "not-realized": "what ran was not the declared precision",
        "noisy-host": "clocks disagree too much to time anything",
        "not-executable": "it cannot be run here",
        "not-measured": "the declared hardware is not here",
    },
    "profile": {
        "draft": "contradictions and the language alone",
        "default": "gaps warn, contradictions are errors",
        "paper": "with the statistics a reviewer asks for",
        "vendor": "somebody else's claim",
        "decision-grade": "every axis a decision needs must be stated",
        "safety-critical": "decision-grade, with bounds for strata and confidence stated",
    },
    "evidence": {
        "device": "measured on the device in question",
        "engine": "measured in the engine, on another machine",
        "simulated": "measured with simulated quantization",
        "emulator": "measured on an emulator of the device",
        "literature": "taken from a publication",
        "second-hand": "told by somebody who did not measure",
        "requirement": "demanded, not measured",
        "tuning-criterion": "the criterion a tuner stops at",
        "vendor": "measured by who sells it",
        "buyer": "measured by who would use it",
        "third-party": "measured by neither",
    },
    "source-kind": {
        "paper": "a publication",
        "abstract": "the abstract of a publication",
        "model-card": "the card of a model",
        "readme": "the front page of a repository",
        "vendor-document": "a vendor's documentation",
        "benchmark": "a table of results",
        "blog": "a blog",
        "issue": "an issue or a thread",
        "slides": "a talk",
        "standard": "a standard or a requirement",
    },
}
"""Words by list; tasks stand with the metrics, in `qspec.metrics.tasks`."""

OPEN = frozenset({"runtime", "calibration-method", "source-kind", "number-format"})
"""Lists that can never be complete; a word outside them is asked about only when it looks misspelt."""

_SPELLINGS = {
    "calibration-method": {"min-max": "minmax", "kl": "entropy", "max": "minmax", "rtn": "minmax"},
    "evidence": {"third party": "third-party", "secondhand": "second-hand", "simulation": "simulated"},
    "scenario": {"singlestream": "single-stream", "multistream": "multi-stream"},
    "runtime": {"ort": "onnxruntime", "llama-cpp": "llama.cpp", "torch": "pytorch"},
}


def synonym(name: str, word: str) -> str | None:
    """The word of list `name` that a usual other spelling stands for, or None."""
    return _SPELLINGS.get(name, {}).get(word)


@cache
def vocabulary_fields(noun: type[BaseModel]) -> dict[str, str]:
    """The fields of a noun that take a word of a list: Python name to the list's name."""
    found = {}
    for name, info in noun.model_fields.items():
        marker = next((m for m in info.metadata if isinstance(m, Vocabulary)), None)
        marker = marker or _marker(info.annotation)
        if marker is not None:
            found[name] = marker.name
    return found


def _marker(annotation: Any) -> Vocabulary | None:
    """The list that some alternative of an annotation is marked with."""
    for part in getattr(annotation, "__metadata__", ()):
        if isinstance(part, Vocabulary):
            return part
    return next((marker for part in get_args(annotation) if (marker := _marker(part))), None)
