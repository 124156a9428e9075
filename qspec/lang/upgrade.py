"""Older versions of the language, rewritten step by step to the one this program reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qspec.errors import QSpecError
from qspec.lang.diagnostic import Edit
from qspec.lang.edit import apply
from qspec.lang.parse import parse
from qspec.lang.source import Source
from qspec.lang.tree import SyntaxTree, Version
from qspec.model.document import LANGUAGE_VERSION

Step = Callable[[Source, SyntaxTree], Iterable[Edit]]
"""Takes a document of one version and returns the edits that make it one of the next, its first line aside."""


class Upgrades:
    """The steps between versions, by the version they start from."""

    def __init__(self, target: int = LANGUAGE_VERSION) -> None:
        self.target = target
        self._steps: dict[int, Step] = {}

    def step(self, version: int) -> Callable[[Step], Step]:
        """Decorator: the step from `version` to the next; raises ValueError for a second one."""

        def register(step: Step) -> Step:
            if version in self._steps:
                raise ValueError(f"There is a step from version {version} already.")
            self._steps[version] = step
            return step

        return register

    def reads(self, version: int) -> bool:
        """Whether documents of `version` can be brought to the target."""
        return all(number in self._steps for number in range(version, self.target))

    def apply(self, source: Source) -> Source:
        """The source in the target version; itself when it is of that version or newer.

        Raises `QSpecError` when it does not parse, or when a step is missing.
        """
        version = parse(source).tree.version
        if version is None or version >= self.target:
            return source
        if not self.reads(version):
            raise QSpecError(
                f"Version {version} of the language is not one that can be upgraded.",
                place=source.place(0),
                hint=f"write `qspec {self.target}` and correct what `qspec check` reports",
            )
        for number in range(version, self.target):
            source = self._one(source, number)
        return source

    def _one(self, source: Source, number: int) -> Source:
        parsed = parse(source)
        if parsed.errors:
            first = parsed.errors[0]
            raise QSpecError(first.message, place=source.place(first.span.start), hint=first.help)
        line = next(item for item in parsed.tree.root.items if isinstance(item, Version))
        edits = [*self._steps[number](source, parsed.tree), Edit(line.number.span, str(number + 1))]
        return Source(source.path, apply(source.text, edits))


UPGRADES = Upgrades()
"""The steps of the language. Version 1 is the first, so there are none yet."""
