"""A tokenizer.json: texts to token numbers and back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.canonical import file_digest
from qspec.data.limits import DEFAULT_LIMITS
from qspec.errors import NotExecutableError, QSpecError, one_line

PADDING_TOKENS = ("[PAD]", "<pad>", "<|endoftext|>")
"""Tokens that pad where a tokenizer's file does not say which one does."""


class Tokenizer:
    """The tokenizer in a file, opened by the library tokenizers; `library` is its own object.

    Raises `NotExecutableError` where the library is not installed and `QSpecError` for a file that is no tokenizer.
    """

    def __init__(self, path: Path) -> None:
        DEFAULT_LIMITS.check("text_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            import tokenizers
        except ImportError:
            raise NotExecutableError(
                f"{path.name} needs the package tokenizers, which is not installed.",
                hint='pip install "qspec[text]"',
            ) from None
        try:
            self.library: Any = tokenizers.Tokenizer.from_buffer(path.read_bytes())
        except (KeyboardInterrupt, SystemExit):
            raise
        except (
            BaseException
        ) as error:  # a damaged file may end in the library's own panic, which is no Exception
            raise QSpecError(
                f"{path.name} is no tokenizer.json: {one_line(error)}.",
                hint="save it with the library tokenizers",
            ) from None
        self.name, self.sha256, self.version = path.name, file_digest(path), str(tokenizers.__version__)

    def encode(self, texts: Iterable[str], *, special: bool = True) -> list[NDArray[np.int64]]:
        """The token numbers of each text, whole and unpadded; `special` adds the tokens of the file's template."""
        self.library.no_truncation()
        self.library.no_padding()
        made = self.library.encode_batch([str(text) for text in texts], add_special_tokens=special)
        return [np.asarray(one.ids, dtype=np.int64) for one in made]

    def decode(self, numbers: Sequence[int] | NDArray[np.int64], *, special: bool = False) -> str:
        """The text of token numbers, without special tokens unless asked for; raises `QSpecError` for no token."""
        plain = [int(number) for number in numbers]
        size = int(self.library.get_vocab_size())
        wrong = next(
            (one for one in plain if one < 0 or (one >= size and self.library.id_to_token(one) is None)), None
        )
        if wrong is not None:
            raise QSpecError(
                f"The model answers token {wrong}, and {self.name} has {size} tokens.",
                hint="the tokenizer belongs to another model",
            )
        return str(self.library.decode(plain, skip_special_tokens=not special))

    def number(self, token: str) -> int | None:
        """The number of a token; None where there is none of that text."""
        found = self.library.token_to_id(token)
        return None if found is None else int(found)

    def padding(self) -> tuple[int, str] | None:
        """The number and the text of the padding token, as the file declares it or by its usual names."""
        declared = self.library.padding
        if declared is not None:
            return int(declared["pad_id"]), str(declared["pad_token"])
        for token in PADDING_TOKENS:
            if (number := self.number(token)) is not None:
                return number, token
        return None

    @property
    def collapses(self) -> bool:
        """Whether its own decoder merges repeated tokens and drops blanks, as connectionist models need."""
        return type(self.library.decoder).__name__ == "CTC"
