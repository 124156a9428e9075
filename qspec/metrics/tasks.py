"""The tasks of the language: what each scores by default, which words leave its metric open, what clusters it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

_ANYTHING = frozenset({"quality", "performance", "score", "precision-loss", "fidelity", "effectiveness"})


@dataclass(frozen=True)
class Task:
    """A downstream task."""

    name: str
    title: str
    doc: str
    default_metrics: tuple[str, ...]
    """What is usually scored, as metric terms with their parameters."""
    vague: frozenset[str] = _ANYTHING
    """Words people use for a metric here that do not define a scoring rule."""
    clusters: tuple[str, ...] = ()
    """What its examples usually come in, so that they are not independent."""
    generates: bool = False
    """True when a model writes text, so that prompt and decoding are part of the score."""
    row: str | None = None
    """What a row of its data is, where the task itself says so: a unit (`by query`) that no column need name."""


def _task(
    name: str,
    title: str,
    doc: str,
    default_metrics: tuple[str, ...],
    vague: str = "",
    clusters: tuple[str, ...] = (),
    generates: bool = False,
    row: str | None = None,
) -> Task:
    return Task(name, title, doc, default_metrics, _ANYTHING | set(vague.split()), clusters, generates, row)


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        _task(
            "image-classification",
            "Image classification",
            "One class for each image.",
            ("top1",),
            "accuracy f1 precision recall",
            ("patient", "site", "source image"),
        ),
        _task(
            "object-detection",
            "Object detection",
            "Boxes with classes and scores for each image.",
            ("map(iou: 0.5..0.95)",),
            "accuracy map ap precision recall",
            ("scene", "video"),
        ),
        _task(
            "segmentation",
            "Segmentation",
            "One class for each pixel.",
            ("miou",),
            "accuracy iou dice",
            ("scene", "video", "patient"),
        ),
        _task(
            "text-classification",
            "Text classification",
            "One class for each text.",
            ("top1",),
            "accuracy f1 precision recall",
            ("author", "document"),
        ),
        _task(
            "token-classification",
            "Token classification",
            "One class for each token, for example named entities.",
            ("f1(macro)",),
            "accuracy f1 precision recall",
            ("document", "sentence"),
        ),
        _task(
            "tabular-classification",
            "Tabular classification",
            "One class for each row of a table.",
            ("top1",),
            "accuracy f1 precision recall",
            ("patient", "site", "household"),
        ),
        _task(
            "retrieval",
            "Retrieval",
            "Items of a collection, ranked for each query.",
            ("recall@10", "ndcg@10"),
            "accuracy recall precision ndcg relevance",
            ("query", "topic"),
            row="query",
        ),
        _task(
            "language-modelling",
            "Language modelling",
            "The probability of each next token of a text.",
            ("perplexity(per: token)",),
            "accuracy loss perplexity",
            ("document",),
            row="document",
        ),
        _task(
            "multiple-choice",
            "Multiple choice",
            "One of several given answers for each question.",
            ("accuracy(normalization: none)",),
            "accuracy acc",
            ("passage", "subject"),
        ),
        _task(
            "reasoning",
            "Reasoning",
            "A generated answer to each problem, scored by exact match.",
            ("exact-match",),
            "accuracy acc reasoning",
            ("template", "passage"),
            generates=True,
        ),
        _task(
            "question-answering",
            "Extractive question answering",
            "A span of a passage for each question.",
            ("exact-match(normalization: squad)", "token-f1(normalization: squad)"),
            "accuracy f1",
            ("passage",),
        ),
        _task(
            "summarization",
            "Summarization",
            "A summary of each document.",
            ("rouge(L)",),
            "accuracy rouge coherence",
            ("document",),
            generates=True,
        ),
        _task(
            "translation",
            "Translation",
            "A translation of each sentence.",
            ("bleu", "chrf"),
            "accuracy adequacy fluency",
            ("document",),
            generates=True,
        ),
        _task(
            "speech-recognition",
            "Speech recognition",
            "A transcript of each utterance.",
            ("wer(normalization: plain)",),
            "accuracy wer",
            ("speaker", "recording"),
            generates=True,
        ),
        _task(
            "recommendation",
            "Recommendation",
            "Items ranked for each user.",
            ("ndcg@10", "hit-rate@10"),
            "accuracy recall precision ndcg hit-rate relevance",
            ("user",),
        ),
        _task(
            "super-resolution",
            "Super-resolution",
            "A larger image out of each image.",
            ("psnr(peak: 1)",),
            "accuracy psnr sharpness",
            ("scene",),
        ),
        _task(
            "regression",
            "Regression",
            "A number, or several, for each example.",
            ("mae", "mse"),
            "accuracy error",
            ("patient", "site"),
        ),
    )
}

_CLASSIFY = ("image-classification", "text-classification", "tabular-classification")
_WRITE = ("reasoning", "question-answering", "summarization", "translation")

VAGUE_TASKS: dict[str, tuple[str, ...]] = {
    "accuracy": (),
    "classification": _CLASSIFY,
    "detection": ("object-detection",),
    "general": (),
    "general capability": (),
    "general-capability": (),
    "generation": _WRITE,
    "inference": (),
    "language understanding": ("text-classification", "multiple-choice", "question-answering"),
    "llm": ("language-modelling", "multiple-choice", *_WRITE),
    "natural language processing": ("text-classification", "token-classification", *_WRITE),
    "nlp": ("text-classification", "token-classification", *_WRITE),
    "recognition": ("image-classification", "speech-recognition"),
    "speech": ("speech-recognition",),
    "text generation": _WRITE,
    "text-generation": _WRITE,
    "vision": ("image-classification", "object-detection", "segmentation", "super-resolution"),
}
"""Words that name a field rather than a task, with the tasks that may be meant."""


def find_task(name: str) -> Task | None:
    """The task called `name`, blanks and underscores read as hyphens; None when there is none."""
    return TASKS.get(
        name.strip().lower().replace(" ", "-").replace("_", "-").replace("modeling", "modelling")
    )


def suggest_task(name: str) -> str | None:
    """The nearest task name, or None when nothing is near."""
    near = get_close_matches(name.lower().replace(" ", "-"), list(TASKS), n=1, cutoff=0.6)
    return near[0] if near else None
