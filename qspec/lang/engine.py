"""Lark, which parses, imported without two packages that it loads wherever they are installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class _PutOff(ModuleType):
    """A module that is loaded when somebody looks inside; that it is imported again does not count as looking."""

    def __getattr__(self, name: str) -> Any:
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec: Any = self.__spec__
        self.__path__ = spec.submodule_search_locations
        spec.loader.exec_module(self)
        return getattr(self, name)


class _PuttingOff(Loader):
    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> None:
        return None  # a module like any other, so far

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self.loader
        module.__dict__.pop(
            "__path__", None
        )  # what imports one of its modules must come to see it loaded first
        module.__class__ = _PutOff


class _Finder:
    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self.names else None
        if spec is not None:
            spec.loader = _PuttingOff(spec.loader)
        return spec


@contextmanager
def _putting_off(*names: str) -> Iterator[None]:
    finder = _Finder(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


# Both serve options that the grammar does not use, and cost a twentieth of a cold start where others installed them.
with _putting_off("regex", "interegular"):
    from lark import Lark, Token, Transformer, __version__
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
    from lark.parsers.lalr_interactive_parser import InteractiveParser

VERSION: str = __version__
"""The version of Lark, whose tables the cache folder keeps."""

__all__ = [
    "VERSION",
    "InteractiveParser",
    "Lark",
    "Token",
    "Transformer",
    "UnexpectedCharacters",
    "UnexpectedInput",
    "UnexpectedToken",
]
