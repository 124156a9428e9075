"""Pages of the axes: what each asks of a claim, which answers count, and which do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qspec.checks.axis import AXES, DECISION_GRADE, INTERPRETABLE
from qspec.report.reference import Kind, Page, facts, kind


@dataclass(frozen=True)
class Asked:
    """What an axis asks, in sentences."""

    asks: str
    stated: str
    vague: str
    matters: str
    example: str
    parts: str = ""


_AXES: dict[str, Asked] = {
    "task": Asked(
        asks="For which downstream task was the loss measured?",
        stated="A task of the language, on data that are named.",
        vague="A field of work (`nlp`, `general capability`), or a task without its data.",
        matters="A model may lose nothing when it sorts pictures and much when it finds objects in them. A loss without its "
        "task says nothing about another one.",
        example="""\
executor pair {
  task:     image-classification
  test-set  { data: "ImageNet 2012" @ "val", split: validation, composition: clean, size: 50000 }
}
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "model": Asked(
        asks="Which base model, and which quantized variant of it?",
        parts="`base` and `quantized`; the axis is as good as the worse of the two.",
        stated="Both with a version, a revision or a digest. A quantized variant that is derived here is stated by the digest "
        "of its base, its complete precision and the program that quantizes.",
        vague="A family (`Llama`, `ResNet`), or `our model`.",
        matters="Two checkpoints of one name differ in training and therefore in how they bear quantization; two quantizations "
        "of one checkpoint differ by points.",
        example="""\
executor pair {
  model { base: "ResNet-50" @ "v1.5", quantized: "acme/resnet50-int8" @ "77ab01c" }
}
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "metric": Asked(
        asks="Which scoring rule?",
        stated="A metric of the language, with the parameters it needs: the cut-off, the averaging, the bins, the "
        "normalization.",
        vague="`accuracy` on images, `quality`, `f1` on many classes without its averaging.",
        matters="Macro and micro averages, raw and length-normalized likelihoods, 10 and 15 bins give different losses on the "
        "same answers.",
        example="""\
executor pair {
  task:    image-classification
  metrics: [top1, ece(bins: 15)]
}
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "baseline": Asked(
        asks="What is the loss relative to?",
        stated="A precision or a scheme by name, another executor or another model, on the same data and metric.",
        vague="`original`, `full model`, `unquantized`, `16-bit`.",
        matters="A loss from bf16 and a loss from fp32 are different amounts, and an original may itself be quantized.",
        example="""\
executor pair { baseline: fp32 }
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "calibration": Asked(
        asks="From which data, by which procedure and from how many samples do the scales come?",
        parts="`data`, `method` and `size`.",
        stated="All three, or `not-applicable` with its reason where the scheme reads no data.",
        vague="`representative data`, or a data set without the procedure.",
        matters="Ranges chosen on other data clip what the test set holds; ranges chosen on the test set flatter it.",
        example="""\
executor pair {
  calibration { data: "ImageNet 2012" @ "train", method: entropy, size: 512, seed: 0 }
}
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "strata": Asked(
        asks="Where does the degradation concentrate?",
        stated="A decomposition of the test set, with a value or a bound for its strata.",
        vague="`balanced`; a decomposition that nothing is said about; several benchmarks under one average.",
        matters="A small loss of the whole can be a large loss of a rare class. An average over strata of opposite sign hides "
        "both.",
        example="""\
executor pair {
  strata { class: by label }
}
claim shown on pair {
  loss(top1) <= 1 pp
  loss(top1) <= 3 pp for each class
}
""",
    ),
    "test_set": Asked(
        asks="Was it measured on clean data, out of distribution, in strata, or on the domain of its use?",
        parts="`data`, `split` and `composition`.",
        stated="A data set with its version, its split and its composition.",
        vague="`standard benchmark`, or a data set without a split.",
        matters="Quantization tends to cost more away from the data a model was tuned on, and versions of a benchmark differ.",
        example="""\
executor pair {
  test-set { data: "ImageNet 2012" @ "val", split: validation, composition: clean, size: 50000 }
}
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "sample_size": Asked(
        asks="How many examples: is the interval narrower than the effect?",
        stated="The number of examples, and the number in each stratum where strata are bounded.",
        vague="`large`, or figures for strata without their numbers.",
        matters="Without the number of examples no reader can tell a loss of 0.4 points from chance.",
        example="""\
executor pair {
  test-set { data: "ImageNet 2012" @ "val", split: validation, composition: clean, size: 50000 }
}
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "executor": Asked(
        asks="On which hardware, driver and runtime, with how many threads, at which batch and concurrency?",
        stated="Enough to repeat it: a processor or accelerator, a runtime with its version, and a load with its batch. "
        "`local` counts once a measured block names the machine.",
        vague="`on GPU`.",
        matters="Integer arithmetic differs between instruction sets, fusions differ between runtimes, and dynamic ranges "
        "depend on the batch.",
        example="""\
executor pair {
  hardware { cpu: "Xeon Platinum 8358", cores: 32 }
  runtime  { name: onnxruntime, version: "1.20", provider: cpu, threads: 32 }
  load     { scenario: offline, batch: 32 }
}
claim shown on pair { loss(top1) <= 1 pp }
""",
    ),
    "pair": Asked(
        asks="Are speed and accuracy given for one workload?",
        stated="Both, on the same data, batch and precision.",
        vague="A speed-up beside somebody else's accuracy.",
        matters="Each can be bought with the other. A speed at batch 1 and an accuracy at batch 64 describe two systems.",
        example="""\
executor pair { task: image-classification, metrics: [top1] }
claim shown on pair {
  loss(top1) <= 1 pp
  throughput >= 1.5 x baseline
}
""",
    ),
    "evidence": Asked(
        asks="How was it measured, and by whom?",
        stated="Device, engine, simulated, emulator, literature, second-hand, requirement or tuning-criterion; vendor, buyer "
        "or third party; or a measured block.",
        vague="Nothing: silence is taken as silence.",
        matters="A requirement, a number copied from a paper and a measurement read alike once they stand in a table.",
        example="""\
executor pair { task: image-classification, metrics: [top1] }
claim shown on pair {
  evidence: [device, third-party]
  loss(top1) <= 1 pp
}
""",
    ),
}  # fmt: skip


def _names() -> Iterable[str]:
    return AXES


def _aliases() -> Mapping[str, str]:
    return {name.replace("_", "-"): name for name in AXES if "_" in name}


def _page(name: str) -> Page:
    asked = _AXES[name]
    counts = [
        grade
        for grade, axes in (("decision-grade", DECISION_GRADE), ("interpretable", INTERPRETABLE))
        if name in axes
    ]
    body = "\n\n".join(
        [
            facts([("parts", asked.parts), ("needed for a claim to be", " and ".join(counts))]),
            f"## What counts as stated\n\n{asked.stated}",
            f"## What does not\n\n{asked.vague}",
            f"## Why it matters\n\n{asked.matters}",
            "Leaving the axis out says that nobody looked; `unstated` says that the source was read and does not say; "
            '`not-applicable "why"` says that the axis does not exist here.',
        ]
    )
    return Page("axis", name, asked.asks, body, f"qspec 1\n\n{asked.example}")


kind(Kind("axis", "Axes of a claim", _names, _page, _aliases), __name__)
