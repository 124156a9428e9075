"""A document with everything it uses: files read, parsed and lowered once, none of them outside the root."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from qspec.errors import LimitError, QSpecError, cap
from qspec.lang.diagnostic import Diagnostic, Related, Severity
from qspec.lang.lower import Lowered, Positions, lower
from qspec.lang.parse import parse
from qspec.lang.source import Source, Span, read_source
from qspec.lang.tree import SyntaxTree
from qspec.model.document import LANGUAGE_VERSION, Document

MAX_FILES = 256
MAX_IMPORT_DEPTH = 32

Collection = Literal[
    "models", "datasets", "hardware", "runtimes", "executors", "claims", "deployments", "suites"
]


TWINS = frozenset({".json", ".yaml", ".yml"})
"""Endings of YAML and JSON twins."""


@dataclass
class Loaded:
    """One file: its source, tree, document and positions, and the errors met while reading it."""

    source: Source
    tree: SyntaxTree
    document: Document
    positions: Positions
    errors: list[Diagnostic] = field(default_factory=list)
    syntax_errors: int = 0

    @property
    def folder(self) -> Path:
        """The folder that relative paths in this file start from."""
        return Path(self.source.path).parent if self.source.path != "-" else Path()


@dataclass
class Workspace:
    """The document asked for, first, and every document it uses."""

    files: list[Loaded]
    root: Path

    @property
    def main(self) -> Loaded:
        """The document that was asked for."""
        return self.files[0]

    def find(self, collection: Collection, name: str) -> tuple[Any, Loaded] | None:
        """The declaration called `name`, and the file it stands in; the asked-for file wins."""
        for loaded in self.files:
            found = getattr(loaded.document, collection).get(name)
            if found is not None:
                return found, loaded
        return None

    def names(self, collection: Collection) -> list[str]:
        """Every name declared in a collection."""
        return [name for loaded in self.files for name in getattr(loaded.document, collection)]

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors of every file, in order."""
        return [error for loaded in self.files for error in loaded.errors]


def load(path: Path, *, root: Path | None = None) -> Workspace:
    """Read a spec (`.qspec`, or its YAML or JSON twin) and what it uses; raises `QSpecError` if it cannot be read.

    `root` is the folder that no `use` may leave; the spec's own folder unless given.
    """
    return load_source(read_source(path), root=root or path.parent)


def load_source(source: Source, *, root: Path) -> Workspace:
    """Load from text that was read already, for example from standard input."""
    loader = _Loader(root.resolve())
    loader.file(source, Path(source.path).resolve(), ())
    return Workspace(loader.files, root)


def load_one(source: Source) -> Loaded:
    """Parse and lower one file, without what it uses."""
    if Path(source.path).suffix.lower() in TWINS:
        from qspec.lang.twin import read_twin

        return read_twin(source)
    parsed = parse(source)
    version = parsed.tree.version
    if version is not None and version < LANGUAGE_VERSION:
        from qspec.lang.upgrade import UPGRADES

        if not parsed.errors and UPGRADES.reads(version):
            return load_one(UPGRADES.apply(source))
    lowered: Lowered = lower(parsed.tree, source)
    meant = [error for error in lowered.errors if not _follows(error, parsed.errors)]
    errors = sorted([*parsed.errors, *meant], key=lambda error: error.span)
    return Loaded(source, parsed.tree, lowered.document, lowered.positions, errors, len(parsed.errors))


def _regular(path: Path) -> Path:
    """The path, unless it is a pipe or a device, from which reading might never end."""
    try:
        there = path.exists()
    except OSError as error:  # a name longer than any file's
        raise QSpecError(f"{str(error.strerror).lower()}.", hint="name a file") from None
    if there and not path.is_file() and not path.is_dir():
        raise QSpecError("it is no regular file.", hint="name a file")
    return path


def _follows(error: Diagnostic, syntax: list[Diagnostic]) -> bool:
    """Whether an error may only come of a syntax error.

    It stands on the same line, misses what could not be read, or comes behind a bracket that is never closed.
    """
    if not syntax:
        return False
    unclosed = [broken.span for broken in syntax if broken.related and broken.related[0].span == broken.span]
    behind = any(error.span > span for span in unclosed)
    return behind or error.code == "QS011" or error.line in {broken.line for broken in syntax}


class _Loader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[Loaded] = []
        self.paths: set[Path] = set()

    def file(self, source: Source, real: Path, trail: tuple[Path, ...]) -> None:
        self.paths.add(real)
        loaded = load_one(source)
        self.files.append(loaded)
        for number, target in enumerate(loaded.document.use):
            span = loaded.positions.of(("use", number))
            problem = self._use(loaded, target, (*trail, real), span)
            if problem is not None:
                loaded.errors.append(problem)

    def _use(self, loaded: Loaded, target: str, trail: tuple[Path, ...], span: Span) -> Diagnostic | None:
        def error(
            code: str, rule: str, message: str, hint: str, related: tuple[Related, ...] = ()
        ) -> Diagnostic:
            return Diagnostic(
                code, rule, Severity.ERROR, message, span, loaded.source, help=hint, related=related
            )

        path = loaded.folder / target
        try:
            real = path.resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of links, or a null character
            return error("QS900", "file-missing", f"`{target}` is no path.", "check the path")
        if not real.is_relative_to(self.root):
            return error(
                "QS007",
                "import-outside-root",
                f"`{target}` lies outside {self.root.name or 'the root'}, the folder that this spec may read from.",
                "move the file below that folder",
            )
        if real in trail:
            return error(
                "QS008",
                "cycle",
                f"`{target}` uses this file, directly or through others.",
                "remove one of the two `use` lines",
            )
        if real in self.paths:
            return None
        for name, usual, reached, what in (
            ("use-depth", MAX_IMPORT_DEPTH, len(trail), "The spec has more levels of `use`"),
            ("spec-files", MAX_FILES, len(self.files), "The spec uses more files"),
        ):
            if reached >= (most := cap(name, usual)):
                raise LimitError.over(name, most, what, place=loaded.source.place(span.start))
        try:
            source = read_source(_regular(path))
        except QSpecError as problem:
            return error(
                "QS900",
                "file-missing",
                f"`{target}` cannot be used: {problem.message}",
                problem.hint or "check the path",
            )
        self.file(source, real, trail)
        return None
