"""The transform tokenize: texts as token numbers of one length, by a tokenizer.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qspec.data.table import Array
from qspec.data.tokenizer import Tokenizer
from qspec.data.transforms import Arguments, Transform, transform
from qspec.errors import QSpecError

_LONGEST = 1 << 20
_GIVEN = {"ids": "ids", "mask": "attention_mask", "types": "type_ids"}


@transform("tokenize", "pre")
def tokenize(arguments: Arguments) -> Transform:
    """`tokenize(file: "tokenizer.json", length: 128)`: texts as int64 (examples, length).

    `give` is ids (unless given), mask or types, so that `tokenize(…, input: attention_mask, give: mask)` makes the mask
    out of the same text column. `padding` is right (unless given) or left, `truncation` likewise the side that is cut
    off. `special: false` leaves out the tokens that the tokenizer's template adds. The padding token is the one of
    the file or the `pad` number. `sha256` pins the file.
    """
    name = arguments.word("file", None)
    length = arguments.integer("length", None)
    give = arguments.word("give", "ids")
    sides = {side: arguments.word(side, "right") for side in ("padding", "truncation")}
    special = arguments.flag("special", True)
    pad = arguments.integer("pad", -1)
    sha256 = arguments.word("sha256", None)
    if name is None:
        raise QSpecError("tokenize needs a file.", hint='write tokenize(file: "tokenizer.json", length: 128)')
    if not 0 < length <= _LONGEST:
        raise QSpecError(f"The length of tokenize is from 1 to {_LONGEST:,} tokens, not {length}.")
    if give not in _GIVEN:
        raise QSpecError(f"tokenize gives {', '.join(_GIVEN)}, not {give}.")
    for side, said in sides.items():
        if said not in ("left", "right"):
            raise QSpecError(f"The {side} of tokenize is left or right, not {said}.")
    files = arguments.place()
    opened = Tokenizer(files.find(name, sha256, "tokenizer"))
    files.used["tokenizers"] = opened.version
    number, token = _padding(opened, pad)
    tokenizer = opened.library
    tokenizer.enable_truncation(length, direction=sides["truncation"])
    tokenizer.enable_padding(length=length, direction=sides["padding"], pad_id=number, pad_token=token)

    return _Tokenize(tokenizer, length, special, give)


@dataclass(frozen=True)
class _Tokenize:
    """The transform itself; `mask` tells which of its numbers are tokens and no padding."""

    library: Any
    length: int
    special: bool
    give: str

    def __call__(self, array: Array) -> Array:
        """Texts (examples,) as int64 (examples, length)."""
        return self._made(array, self.give)

    def mask(self, array: Array) -> Array:
        """1 for each token of the texts and 0 for padding, (examples, length)."""
        return self._made(array, "mask")

    def _made(self, array: Array, give: str) -> Array:
        if array.dtype.kind != "U" or array.ndim != 1:
            raise QSpecError(
                f"tokenize takes texts, and the column holds {array.dtype} of shape {array.shape}.",
                hint="map a column of texts to the input, or say `input: NAME` for the one that is text",
            )
        made = self.library.encode_batch([str(text) for text in array], add_special_tokens=self.special)
        return np.asarray([getattr(one, _GIVEN[give]) for one in made], dtype=np.int64).reshape(
            -1, self.length
        )


def _padding(tokenizer: Tokenizer, pad: int) -> tuple[int, str]:
    """The number and the text of the padding token."""
    if pad >= 0:
        return pad, tokenizer.library.id_to_token(pad) or "[PAD]"
    found = tokenizer.padding()
    if found is None:
        raise QSpecError(f"{tokenizer.name} has no token for padding.", hint="say its number: `pad: 0`")
    return found
