"""Greedy decoding on a graph: which input takes what, step by step, with or without a cache, in padded batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import NotExecutableError, QSpecError, runtime_message
from qspec.execute.evaluate import Column
from qspec.execute.sessions import Arrays, Port, Session

END = -1
"""Stands behind the last token of an answer."""

Ended = Callable[[NDArray[np.int64]], NDArray[np.bool_]]
"""From the tokens answered so far, (rows, steps), to which answers are at their end."""


class Same:
    """One array for any examples: a switch of a graph, which has no batch axis."""

    def __init__(self, value: NDArray[Any], count: int) -> None:
        self._value, self._count = value, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        return self._value


@dataclass(frozen=True)
class Layout:
    """What each input of a graph takes at a step, by name.

    Tokens, a mask over them, their positions, a cache `past…` that is empty at first and then what the output
    `present…` of the same ending gave, and a switch (a boolean) that says whether the cache holds anything. Inputs
    in `fixed` take the same at every step: what an encoder reads.
    """

    ports: tuple[Port, ...]
    tokens: str
    fixed: frozenset[str]

    @classmethod
    def of(cls, ports: Collection[Port], tokens: str, fed: Collection[str]) -> Layout:
        """The layout of a graph whose data set feeds the inputs `fed`.

        A graph that has an input `decoder…ids` writes into that one, and reads what is fed; another continues the
        tokens that it is fed. Raises `NotExecutableError` for an input that is none of those that decoding feeds.
        """
        written = [port.name for port in ports if port.name.startswith("decoder") and "ids" in port.name]
        fixed = frozenset(fed) & {port.name for port in ports} if written else frozenset[str]()
        layout = cls(tuple(ports), written[0] if written else tokens, fixed)
        for port in ports:
            known = port.name == layout.tokens or port.name in fixed or port.dtype == "bool"
            if not (known or _is_past(port.name) or "mask" in port.name or "position" in port.name):
                raise NotExecutableError(
                    f"The model's input {port} is none that greedy decoding feeds.",
                    hint="an encoder in a file of its own is joined to it by `qspec join ENCODER DECODER`"
                    if port.name.startswith("encoder")
                    else "it feeds tokens, a mask, positions and a cache named past…; map a column to any other",
                )
            if written and "mask" in port.name and port.name not in fixed and not _of_decoder(port.name):
                raise QSpecError(
                    f"The model's input {port} masks what its encoder reads, and nothing is fed to it.",
                    hint="map a column that is 1 at tokens and 0 at padding to it",
                )
        if layout.tokens not in {port.name for port in ports}:
            raise QSpecError(
                f"The model has no input {layout.tokens!r} that takes tokens.",
                hint=f"its inputs are {', '.join(port.name for port in ports)}",
            )
        return layout

    @property
    def encodes(self) -> bool:
        """Whether the graph reads one text and writes another."""
        return bool(self.fixed) or self.tokens.startswith("decoder")

    @property
    def pads(self) -> bool:
        """Whether prompts of several lengths fit one batch: a mask hides the padding, and positions start behind it.

        An encoder's padding stands behind the tokens, so that the mask alone does.
        """
        if self.encodes:
            return any("mask" in name for name in self.fixed)
        names = [port.name for port in self.ports]
        return any("mask" in name for name in names) and any("position" in name for name in names)

    def first(
        self, tokens: NDArray[np.int64], inside: NDArray[np.bool_], fixed: Mapping[str, Column]
    ) -> dict[str, Column]:
        """The inputs of the first step for tokens (rows, length), `inside` where they are no padding."""
        feeds: dict[str, Column] = {}
        for port in self.ports:
            dtype = np.dtype(port.dtype)
            if port.name in self.fixed:
                feeds[port.name] = fixed[port.name]
            elif port.name == self.tokens:
                feeds[port.name] = tokens.astype(dtype)
            elif _is_past(port.name):
                # The free axis beside the batch counts the tokens cached so far.
                shape = [len(tokens), *(size if isinstance(size, int) else 0 for size in port.shape[1:])]
                feeds[port.name] = np.zeros(shape, dtype)
            elif "mask" in port.name:
                feeds[port.name] = inside.astype(dtype)
            elif "position" in port.name:
                feeds[port.name] = np.maximum(inside.cumsum(axis=1) - 1, 0).astype(dtype)
            else:
                shape = [size if isinstance(size, int) else 1 for size in port.shape]
                feeds[port.name] = Same(np.zeros(shape, np.bool_), len(tokens))
        return feeds

    def step(
        self,
        tokens: NDArray[np.int64],
        inside: NDArray[np.bool_],
        fixed: Mapping[str, Column],
        cache: Arrays | None,
    ) -> Arrays:
        """The inputs of a step as arrays; `cache` is what the step before left behind, by input."""
        feeds = {
            name: np.asarray(column[0 : len(tokens)])
            for name, column in self.first(tokens, inside, fixed).items()
        }
        if not cache:
            return feeds
        for port in self.ports:
            if port.name in cache:
                feeds[port.name] = cache[port.name]
            elif port.name == self.tokens or ("position" in port.name and port.name not in self.fixed):
                feeds[port.name] = feeds[port.name][:, -1:]
            elif port.dtype == "bool" and "mask" not in port.name and port.name not in self.fixed:
                feeds[port.name] = np.ones_like(feeds[port.name])
        return feeds

    def carried(self, outputs: list[str]) -> dict[str, str]:
        """The output that each input of the cache is fed from: the one that ends alike."""
        found = {}
        for port in self.ports:
            if not _is_past(port.name) or port.name in self.fixed:
                continue
            ending = port.name.removeprefix("past_key_values").removeprefix("past_key").removeprefix("past")
            alike = [name for name in outputs if name.startswith("present") and name.endswith(ending)]
            if len(alike) != 1:
                raise QSpecError(
                    f"No single output carries the cache on to the input {port.name!r}; outputs are "
                    f"{', '.join(outputs)}.",
                    hint="export the cache as past_key_values.N.key and present.N.key",
                )
            found[port.name] = alike[0]
        return found


def greedy(
    session: Session,
    layout: Layout,
    tokens: NDArray[np.int64],
    inside: NDArray[np.bool_],
    fixed: Mapping[str, Column],
    *,
    most: int,
    ended: Ended,
    outputs: tuple[str, ...] = (),
) -> NDArray[np.int64]:
    """The likeliest continuation (rows, most) of tokens (rows, length), -1 behind the token at which an answer ends.

    Padding, where `inside` is false, stands before the tokens. Raises `QSpecError` for a run that fails and for
    logits that are NaN.
    """
    names = [port.name for port in session.outputs]
    carried = layout.carried(names)
    logits_name = next((n for n in outputs if n in names), None) or next(
        (port.name for port in session.outputs if len(port.shape) == 3), names[0]
    )
    answers = np.full((len(tokens), most), END, dtype=np.int64)
    running = np.ones(len(tokens), dtype=np.bool_)
    cache: Arrays = {}
    for step in range(most):
        feeds = layout.step(tokens, inside, fixed, cache)
        try:
            found = dict(zip(names, session.run(feeds), strict=True))
        except Exception as error:  # the runtime's own exceptions share no narrower base
            shapes = {name: list(array.shape) for name, array in feeds.items()}
            raise QSpecError(
                f"The model {session.path.name} fails at step {step} of its answers, inputs {shapes}: "
                f"{runtime_message(error)}."
            ) from error
        token = _likeliest(found[logits_name], session)
        answers[running, step] = token[running]
        running &= ~ended(answers[:, : step + 1])
        if not running.any():
            break
        tokens = np.concatenate([tokens, token[:, None]], axis=1)
        inside = np.concatenate([inside, np.ones((len(token), 1), np.bool_)], axis=1)
        # What an encoder gives to attend to stays the same, and a graph with a switch may give it at the first step only.
        kept = {name: array for name, array in cache.items() if ".encoder." in name}
        cache = {name: found[output] for name, output in carried.items()} | kept
    return answers


def _likeliest(logits: NDArray[Any], session: Session) -> NDArray[np.int64]:
    """The token (rows,) after the last one, of logits (rows, length, vocabulary)."""
    if logits.ndim != 3:
        raise QSpecError(
            f"The model's output has the shape {list(logits.shape)}, and logits of tokens are [rows, length, vocabulary].",
            hint="name the output with logits under the model's `outputs`",
        )
    last = logits[:, -1]
    if np.isnan(last).any():
        raise QSpecError(
            f"The model {session.path.name} gives NaN in the logits of {int(np.isnan(last).any(axis=1).sum())} answers.",
            hint="a range that overflows in a narrow float, or a scale of zero, does this",
        )
    return np.asarray(last.argmax(axis=-1), dtype=np.int64)


def batches(lengths: NDArray[np.int64], batch: int, *, mixed: bool) -> Iterator[NDArray[np.int64]]:
    """Row numbers in batches, shortest texts first; of one length each, unless lengths may be `mixed`."""
    order = np.argsort(lengths, kind="stable").astype(np.int64)
    groups = [order] if mixed else np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1)
    for rows in groups:
        yield from (rows[start : start + batch] for start in range(0, len(rows), batch))


def _is_past(name: str) -> bool:
    return name.startswith("past")


def _of_decoder(name: str) -> bool:
    return name.startswith("decoder")
