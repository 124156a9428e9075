"""The parser of `grammar/qspec.lark`, built once a process and its tables kept in the user's cache folder."""

from __future__ import annotations

import sys
import threading
from functools import cache
from pathlib import Path

from qspec.lang.build import TreeBuilder
from qspec.lang.engine import VERSION, Lark, Token
from qspec.resources import cache_folder, resource

lock = threading.Lock()
"""Held while a text is parsed: the parser's comment list is shared."""

comments: list[Token] = []
"""Comments met by the parse that holds the lock."""

builder = TreeBuilder()
"""What makes the nodes; it keeps the numbers with units that it met."""


def grammar_text() -> str:
    """The grammar, as published."""
    return resource("grammar", "qspec.lark").read_text(encoding="utf-8")


def _cache_file() -> Path | None:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None  # a read-only home costs twenty milliseconds and nothing else
    return folder / f"grammar-{VERSION}-py{sys.version_info.major}{sys.version_info.minor}.bin"


@cache
def parser() -> Lark:
    """The LALR parser with a contextual lexer; reduces straight to nodes of `qspec.lang.tree`."""
    cached = _cache_file()
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        start="document",
        maybe_placeholders=False,
        propagate_positions=False,
        transformer=builder,
        lexer_callbacks={"COMMENT": _keep},
        cache=str(cached) if cached else False,
    )


def _keep(token: Token) -> Token:
    comments.append(token)
    return token
