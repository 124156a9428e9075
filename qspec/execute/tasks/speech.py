"""Speech recognition: transcripts by best-path decoding of frames, or written by a decoder token by token."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.nature import Nature
from qspec.data.tokenizer import Tokenizer
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays
from qspec.execute.tasks import registry
from qspec.execute.tasks.generation import Generation
from qspec.execute.tasks.runner import Gatherer, TaskData, TaskRunner
from qspec.metrics.predictions import Predictions
from qspec.model.expression import number


class BestPath(TaskRunner):
    """Logits (utterances, frames, tokens) of connectionist temporal classification (Graves et al., ICML 2006).

    The likeliest token of each frame, repetitions merged and blanks dropped, is read by the model's tokenizer. The
    blank is the tokenizer's padding token, or `decoding: greedy(blank: NUMBER)`. An output of whole numbers
    (utterances,) tells how many frames count; otherwise all do. True transcripts are texts.
    """

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        if self.data.tokenizer is None:
            raise QSpecError(
                "Nothing says what the model's token numbers mean.",
                hint='add `tokenizer: "tokenizer.json"` to the model',
            )
        return self.data.tokenizer

    @cached_property
    def blank(self) -> int:
        """The number of the token that stands for none."""
        prompt = self.data.evaluation.prompt
        decoding = prompt.decoding if prompt is not None else None
        if decoding is not None and decoding.name != "greedy":
            raise NotExecutableError(
                f"The decoding `{decoding}` is not run here.", hint="declare `decoding: greedy`"
            )
        declared = number(decoding.named.get("blank")) if decoding is not None else None
        padding = self._tokenizer.padding()
        if declared is None and padding is None:
            raise QSpecError(
                f"{self._tokenizer.name} has no token for padding, and nothing says which one is the blank.",
                hint="say its number in the prompt: `decoding: greedy(blank: 0)`",
            )
        return int(declared) if declared is not None else padding[0] if padding is not None else 0

    @cached_property
    def references(self) -> list[Any]:
        """True transcripts."""
        return self.data.texts("true transcripts")

    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """The transcripts of a block of utterances beside the true ones."""
        logits = self.data.steps.after(self.data.chosen(outputs, 3))
        if logits.ndim != 3:
            raise QSpecError(
                f"The model's output has the shape {list(logits.shape)}, and logits of frames are "
                "[utterances, frames, tokens].",
                hint="name the output with logits under the model's `outputs`",
            )
        best = logits.argmax(axis=2)
        counts = next(
            (a for a in outputs.values() if a.ndim == 1 and a.dtype.kind in "iu"),
            np.full(len(best), best.shape[1]),
        )
        texts = [self._read(frames[:count]) for frames, count in zip(best, counts, strict=True)]
        return Predictions({"text": texts, "reference": [self.references[row] for row in rows]})

    def _read(self, frames: NDArray[np.int64]) -> str:
        if self._tokenizer.collapses:  # it needs the blanks, to tell a double letter from a long one
            return self._tokenizer.decode(frames, special=True).strip()
        merged = frames[np.concatenate([[True], frames[1:] != frames[:-1]])] if len(frames) else frames
        return self._tokenizer.decode(merged[merged != self.blank]).strip()

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The same whatever the graph ends in."""
        return "text", "reference"

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The transcript."""
        return np.asarray(predictions.texts("text"))


@registry.register("speech-recognition")
def speech_recognition(data: TaskData) -> TaskRunner | Gatherer:
    """Written by a decoder where the graph has an input `decoder…ids`, else frame by frame."""
    written = any(name.startswith("decoder") and "ids" in name for name in data.ports)
    return Generation(data) if written else BestPath(data)
