"""The documents that a command is given: files, folders of them, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qspec.errors import Place, QSpecError

if TYPE_CHECKING:
    from qspec.lang.load import Workspace
    from qspec.lang.source import Source

SUFFIXES = (".qspec", ".qspec.yaml", ".qspec.yml", ".qspec.json")
_SKIPPED = {".git", ".venv", "node_modules", "__pycache__"}

paths = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
stdin_filename = click.option(
    "--stdin-filename", default="-", metavar="NAME", help="What standard input (`-`) is called in messages."
)


def find_specs(given: tuple[str, ...], suffixes: tuple[str, ...] = SUFFIXES) -> Iterator[Path]:
    """The files named, and every spec below the folders named; raises `QSpecError` for a folder without one."""
    for name in given:
        path = Path(name)
        if name == "-" or not path.is_dir():
            yield path
            continue
        inside = [
            p
            for p in sorted(path.rglob("*"))
            if p.name.endswith(suffixes) and not _SKIPPED.intersection(p.parts) and p.is_file()
        ]
        if not inside:
            raise QSpecError("There is no spec in this folder.", place=Place(name), hint="name a .qspec file")
        yield from inside


def read_workspace(path: Path, stdin_name: str = "-") -> Workspace:
    """The document at `path` with what it uses; `-` is standard input, whose root is the current folder."""
    from qspec.lang.load import load, load_source

    if str(path) == "-":
        return load_source(read_stdin(stdin_name), root=Path())
    return load(path)


def readable_workspace(path: Path, stdin_name: str = "-") -> Workspace:
    """The same; raises `SpecSyntaxError` with a place where some of the text could not be read at all."""
    workspace = read_workspace(path, stdin_name)
    if any(loaded.syntax_errors for loaded in workspace.files):
        from qspec.lang.claims import refuse_errors

        refuse_errors(workspace.errors)
    return workspace


def read_stdin(name: str) -> Source:
    """The document on standard input."""
    from qspec.lang.source import decode_source, read_capped

    return decode_source(read_capped(sys.stdin.buffer, Place(name)), name)


def colour() -> bool:
    """Whether to colour: only on a terminal, and never against `NO_COLOR` (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
