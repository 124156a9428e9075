"""Reference pages for every word of the language and every rule, made from the things they document.

One file a kind of thing. A kind names its pages and makes one when it is asked for; nothing is imported before.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from qspec.errors import QSpecError
from qspec.registry import Registry


@dataclass(frozen=True)
class Page:
    """What there is to say about one name; `body` is Markdown without the title and the example."""

    kind: str
    name: str
    title: str
    body: str
    example: str = ""
    """Text of the language that shows it; a whole document unless the kind says otherwise."""
    aliases: tuple[str, ...] = ()

    @property
    def markdown(self) -> str:
        """The whole page as Markdown."""
        parts = [f"# {self.name}", f"*{self.kind}* · {self.title}", self.body.strip()]
        if self.example:
            parts.append(f"## Example\n\n{fenced(self.example)}")
        return "\n\n".join(part for part in parts if part) + "\n"


def no_aliases() -> Mapping[str, str]:
    """The aliases of a kind that has none."""
    return {}


def not_open(name: str) -> str | None:
    """The reading of a name by a kind whose names can all be listed."""
    return None


@dataclass(frozen=True)
class Kind:
    """A kind of thing that has pages."""

    name: str
    """What one of them is called, for example `metric`."""
    title: str
    """What all of them are called, for example `Metrics`."""
    names: Callable[[], Iterable[str]]
    """Every name, in reading order."""
    page: Callable[[str], Page]
    """The page of a name that `names` gave, or that `reads` returned."""
    aliases: Callable[[], Mapping[str, str]] = no_aliases
    """Other spellings, each with the name it stands for."""
    reads: Callable[[str], str | None] = not_open
    """For kinds whose names cannot all be listed: the name that a text stands for, or None."""
    last_resort: bool = False
    """True for names so common that they are looked up only where nothing else bears them."""


registry: Registry[Kind] = Registry("reference kind", "qspec.report.reference")


def kind(made: Kind, module: str) -> Kind:
    """File a kind as belonging to `module`."""
    return registry.register(made.name, module=module)(made)


def find_all(name: str) -> list[Page]:
    """Every page of that name or alias, `KIND/NAME` for one kind alone; empty when there is none.

    What is listed goes before bare keys, and both before what a text can be read as.
    """
    wanted, slash, rest = name.partition("/")
    kinds = list(registry)
    if slash and wanted.replace("-", " ") in registry:
        kinds, name = [registry.get(wanted.replace("-", " "))], rest
    listed = [one for one in kinds if not one.last_resort]
    return (
        _listed(listed, name)
        or _listed([one for one in kinds if one.last_resort], name)
        or [one.page(read) for one in kinds if (read := one.reads(name.strip())) is not None]
    )


def find(name: str) -> Page:
    """The page called `name`; raises `QSpecError` with the nearest name of any kind."""
    return explain(name)[0]


def explain(name: str) -> list[Page]:
    """Every page of that name; raises `QSpecError` with the nearest name of any kind when there is none."""
    pages = find_all(name)
    if pages:
        return pages
    near = suggest(name)
    hint = f"did you mean `{near}`?" if near else "`qspec explain --list` shows every name"
    raise QSpecError(f"Nothing here is called `{name}`.", hint=hint)


def suggest(name: str) -> str | None:
    """The nearest name or alias of any kind, or None when nothing is near."""
    spelt: dict[str, str] = {}
    for one in registry:
        for known in (*one.names(), *one.aliases()):
            spelt.setdefault(known.casefold(), known)
    near = difflib.get_close_matches(name.casefold(), spelt, n=1, cutoff=0.6)
    return spelt[near[0]] if near else None


def pages() -> Iterator[Page]:
    """Every page, kind after kind."""
    return (one.page(name) for one in registry for name in one.names())


def _listed(kinds: Iterable[Kind], name: str) -> list[Page]:
    lowered = name.strip().casefold()
    spellings = (lowered, lowered.replace("_", "-"), lowered.replace(" ", "-"))
    found = []
    for one in kinds:
        known = {alias.casefold(): meant for alias, meant in one.aliases().items()}
        known |= {own.casefold(): own for own in one.names()}
        meant = next((known[spelling] for spelling in spellings if spelling in known), None)
        if meant is not None:
            found.append(one.page(meant))
    return found


# Markdown ----------------------------------------------------------------------------------------


def fenced(text: str) -> str:
    """Text of the language as a block of code."""
    return f"```qspec\n{text.strip()}\n```"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of named facts; those without a value are left out."""
    return "\n".join(f"- **{name}**: {value}" for name, value in pairs if value)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; a bar inside a cell is escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines)


def codes(words: Iterable[str]) -> str:
    """Words as code, by comma."""
    return ", ".join(f"`{word}`" for word in words)
