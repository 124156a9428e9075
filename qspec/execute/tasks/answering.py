"""Where a written answer ends, and what it says: tokens up to a stop, and as text by the model's tokenizer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qspec.data.tokenizer import Tokenizer
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.tasks.decoding import END
from qspec.model.evaluation import Prompt


@dataclass(frozen=True)
class Ending:
    """The stop condition of an evaluation: tokens by number, and texts that end an answer wherever they come up."""

    tokens: NDArray[np.int64]
    texts: tuple[str, ...]
    tokenizer: Tokenizer | None

    @classmethod
    def of(cls, prompt: Prompt | None, tokenizer: Tokenizer | None) -> Ending:
        """What `stop` declares: with a tokenizer its texts, a whole token or part of an answer, else token numbers.

        Raises `NotExecutableError` for a text where there is no tokenizer.
        """
        numbers, texts = [], []
        for stop in prompt.stop if prompt is not None else []:
            number = tokenizer.number(stop) if tokenizer is not None else None
            if number is not None:
                numbers.append(number)
            elif tokenizer is not None and stop:
                texts.append(stop)
            elif stop.strip().isdecimal():
                numbers.append(int(stop))
            else:
                raise NotExecutableError(
                    f"The answers end at the text {stop!r}, and a text needs a tokenizer.",
                    hint='add `tokenizer: "tokenizer.json"` to the model, or write the number of the token that ends '
                    'an answer: `stop: ["2"]`',
                )
        return cls(np.asarray(numbers, dtype=np.int64), tuple(texts), tokenizer)

    def __call__(self, answers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the answers so far, (rows, steps), are at their end."""
        at_end = np.isin(answers[:, -1], self.tokens)
        if self.texts:
            for row in np.flatnonzero(~at_end & (answers[:, -1] != END)):
                text = self._decoded(answers[row])
                at_end[row] = any(stop in text for stop in self.texts)
        return np.asarray(at_end)

    def cut(self, answers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The answers without the token that stops, -1 behind their end."""
        ended = (answers < 0) | np.isin(answers, self.tokens)
        return np.where(np.cumsum(ended, axis=1) > 0, END, answers)

    def text(self, answer: NDArray[np.int64]) -> str:
        """What an answer (steps,) says, up to a text that stops, without white space about it."""
        text = self._decoded(answer)
        ends = [place for stop in self.texts if (place := text.find(stop)) >= 0]
        return text[: min(ends, default=len(text))].strip()

    def _decoded(self, answer: NDArray[np.int64]) -> str:
        if self.tokenizer is None:
            raise QSpecError(
                "The true answers are texts, and nothing says what the model's token numbers mean.",
                hint='add `tokenizer: "tokenizer.json"` to the model',
            )
        return self.tokenizer.decode(answer[answer >= 0])
