"""What makes published claims easy to misread is found by the rules for it, and nothing is called wrong that is not."""

from __future__ import annotations

import pytest

FOUND = {
    "openvino-2022.1-abs-drop-hw": ["QS224"],  # the difference is published and neither value
    "openvino-latest-bert-base": ["QS221", "QS224"],  # a per cent sign for points
    "hailo-deit-small": ["QS222"],  # a loss in no unit
    "hailo-espcn-x2": ["QS222"],
    "arm-sesr-int8": ["QS224"],  # no baseline on the page
    "arm-wav2letter-int8": ["QS224"],
    "paddleslim-effnetb0": ["QS602"],  # FP32 against INT8 on an accelerator
    "paddleslim-deeplabv3-miou": ["QS602"],
    "onnx-yolov3-int8": ["QS225"],  # a fraction where the neighbours print ratios
    "onnx-maskrcnn-int8": ["QS225"],
    "onnx-bidaf-slower": ["QS322"],  # an improvement of 0.89x
    "onnx-shufflenet-error": ["QS224", "QS225"],  # the growth of an error
    "onnx-arcface-zero": ["QS408"],  # a saturated benchmark
    "gptq-readme-llama7b": ["QS507"],  # calibrated elsewhere than tested
    "gptq4llama-nf4-no-baseline": ["QS224"],  # the reference ran out of memory
    "olive-granite-moe": ["QS508", "QS804"],  # calibrated on the sister split; perplexity and nothing else
    "olive-quant-slms-mean-quality": ["QS221", "QS802"],  # the best setting, on the tasks it was chosen on
    "ct2-4x-minimal": ["QS201"],
    "st-openvino-0.4": ["QS221"],
    "nm-llama3-8b-w8a16": ["QS307"],  # text against table
    "nm-mixtral8x22-fp8-9914": ["QS222", "QS409"],  # the average cancels
    "nm-qwen2-72b-xx": ["QS224"],  # placeholders for references
    "rh-llama32-1b-w8a8": ["QS220"],
    "rh-granite31-w4a16": ["QS318"],  # four-bit activations in a W4A16 card
    "nm-qwen25-15b-fp8dyn": ["QS318"],  # an FP8 repository with an INT8 card
    "nm-mistral7b-gptq-modelindex": ["QS224"],
    "lostgentoo-gsm8k-floor": ["QS408"],  # one right answer of fifty
    "hf-blog-embed-quant-secondhand": ["QS224"],
    "ceva-resnet18-metadata": ["QS224"],  # the float scores alone
    "gemma3-1b-qat-better-than-bf16": ["QS317", "QS406", "QS804"],  # better than the original, by training
    "krishnamoorthi-within-2": ["QS220"],
    "gptq-abstract": ["QS201"],
    "ttq-plus0.3": ["QS221"],
    "deepcompression-35x": ["QS201"],
    "fp8-formats-matching": ["QS201"],
    "bf16-or-death-acl": ["QS201", "QS221"],  # lossless; (1-3%) of what
    "fb-emb-4bit-neutral": ["QS201"],
    "aspot8-yolov3tiny": ["QS221", "QS315"],  # compared with INT8
    "vllm-fp8-doc": ["QS201", "QS202"],  # up to, with a soft word behind it
    "jetson-int8-10pct": ["QS221"],
    "gguf-inherited-modelindex": ["QS224"],  # the parent's scores under the child's name
}
"""Codes that must be among a claim's findings, by id."""

OPEN = {
    "nncf-resnet50-negdrop": {"metric": "vague", "baseline": "vague"},
    "nncf-resnet18-xnor": {"metric": "vague", "baseline": "unstated"},
    "hailo-deit-small": {"metric": "unstated", "baseline": "vague"},
    "hailo-espcn-x2": {"metric": "unstated"},
    "hailo-resnet18-emulator": {"baseline": "vague"},
    "onnx-yolov3-int8": {"metric": "vague"},  # mAP of which definition
    "onnx-maskrcnn-int8": {"metric": "vague"},  # of boxes or of masks
    "onnx-bidaf-slower": {"metric": "vague"},
    "onnx-int8-37x-slower": {"pair": "missing", "metric": "unstated"},  # speed and no accuracy
    "ct2-opennmt-bleu-int8": {"metric": "vague", "baseline": "vague"},
    "marian-opus-int8": {"metric": "vague", "baseline": "vague"},
    "olive-granite-moe": {"baseline": "vague"},
    "nemotron-embed-mlx4": {"test_set": "unstated"},
    "hf-disc-llama31-gptq-mmlupro": {"baseline": "unstated"},
    "aicom-blog-fabricated": {"model": "unstated", "task": "unstated", "test_set": "unstated"},
    "qwen-rtd-quant-bench": {"strata": "vague"},  # several benchmarks under one average
    "gemma3-qat-54pct": {"baseline": "unstated", "task": "unstated"},
    "gemma3-qat-card-inherited-scores": {"metric": "unstated", "baseline": "unstated"},
}
"""States that axes must have, by id."""

WRONG = {
    ("onnx-bidaf-slower", "QS322"),
    ("nm-llama3-8b-w8a16", "QS307"),
    ("rh-granite31-w4a16", "QS318"),
    ("nm-qwen25-15b-fp8dyn", "QS318"),
}
"""The contradictions: claims that are wrong by their own words, with the code that says so."""


@pytest.mark.parametrize("name", FOUND)
def test_what_misleads_is_found(name, transcribed):
    codes = {finding.code for finding in transcribed[name].findings}
    assert set(FOUND[name]) <= codes


@pytest.mark.parametrize("name", OPEN)
def test_what_is_left_open_is_named(name, transcribed):
    axes = transcribed[name].report.graded.axes
    assert {axis: axes[axis].state for axis in OPEN[name]} == OPEN[name]
    (headline,) = [f for f in transcribed[name].findings if f.code == "QS100"]
    assert all(axis in headline.message for axis in OPEN[name])


def test_only_claims_that_contradict_themselves_are_called_wrong(transcribed):
    errors = {
        (name, finding.code)
        for name, one in transcribed.items()
        for finding in one.findings
        if finding.severity.value == "error"
    }
    assert errors == WRONG


def test_no_published_claim_is_decision_grade(transcribed):
    assert {one.report.graded.grade for one in transcribed.values()} == {"partial"}
