"""Registration by decorator, discovered from a package and listed in a generated table.

A room that holds *one thing a file* (rules, metrics, schemes, readers, commands) makes one `Registry`.
Each file registers its thing with the decorator; `python -m qspec.registry` imports every file once and
writes `_table.py` in the room: names and aliases to module. At run time only the module that is asked
for is imported, so that start-up costs what is used and nothing else. A test keeps the tables true.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

ROOMS = (
    "qspec.metrics",
    "qspec.checks.rules",
    "qspec.checks.output",
    "qspec.data.readers",
    "qspec.data.transforms",
    "qspec.quantize",
    "qspec.execute.contrasts",
    "qspec.execute.tasks",
    "qspec.interop",
    "qspec.report.formats",
    "qspec.report.reference",
    "qspec.cli",
)


class UnknownNameError(KeyError):
    """No entry of that name; `suggestion` is the nearest name that exists, or None."""

    def __init__(self, kind: str, name: str, suggestion: str | None) -> None:
        self.kind, self.name, self.suggestion = kind, name, suggestion
        super().__init__(name)

    def __str__(self) -> str:
        hint = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        return f"There is no {self.kind} called {self.name}{hint}"


class Registry(Generic[T]):
    """The entries of one room, by name and alias, imported when asked for."""

    def __init__(self, kind: str, package: str, title: Callable[[T], str] | None = None) -> None:
        self.kind, self.package, self.title = kind, package, title
        self._entries: dict[str, T] = {}
        self._aliases: dict[str, str] = {}
        self._modules: dict[str, str] = {}
        self._loaded_table: tuple[dict[str, str], dict[str, str]] | None = None

    def register(
        self, name: str, *, aliases: tuple[str, ...] = (), module: str | None = None
    ) -> Callable[[T], T]:
        """Decorator that files its object under `name` (and `aliases`); a second use of a name is an error.

        `module` is where the entry is declared, for objects that do not know it themselves.
        """

        def wrap(entry: T) -> T:
            home: str = module or str(getattr(entry, "__module__", "?"))
            for key in (name, *aliases):
                known = self._modules.get(key)
                if known is not None and known != home:
                    raise ValueError(f"{self.kind} {key} is registered by both {known} and {home}")
                self._modules[key] = home
            self._entries[name] = entry
            for alias in aliases:
                self._aliases[alias] = name
            return entry

        return wrap

    def _table(self) -> tuple[dict[str, str], dict[str, str]]:
        if self._loaded_table is None:
            table = importlib.import_module(f"{self.package}._table")
            self._loaded_table = (table.MODULES, table.ALIASES)
        return self._loaded_table

    def names(self) -> list[str]:
        """Every canonical name, sorted, without importing any entry."""
        return sorted(self._table()[0])

    def titles(self) -> dict[str, str]:
        """Name to one line about the entry, for rooms whose table carries it; imports no entry."""
        return dict(importlib.import_module(f"{self.package}._table").TITLES)

    def aliases(self) -> dict[str, str]:
        """Alias to canonical name."""
        return dict(self._table()[1])

    def canonical(self, name: str) -> str | None:
        """The canonical spelling of a name or alias, or None when there is no such entry."""
        modules, aliases = self._table()
        if name in modules:
            return name
        return aliases.get(name)

    def suggest(self, name: str) -> str | None:
        """The nearest known name, or None when nothing is near."""
        modules, aliases = self._table()
        near = difflib.get_close_matches(name, [*modules, *aliases], n=1, cutoff=0.6)
        return near[0] if near else None

    def get(self, name: str) -> T:
        """The entry called `name`, importing its module; raises `UnknownNameError`."""
        if name in self._entries:
            return self._entries[name]
        canonical = self.canonical(name)
        if canonical is None:
            raise UnknownNameError(self.kind, name, self.suggest(name))
        if canonical not in self._entries:
            importlib.import_module(f"{self.package}.{self._table()[0][canonical]}")
        return self._entries[canonical]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.canonical(name) is not None

    def __iter__(self) -> Iterator[T]:
        return (self.get(name) for name in self.names())

    def discover(self) -> tuple[dict[str, str], dict[str, str]]:
        """Import every module of the package and return the table that `_table.py` should hold."""
        package = importlib.import_module(self.package)
        for info in pkgutil.walk_packages(package.__path__, prefix=f"{self.package}."):
            if not info.name.rsplit(".", 1)[1].startswith("_"):
                importlib.import_module(info.name)
        prefix = len(self.package) + 1
        modules = {name: self._modules[name][prefix:] for name in sorted(self._entries)}
        return modules, dict(sorted(self._aliases.items()))


def render_table(registry: Registry[T]) -> str:
    """The text of a room's `_table.py`."""
    modules, aliases = registry.discover()

    def mapping(name: str, entries: dict[str, str]) -> str:
        if not entries:
            return f"{name}: dict[str, str] = {{}}\n"
        rows = "".join(f'    "{key}": "{value}",\n' for key, value in entries.items())
        return f"{name}: dict[str, str] = {{\n{rows}}}\n"

    head = (
        '"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""\n\n'
    )
    text = head + mapping("MODULES", modules) + "\n" + mapping("ALIASES", aliases)
    if registry.title is not None:
        titles = {name: registry.title(registry.get(name)).replace('"', "'") for name in modules}
        text += "\n" + mapping("TITLES", titles)
    return text


def main() -> None:
    """Write the table of every room."""
    from pathlib import Path

    for room in ROOMS:
        package = importlib.import_module(room)
        registry: Registry[object] = package.registry
        path = Path(str(package.__file__)).with_name("_table.py")
        path.write_text(render_table(registry), encoding="utf-8")


if __name__ == "__main__":
    main()
