"""New specs, in the language's own words, with every axis there to be filled in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qspec.canonical import file_digest
from qspec.errors import Place, QSpecError
from qspec.lang.format import format_text
from qspec.lang.source import Source
from qspec.model.spelling import quote

_CLAIM = """\
qspec 1

model my-model {{
  version: "1"
  file:    {model}
  sha256:  "{model_digest}"
}}

dataset my-data {{
  source:  {data}
  sha256:  "{data_digest}"
  version: "1"
  splits   {{ calibrate: {facts.calibrate}, test: {facts.test} }}  # row ranges, half-open
  inputs   {{ {facts.inputs} }}  # model input: column
  label:   {facts.label}
}}

executor my-int8 {{
  hardware:    local
  runtime      {{ name: onnxruntime, provider: cpu, threads: 1 }}
  model:       my-model
  precision {{
    method:      ptq-static
    weights:     int8  {{ granularity: per-channel, symmetric: true }}
    activations: uint8 {{ granularity: per-tensor }}
  }}
  baseline:    fp32
  calibration  {{ data: my-data.calibrate, size: {facts.calibration_size}, method: minmax, seed: 0 }}
  task:        {facts.task}
  metrics:     [{facts.metrics}]
  test-set     {{ data: my-data.test, composition: unstated, size: {facts.test_size} }}
  strata{facts.strata_item}
  load         {{ scenario: offline, batch: 32 }}
}}

claim my-claim on my-int8 {{
{facts.bounds}
  throughput >= 1.2 x baseline
}}
"""

_VENDOR = """\
qspec 1

# Somebody else's statement, as it stands. What the source does not say is `unstated`.

claim their-claim {{
  source       {{ vendor: "NAME", url: "https://example.org/", date: 2026-01-01 }}
  evidence:    second-hand
  executor {{
    model        {{ base: "NAME VERSION", quantized: unstated }}
    precision    {{ weights: int8, activations: int8 }}
    baseline:    unstated
    calibration: unstated
    task:        image-classification
    metrics:     [top1]
    test-set:    unstated
    strata:      unstated
    hardware:    unstated
    runtime:     unstated
  }}
  reported     {{ top1 {{ baseline: 76.1 %, quantized: 75.9 % }} }}
  loss(top1) <= 1 pp
}}
"""

_PAPER = """\
qspec 1

# A claim beside a paper: its figures are reported, its executor is named, and `qspec check` says what is missing.

claim table-2 {{
  title:       "What the table is about"
  source       {{ title: "TITLE", url: "https://example.org/", locator: "table 2" }}
  evidence:    device
  executor {{
    hardware     {{ accelerator: "NAME", driver: "VERSION" }}
    runtime      {{ name: onnxruntime, version: "1.31", provider: cuda }}
    model        {{ base: "ORG/NAME" @ "REVISION", quantized: "ORG/NAME" @ "REVISION" }}
    precision    {{ method: ptq-static, weights: int8 {{ granularity: per-channel }}, activations: int8 }}
    baseline:    fp16
    calibration  {{ data: "NAME" @ "REVISION", size: 512, method: entropy }}
    task:        image-classification
    metrics:     [top1]
    test-set     {{ data: "NAME" @ "REVISION", split: validation, composition: clean, size: 50000 }}
    strata       {{ class: by label }}
    load         {{ scenario: offline, batch: 64 }}
  }}
  reported {{
    top1 {{ baseline: 76.1 %, quantized: 75.9 % }}
    throughput {{ baseline: 1000 /s, quantized: 2000 /s }}
  }}
  loss(top1) <= 1 pp
  loss(top1) <= 3 pp for each class
  throughput >= 1.5 x baseline
}}
"""

_LANGUAGE_MODEL = """\
qspec 1

claim near-lossless {{
  executor {{
    hardware     {{ accelerator: "NAME", count: 1, driver: "VERSION" }}
    runtime      {{ name: vllm, version: "VERSION" }}
    model        {{ base: "ORG/NAME" @ "REVISION", quantized: "ORG/NAME-W4A16" @ "REVISION" }}
    precision:   W4A16 g128
    baseline:    bf16
    calibration  {{ data: "NAME" @ "REVISION", method: gptq, size: 512, length: 2048 }}
    evaluation perplexity {{
      task:        language-modelling
      metrics:     [perplexity(per: token, stride: 2048)]
      test-set     {{ data: "NAME" @ "REVISION", split: test, composition: out-of-distribution, size: 245569 tokens }}
      statistics   {{ unit: by document }}
      strata:      unstated
    }}
    evaluation questions {{
      task:        multiple-choice
      metrics:     [accuracy(normalization: none)]
      test-set     {{ data: "NAME" @ "REVISION", split: test, composition: stratified, size: 14042 }}
      prompt       {{ shots: 5, template: "NAME VERSION", chat-template: false }}
      strata       {{ subject: by subject }}
    }}
    load single  {{ scenario: single-stream, batch: 1, prompt-tokens: 512, new-tokens: 128 }}
  }}
  loss(perplexity) <= 0.1 ppl          on perplexity
  loss(accuracy)   <= 1 pp             on questions
  loss(accuracy)   <= 3 pp             on questions for each subject
  latency(p99)     <= 25 ms per token  on single
}}
"""

TEMPLATES = {"claim": _CLAIM, "paper": _PAPER, "vendor": _VENDOR, "language-model": _LANGUAGE_MODEL}
"""What each template is called."""


@dataclass(frozen=True)
class Facts:
    """What a spec says of a model and its data; as it stands, an example to be written over."""

    inputs: str = "input: x"
    label: str = "y"
    calibrate: str = "0..500"
    test: str = "500..1500"
    calibration_size: int = 128
    test_size: int = 1000
    task: str = "image-classification"
    metrics: str = "top1"
    strata: str = "class: by label"
    assertions: tuple[str, ...] = ("loss(top1) <= 1 pp", "loss(top1) <= 5 pp for each class")

    @property
    def strata_item(self) -> str:
        """What follows the key `strata`: a silence, or a block."""
        return f":      {self.strata}" if self.strata == "unstated" else f"       {{ {self.strata} }}"

    @property
    def bounds(self) -> str:
        """The assertions about accuracy, a line each."""
        return "\n".join(f"  {assertion}" for assertion in self.assertions)


def new_spec(
    template: str, folder: Path, model: Path | None, data: Path | None, facts: Facts | None = None
) -> str:
    """The text of a new spec in `folder`, laid out, with the paths and digests of the files that are given."""
    model_path, model_digest = _file(folder, model, "models/model.onnx")
    data_path, data_digest = _file(folder, data, "data/data.npz")
    text = TEMPLATES[template].format(
        model=quote(model_path),
        model_digest=model_digest,
        data=quote(data_path),
        data_digest=data_digest,
        facts=facts or Facts(),
    )
    return format_text(Source(template, text))


def _file(folder: Path, given: Path | None, default: str) -> tuple[str, str]:
    if given is None:
        return default, "0" * 64
    if not given.is_file():
        raise QSpecError("There is no such file.", place=Place(str(given)), hint="check the path")
    path = os.path.relpath(given.resolve(), folder.resolve())
    if path.startswith(".."):
        raise QSpecError(
            f"{given} lies outside the folder of the new spec, which may read only what is below it.",
            place=Place(str(given)),
            hint="write the spec in a folder above its model and its data",
        )
    return Path(path).as_posix(), file_digest(given)
