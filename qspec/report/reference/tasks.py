"""Pages of the downstream tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qspec.metrics.tasks import TASKS, VAGUE_TASKS
from qspec.report.reference import Kind, Page, codes, facts, kind


def _names() -> Iterable[str]:
    return TASKS


def _aliases() -> Mapping[str, str]:
    return {name.replace("modelling", "modeling"): name for name in TASKS if "modelling" in name}


def _page(name: str) -> Page:
    task = TASKS[name]
    mistaken = [words for words, meant in VAGUE_TASKS.items() if name in meant]
    body = facts(
        [
            ("usually scored by", codes(task.default_metrics)),
            ("words that leave its metric open", codes(sorted(task.vague))),
            ("examples often come in", ", ".join(task.clusters)),
            ("words too wide to name it", codes(mistaken)),
            ("here", "a model is run on it, or outputs made elsewhere are scored"),
        ]
    )
    if task.generates:
        body += (
            "\n\nA model writes text here, so that the prompt, its template, the number of worked examples and the "
            "decoding are part of the score: an evaluation needs a `prompt` block."
        )
    example = f"qspec 1\n\nexecutor pair {{\n  task:    {name}\n  metrics: [{', '.join(task.default_metrics)}]\n}}\n"
    return Page("task", name, task.doc, body, example)


kind(Kind("task", "Tasks", _names, _page, _aliases), __name__)
