"""Generation: greedy answers to prompts, for reasoning, summaries and translations; by exact match or as texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.evaluate import Column, Rows
from qspec.execute.sessions import Arrays, Session
from qspec.execute.tasks import registry
from qspec.execute.tasks.answering import Ending
from qspec.execute.tasks.decoding import END, Layout, batches, greedy
from qspec.execute.tasks.runner import Gatherer, Progress, TaskData, check_cells
from qspec.execute.tasks.texts import TokenColumn, token_column
from qspec.metrics.predictions import Predictions
from qspec.model.expression import number

_FIELD = re.compile(r"\{([A-Za-z_][\w.-]*)\}")


@registry.register("reasoning", aliases=("summarization", "translation"))
class Generation(Gatherer):
    """Prompts of token numbers (rows, length), or texts that the model's tokenizer reads; answers beside true ones.

    True answers are token numbers (rows, tokens), negative behind their end, or texts. Prompts of one length go
    through the model together, or of any length where the graph takes a mask and positions. A graph with cache inputs
    is fed one token a step, another the whole text. Texts are wrapped in the model's chat template where the prompt declares
    it; token numbers are taken to be so. A graph with an input `decoder…ids` reads the prompt with its
    encoder and starts its answer with the token `decoding: greedy(start: NUMBER)`.
    """

    def __init__(self, data: TaskData) -> None:
        super().__init__(data)
        prompt = data.evaluation.prompt
        decoding = prompt.decoding if prompt is not None else None
        if decoding is not None and decoding.name != "greedy":
            raise NotExecutableError(
                f"The decoding `{decoding}` is not run here.", hint="declare `decoding: greedy`"
            )
        self.ending = Ending.of(prompt, data.tokenizer)
        start = number(decoding.named.get("start")) if decoding is not None else None
        self.start = None if start is None else int(start)
        limit = prompt.max_tokens if prompt is not None else None
        if limit is None and self.in_words:
            raise QSpecError(
                "Nothing says how long an answer may be.",
                hint="add `max-tokens: 64`, or another, to the prompt",
            )
        self.most = int(limit.value) if limit is not None else self.labels.shape[1]
        if self.most < 1:
            raise QSpecError(f"An answer of {self.most} tokens is none.", hint="raise `max-tokens`")
        check_cells(len(data.rows) * self.most, f"Answers of {self.most:,} tokens")

    # What is asked, and what is true ---------------------------------------------------------------

    @cached_property
    def in_words(self) -> bool:
        """Whether true answers are texts."""
        return self.data.answer_column(np.arange(1)).dtype.kind == "U"

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """True answers, (rows, tokens), without the token that stops, -1 behind their end."""
        labels = self.data.whole_numbers("true answers", 1, 2)
        return self.ending.cut(labels.reshape(len(labels), -1))

    @cached_property
    def _layout(self) -> Layout:
        ports = self.data.ports
        written = any(name.startswith("decoder") and "ids" in name for name in ports)
        if written and not self._reads_tokens:
            return Layout.of(ports.values(), "", self._columns)
        return Layout.of(ports.values(), self._source.name, self._source.feeds)

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        return self.data.columns()

    @cached_property
    def _reads_tokens(self) -> bool:
        """False for an encoder that is fed numbers which are no tokens, such as sound."""
        return not any(column.dtype.kind == "f" for column in self.data.columns().values())

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        """How many tokens each prompt is; all alike for an encoder that reads no tokens."""
        if not self._reads_tokens:
            return np.ones(len(self.data.rows), np.int64)
        return np.asarray(self._source.valid.sum(axis=1), dtype=np.int64)

    @cached_property
    def _source(self) -> TokenColumn:
        """The prompts with their tokens first and their padding after them."""
        source = token_column(self.data, 2, self._filled(), asks=True)
        if not source.valid.any(axis=1).all():
            raise QSpecError(f"A prompt of {self.data.table.source} is empty.", hint="leave such rows out")
        order, shape = np.argsort(~source.valid, axis=1, kind="stable"), source.tokens.shape

        def moved(array: NDArray[Any]) -> NDArray[Any]:
            return np.take_along_axis(array, order, 1) if array.shape == shape else array

        feeds = {name: moved(array) for name, array in source.feeds.items()}
        return TokenColumn(source.name, moved(source.tokens), moved(source.valid), feeds)

    def _filled(self) -> list[str] | None:
        """Prompts out of a template that names columns, `Question: {question}`; None for any other."""
        prompt, table = self.data.evaluation.prompt, self.data.table
        named = _FIELD.findall(str(prompt.template or "")) if prompt is not None else []
        if prompt is None or not named:
            return None
        columns = {name: table.take(name, self.data.rows) for name in named}

        def filled(row: int) -> str:
            return _FIELD.sub(lambda found: str(columns[found[1]][row]), str(prompt.template))

        return [filled(row) for row in range(len(self.data.rows))]

    @cached_property
    def _prompts(self) -> NDArray[np.int64]:
        """What the model continues, (rows, length): its prompt, or the token that an answer starts with."""
        if not self._layout.encodes:
            return self._source.tokens
        if self.start is None:
            raise QSpecError(
                "Nothing says with which token the model starts to write.",
                hint="say its number in the prompt: `decoding: greedy(start: 0)`",
            )
        return np.full((len(self.data.rows), 1), self.start, np.int64)

    @cached_property
    def _fixed(self) -> Mapping[str, Column]:
        """What an encoder reads, by input."""
        if not self._layout.encodes:
            return {}
        return self._source.feeds if self._reads_tokens else self._columns

    # Running ---------------------------------------------------------------------------------------

    def inputs(self) -> Mapping[str, Column]:
        """The first step of every prompt, as the model is timed on it."""
        tokens = self._prompts
        inside = np.arange(tokens.shape[1]) < (1 if self._layout.encodes else self._lengths[:, None])
        return self._layout.first(tokens, np.broadcast_to(inside, tokens.shape), self._fixed)

    def run(
        self, sessions: tuple[Session, Session], batch: int, progress: Progress
    ) -> tuple[Arrays, Arrays, int]:
        """The answers of both models."""
        n = len(self.data.rows)
        first, second = (
            self._answers(session, batch, lambda done, at=at: progress((at * n + done) // 2, n))
            for at, session in enumerate(sessions)
        )
        return {"prediction": first}, {"prediction": second}, 0

    def run_one(self, session: Session, batch: int) -> Arrays:
        """The answers of one model."""
        return {"prediction": self._answers(session, batch, lambda done: None)}

    def _answers(self, session: Session, batch: int, told: Any) -> NDArray[np.int64]:
        tokens, layout = self._prompts, self._layout
        answers, done = np.full((len(tokens), self.most), END, dtype=np.int64), 0
        for rows in batches(self._lengths, batch, mixed=layout.pads):
            taken = rows if session.batch_size is None else np.resize(rows, batch)
            prompt, inside = self._ending_together(taken)
            answers[taken] = greedy(
                session,
                layout,
                prompt,
                inside,
                self._read(taken),
                most=self.most,
                ended=self.ending,
                outputs=self.data.outputs,
            )
            done += len(rows)
            told(done)
        return self.ending.cut(answers)

    def _ending_together(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Some prompts with what they lack to the longest before them, and where they are no padding."""
        tokens = self._prompts[rows]
        if self._layout.encodes:
            return tokens, np.ones(tokens.shape, np.bool_)
        lengths = self._lengths[rows]
        places = np.arange(lengths.max()) - (lengths.max() - lengths)[:, None]
        return np.where(places >= 0, np.take_along_axis(tokens, np.maximum(places, 0), 1), 0), places >= 0

    def _read(self, rows: NDArray[np.int64]) -> dict[str, Column]:
        """What an encoder reads for some rows; without padding where it takes no mask and they are of one length."""
        read = {name: np.asarray(column[rows]) for name, column in self._fixed.items()}
        if not self._reads_tokens or self._layout.pads:
            return dict(read)
        shape, length = (len(rows), self._source.tokens.shape[1]), int(self._lengths[rows].max())
        return {name: array[:, :length] if array.shape == shape else array for name, array in read.items()}

    # Scoring ---------------------------------------------------------------------------------------

    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """Not asked for: answers take many steps."""
        return {}

    def probe(self, outputs: Arrays, rows: Rows) -> NDArray[Any]:
        """The likeliest token after every token of the prompt."""
        likeliest = self.data.chosen(outputs, 3).argmax(axis=-1)
        if self._layout.encodes:
            return np.asarray(likeliest)
        inside = np.arange(likeliest.shape[1]) < self._lengths[rows, None]
        return np.where(inside, likeliest, END)

    def gather(self, features: Arrays) -> Predictions:
        """Answers beside the true ones: texts, or token numbers, both as wide as the longer."""
        answers = features["prediction"]
        if self.in_words:
            texts, references = [self.ending.text(one) for one in answers], self.data.texts("true answers")
            return Predictions({"text": texts, "reference": references})
        labels = self.labels
        width = max(answers.shape[1], labels.shape[1])
        padded = [
            np.pad(one, ((0, 0), (0, width - one.shape[1])), constant_values=END) for one in (answers, labels)
        ]
        return Predictions({"prediction": padded[0], "label": padded[1]})

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The answer, as text or token by token."""
        return np.asarray(predictions.texts("text")) if self.in_words else predictions.array("prediction")
