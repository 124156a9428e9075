"""The transform tokenize: texts as token numbers of one length, by a tokenizer.json."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from qspec.data.limits import DEFAULT_LIMITS
from qspec.data.table import Array
from qspec.data.transforms import Arguments, Transform, transform
from qspec.errors import NotExecutableError, QSpecError

_LONGEST = 1 << 20
_GIVEN = {"ids": "ids", "mask": "attention_mask", "types": "type_ids"}
_PADDING_TOKENS = ("[PAD]", "<pad>", "<|endoftext|>")


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
    path = files.find(name, sha256, "tokenizer")
    DEFAULT_LIMITS.check("text_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
    tokenizer, version = _opened(path.read_bytes(), path.name)
    files.used["tokenizers"] = version
    number, token = _padding(tokenizer, pad, path.name)
    tokenizer.enable_truncation(length, direction=sides["truncation"])
    tokenizer.enable_padding(length=length, direction=sides["padding"], pad_id=number, pad_token=token)

    def run(array: Array) -> Array:
        if array.dtype.kind != "U" or array.ndim != 1:
            raise QSpecError(
                f"tokenize takes texts, and the column holds {array.dtype} of shape {array.shape}.",
                hint="map a column of texts to the input, or say `input: NAME` for the one that is text",
            )
        made = tokenizer.encode_batch([str(text) for text in array], add_special_tokens=special)
        return np.asarray([getattr(one, _GIVEN[give]) for one in made], dtype=np.int64).reshape(-1, length)

    return run


def _opened(data: bytes, name: str) -> tuple[Any, str]:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import tokenizers
    except ImportError:
        raise NotExecutableError(
            "tokenize needs the package tokenizers, which is not installed.", hint='pip install "qspec[text]"'
        ) from None
    try:
        return tokenizers.Tokenizer.from_buffer(data), tokenizers.__version__
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a damaged file may end in the library's own panic, which is no Exception
        first = " ".join(str(error).split())[:200]
        raise QSpecError(
            f"{name} is no tokenizer.json: {first}.", hint="save it with the library tokenizers"
        ) from None


def _padding(tokenizer: Any, pad: int, name: str) -> tuple[int, str]:
    """The number and the text of the padding token."""
    if pad >= 0:
        return pad, tokenizer.id_to_token(pad) or "[PAD]"
    declared = tokenizer.padding
    if declared is not None:
        return int(declared["pad_id"]), str(declared["pad_token"])
    for token in _PADDING_TOKENS:
        if (number := tokenizer.token_to_id(token)) is not None:
            return int(number), token
    raise QSpecError(f"{name} has no token for padding.", hint="say its number: `pad: 0`")
