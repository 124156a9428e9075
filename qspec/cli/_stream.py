"""Standard output and error that obey no specification: of what a terminal would act on, only colours pass."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

# Colours and the clearing of a progress line are ours; every other control, and what turns text around or hides in
# it, came out of a file.
_OURS = r"\x1b\[(?:2K|(?:0|1|[39][0-7]|1;3[0-7])m)"
_UNSAFE = re.compile(
    rf"(?P<ours>{_OURS})|[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)


def harmless(text: str) -> str:
    r"""`text` with every control and every sign of direction written as `\uXXXX`, which is valid inside JSON too."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(lambda found: found["ours"] or f"\\u{ord(found[0][0]):04x}", text)


class HarmlessStream:
    """A text stream that writes what is harmless of what it is given; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, made harmless."""
        if not isinstance(text, str):
            raise TypeError("a text stream takes text")
        return self._stream.write(harmless(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def harmless_streams() -> Iterator[None]:
    """Within it, standard output and standard error are harmless."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = HarmlessStream(before[0]), HarmlessStream(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
