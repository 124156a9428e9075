"""Reasoning: greedy answers to prompts of token numbers, scored by exact match; with or without a cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.evaluate import Rows
from qspec.execute.sessions import Arrays, Port, Session
from qspec.execute.tasks import registry
from qspec.execute.tasks.runner import Gatherer, Progress, TaskData, check_cells, token_input
from qspec.metrics.predictions import Predictions

END = -1
"""Stands behind the last token of an answer."""


@registry.register("reasoning")
class Generation(Gatherer):
    """Prompts (rows, length) of token numbers, tokens first; true answers (rows, tokens), negative behind their end.

    Prompts of one length go through the model together, so that nothing is padded. A graph with cache inputs
    (`past…`, and outputs `present…` of the same ending) is fed one token a step, another the whole text.
    """

    def __init__(self, data: TaskData) -> None:
        super().__init__(data)
        prompt = data.evaluation.prompt
        if prompt is not None and prompt.decoding is not None and prompt.decoding.name != "greedy":
            raise NotExecutableError(
                f"The decoding `{prompt.decoding}` is not run here.", hint="declare `decoding: greedy`"
            )
        stops = prompt.stop if prompt is not None else []
        if not all(stop.strip().isdecimal() for stop in stops):
            raise NotExecutableError(
                "Answers here are token numbers, and a stop text needs a tokenizer.",
                hint='write the number of the token that ends an answer, as text: `stop: ["2"]`',
            )
        self.stop = np.asarray([int(stop) for stop in stops], dtype=np.int64)
        limit = prompt.max_tokens if prompt is not None else None
        self.most = int(limit.value) if limit is not None else self.labels.shape[1]
        if self.most < 1:
            raise QSpecError(f"An answer of {self.most} tokens is none.", hint="raise `max-tokens`")
        check_cells(len(data.rows) * self.most, f"Answers of {self.most:,} tokens")

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """True answers, (rows, tokens), without the token that stops, -1 behind their end."""
        labels = self.data.whole_numbers("true answers", 1, 2)
        labels = labels.reshape(len(labels), -1)
        ended = (labels < 0) | np.isin(labels, self.stop if hasattr(self, "stop") else [])
        return np.where(np.cumsum(ended, axis=1) > 0, END, labels)

    @cached_property
    def _prompts(self) -> tuple[str, NDArray[np.int64], NDArray[np.int64]]:
        """The input for tokens, the prompts, and the length of each."""
        feeds = self.data.inputs()
        name = token_input(feeds, 2, self.data.table.source)
        valid = self.data.valid_tokens(feeds, feeds[name].shape)
        if (np.diff(valid.astype(np.int8), axis=1) > 0).any() or not valid[:, 0].all():
            raise QSpecError(
                f"A prompt of {self.data.table.source} is empty or padded before its tokens.",
                hint="store tokens first and padding after them",
            )
        return name, feeds[name].astype(np.int64), valid.sum(axis=1)

    def inputs(self) -> dict[str, NDArray[Any]]:
        """The first step of every prompt, as the model is timed on it."""
        name, tokens, lengths = self._prompts
        mask = np.arange(tokens.shape[1]) < lengths[:, None]
        return _first_feeds(self.data.ports, name, tokens, mask)

    def run(
        self, sessions: tuple[Session, Session], batch: int, progress: Progress
    ) -> tuple[Arrays, Arrays, int]:
        """The answers of both models."""
        n = len(self.labels)
        first, second = (
            self._answers(session, batch, lambda done, at=at: progress((at * n + done) // 2, n))
            for at, session in enumerate(sessions)
        )
        return {"prediction": first}, {"prediction": second}, 0

    def run_one(self, session: Session, batch: int) -> Arrays:
        """The answers of one model."""
        return {"prediction": self._answers(session, batch, lambda done: None)}

    def _answers(self, session: Session, batch: int, told: Any) -> NDArray[np.int64]:
        name, tokens, lengths = self._prompts
        answers, done = np.full((len(tokens), self.most), END, dtype=np.int64), 0
        for rows in _alike(lengths, batch):
            prompt = tokens[rows, : lengths[rows[0]]]
            answers[rows] = greedy(session, name, prompt, self.most, self.stop, self.data.outputs)
            done += len(rows)
            told(done)
        return answers

    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """Not asked for: answers take many steps."""
        return {}

    def gather(self, features: Arrays) -> Predictions:
        """Answers beside the true ones, both as wide as the longer."""
        answers, labels = features["prediction"], self.labels
        width = max(answers.shape[1], labels.shape[1])
        padded = [
            np.pad(one, ((0, 0), (0, width - one.shape[1])), constant_values=END) for one in (answers, labels)
        ]
        return Predictions(
            {
                "prediction": padded[0],
                "label": padded[1],
                "correct": (padded[0] == padded[1]).all(axis=1).astype(np.float64),
            }
        )

    def answers(self, predictions: Predictions) -> NDArray[Any]:
        """The answer, token by token."""
        return predictions.array("prediction")


def _alike(lengths: NDArray[np.int64], batch: int) -> Iterator[NDArray[np.int64]]:
    """Row numbers in batches of prompts of one length."""
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length).astype(np.int64)
        yield from (rows[start : start + batch] for start in range(0, len(rows), batch))


def _is_past(name: str) -> bool:
    return name.startswith("past")


def _first_feeds(
    ports: Mapping[str, Port], name: str, tokens: NDArray[np.int64], mask: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """The inputs of the first step: tokens, mask, positions, and a cache that holds nothing yet."""
    feeds: dict[str, NDArray[Any]] = {}
    for port in ports.values():
        dtype = np.dtype(port.dtype)
        if port.name == name:
            feeds[name] = tokens.astype(dtype)
        elif _is_past(port.name):
            # The free axis beside the batch counts the tokens cached so far.
            shape = [len(tokens), *(size if isinstance(size, int) else 0 for size in port.shape[1:])]
            feeds[port.name] = np.zeros(shape, dtype)
        elif "mask" in port.name:
            feeds[port.name] = mask.astype(dtype)
        elif "position" in port.name:
            feeds[port.name] = np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape).astype(dtype)
        elif port.dtype == "bool":
            feeds[port.name] = np.zeros(
                [size if isinstance(size, int) else 1 for size in port.shape], np.bool_
            )
        else:
            raise NotExecutableError(
                f"The model's input {port} is none that greedy decoding feeds.",
                hint="it feeds tokens, a mask, positions and a cache named past…",
            )
    return feeds


def greedy(
    session: Session,
    name: str,
    prompt: NDArray[np.int64],
    most: int,
    stop: NDArray[np.int64],
    outputs: tuple[str, ...] = (),
) -> NDArray[np.int64]:
    """The likeliest continuation (rows, most) of prompts (rows, length), -1 from the stopping token on."""
    ports = {port.name: port for port in session.inputs}
    names = [port.name for port in session.outputs]
    logits_name = next((n for n in outputs if n in names), None) or next(
        (p.name for p in session.outputs if len(p.shape) == 3), names[0]
    )
    pasts = [port for port in ports if _is_past(port)]
    carried = {past: _present_of(past, names) for past in pasts}
    answers = np.full((len(prompt), most), END, dtype=np.int64)
    running = np.ones(len(prompt), dtype=np.bool_)
    text = prompt
    feeds = _first_feeds(ports, name, text, np.ones(text.shape, np.bool_))
    for step in range(most):
        found = dict(zip(names, session.run(feeds), strict=True))
        token = found[logits_name][:, -1].argmax(axis=-1).astype(np.int64)
        running &= ~np.isin(token, stop)
        answers[running, step] = token[running]
        if not running.any():
            break
        text = np.concatenate([text, token[:, None]], axis=1)
        mask = np.ones(text.shape, np.bool_)
        feeds = _first_feeds(ports, name, text, mask)
        if pasts:
            for key, array in feeds.items():
                if key == name or "position" in key:
                    feeds[key] = array[:, -1:]
                elif _is_past(key):
                    feeds[key] = found[carried[key]]
                elif array.dtype == np.bool_ and "mask" not in key:
                    feeds[key] = np.ones_like(array)
    return answers


def _present_of(past: str, outputs: list[str]) -> str:
    """The output that a cache input is fed from: the one that ends alike."""
    ending = past.removeprefix("past_key_values").removeprefix("past_key").removeprefix("past")
    found = [name for name in outputs if name.startswith("present") and name.endswith(ending)]
    if len(found) != 1:
        raise QSpecError(
            f"No single output carries the cache on to the input {past!r}; outputs are {', '.join(outputs)}.",
            hint="export the cache as past_key_values.N.key and present.N.key",
        )
    return found[0]
