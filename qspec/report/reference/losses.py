"""Pages of the loss and its kinds: points, per cent of the baseline, per cent of the error, the metric's own unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qspec.model.measurand import LOSS_ALIASES
from qspec.report.reference import Kind, Page, codes, facts, kind

_LOSSES: dict[str, tuple[str, str, str]] = {
    "loss": (
        "How much worse the quantized model is than the baseline; positive is worse, whatever the metric's direction.",
        "The unit says which kind of loss is meant: `pp` for points, `% of baseline`, `% of error`, or the metric's own unit. "
        "A bare `%` leaves it open.\n\n"
        + facts([("also read", codes(f"{name}(m)" for name in LOSS_ALIASES))]),
        "loss(top1) <= 1 pp",
    ),
    "loss in points": (
        "The plain difference of two proportions, in percentage points.",
        "From 82.20 % to 81.21 % it is 0.99 pp.",
        "loss(top1) <= 1 pp",
    ),
    "loss of baseline": (
        "The difference over the baseline's value.",
        "From 82.20 % to 81.21 % it is 1.20 % of baseline. What is called recovery is its complement, and is written as a "
        "share of the baseline: `top1 >= 99 % of baseline`.",
        "loss(top1) <= 1 % of baseline",
    ),
    "loss of error": (
        "The growth of the error, which is one minus the metric.",
        "From 99.5 % to 98.5 % the error triples: 200 % of error, though only one point is lost. It is the kind to use close "
        "to the ceiling of a metric.",
        "loss(top1) <= 20 % of error",
    ),
    "loss in own unit": (
        "The difference in the metric's own unit: perplexity, decibels, a bare number.",
        "For a metric of which less is better, such as perplexity, an increase is the loss.",
        "loss(perplexity) <= 0.1 ppl",
    ),
    "loss of unspecified kind": (
        "A bare per cent on a loss, which may be points or per cent of the baseline.",
        "The checker asks which is meant (QS220). At execution both readings are judged, and the outcome is `ambiguous` unless "
        "they agree.",
        "loss(top1) <= 1 %",
    ),
    "recovery": (
        "The share of the baseline's value that is kept.",
        "It is read, and written in canonical layout as a bound on the metric: `top1 >= 99 % of baseline`. The share of "
        "another executor's degradation that is undone is `recovered(top1, from: EXECUTOR)`.",
        "top1 >= 99 % of baseline",
    ),
}


def _names() -> Iterable[str]:
    return _LOSSES


def _aliases() -> Mapping[str, str]:
    aliases = dict.fromkeys(LOSS_ALIASES, "loss") | {"relative loss": "loss of baseline"}
    return aliases | {"absolute loss": "loss in points", "ambiguous loss": "loss of unspecified kind"}


def _page(name: str) -> Page:
    title, more, bound = _LOSSES[name]
    example = f"qspec 1\n\nclaim bounded {{\n  executor {{ baseline: fp32 }}\n  {bound}\n}}\n"
    return Page("loss", name, title, more, example)


kind(Kind("loss", "Losses and their kinds", _names, _page, _aliases), __name__)
