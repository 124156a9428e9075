"""Token numbers of a split, whether its column holds them or texts that the model's tokenizer reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.chat import CONFIG, OWN_FILE
from qspec.data.tokenizer import Tokenizer
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.tasks.runner import TaskData, check_cells, token_input


@dataclass(frozen=True)
class TokenColumn:
    """The input of a graph that takes token numbers, and what goes into it."""

    name: str
    tokens: NDArray[np.int64]
    """(rows, length), or (rows, K, length) where a row has K texts."""
    valid: NDArray[np.bool_]
    """Which of them are tokens and no padding, of the same shape."""
    feeds: dict[str, NDArray[Any]]
    """The columns of all inputs, the tokens and their masks among them."""


def token_column(
    data: TaskData, axes: int, texts: Sequence[str] | None = None, *, asks: bool = False
) -> TokenColumn:
    """The tokens of a split in so many axes, the last the tokens; `texts` stand in for those of a column of texts.

    Texts of a task that `asks` the model are wrapped in its chat template where that is declared; token numbers are what
    they are. Raises `QSpecError` where no input takes tokens, or texts are to be read and the spec names no tokenizer or
    there is no chat template, and `NotExecutableError` where one is declared and nothing is asked.
    """
    feeds = data.inputs()
    name = next((n for n, a in feeds.items() if a.dtype.kind == "U" and a.ndim == axes - 1), None)
    if name is None:
        name = token_input(feeds, axes, data.table.source)
        shape = feeds[name].shape
        return TokenColumn(name, feeds[name].astype(np.int64), data.valid_tokens(feeds, shape), feeds)
    tokenizer = data.tokenizer
    if tokenizer is None:
        raise QSpecError(
            f"The input {name} is fed texts, and nothing says how they become token numbers.",
            hint='add `tokenizer: "tokenizer.json"` to the model, or tokenize(…) to the pipeline\'s `pre`',
        )
    column = feeds[name]
    said = column.reshape(-1).tolist() if texts is None else texts
    wrap = _chat(data, tokenizer, asks)
    # A chat template writes the special tokens itself.
    made = tokenizer.encode(said) if wrap is None else tokenizer.encode(map(wrap, said), special=False)
    longest = max(1, *(len(one) for one in made))
    check_cells(len(made) * longest, f"{len(made):,} texts of up to {longest:,} tokens")
    tokens: NDArray[np.int64] = np.zeros((len(made), longest), np.int64)
    valid: NDArray[np.bool_] = np.zeros((len(made), longest), np.bool_)
    for row, one in enumerate(made):
        tokens[row, : len(one)], valid[row, : len(one)] = one, True
    tokens = tokens.reshape(*column.shape, longest)
    valid = valid.reshape(*column.shape, longest)
    feeds[name] = tokens
    for port in data.ports.values():
        own = port.name not in feeds and not port.name.startswith("decoder")
        if own and "mask" in port.name:
            feeds[port.name] = valid.astype(port.dtype)
        elif own and "token_type" in port.name:
            feeds[port.name] = np.zeros(tokens.shape, port.dtype)
    return TokenColumn(name, tokens, valid, feeds)


def _chat(data: TaskData, tokenizer: Tokenizer, asks: bool) -> Callable[[str], str] | None:
    """What wraps a prompt in the model's chat template; None where none is declared."""
    prompt = data.evaluation.prompt
    if prompt is None or not prompt.chat_template:
        return None
    if not asks:
        raise NotExecutableError(
            "A chat template wraps what a model is asked, and this task reads whole texts.",
            hint="say `chat-template: false`, and give the texts as the model is to read them",
        )
    if data.chat is None:
        raise QSpecError(
            f"The prompt declares a chat template, and neither {CONFIG} nor {OWN_FILE} beside {tokenizer.name} holds one.",
            hint="copy it there from the model, or say `chat-template: false`",
        )
    return data.chat.wrap
