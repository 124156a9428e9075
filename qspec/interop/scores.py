"""Files of scores as they are named on a command line, read by what they are and sorted by evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qspec.errors import QSpecError
from qspec.execute.sheets import PairedSheet, Sheet, pair, read_sheet
from qspec.interop.lm_eval import is_samples, read_samples


def read_scores(named: Sequence[str], evaluations: Sequence[str]) -> dict[str, PairedSheet]:
    """The columns of both models by evaluation, from files named `[EVALUATION=]FILE[#FILTER]`.

    Several files of one evaluation are those of the baseline, the quantized model and, if given, the references, in
    this order. Without EVALUATION they are of the only one. Raises `QSpecError` for what cannot be read or joined.
    """
    if not named:
        raise QSpecError("No file of scores is named.", hint="write --scores FILE")
    only = evaluations[0] if len(evaluations) == 1 else ""
    by_evaluation: dict[str, list[Sheet]] = {}
    for text in named:
        name, equals, rest = text.partition("=")
        given = bool(equals) and not Path(text).exists()
        by_evaluation.setdefault(name if given else only, []).append(_read(rest if given else text))
    return {name: pair(sheets) for name, sheets in by_evaluation.items()}


def _read(text: str) -> Sheet:
    path, filter = Path(text), None
    if not path.exists() and "#" in text:
        stem, _, filter = text.rpartition("#")
        path = Path(stem)
    if is_samples(path):
        return read_samples(path, filter)
    if filter is not None:
        raise QSpecError(
            f"`{filter}` chooses a filter of lm-evaluation-harness, and {path.name} holds no samples of it.",
            hint="leave `#…` out",
        )
    return read_sheet(path)
