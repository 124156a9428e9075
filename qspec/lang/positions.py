"""Where everything in a document stands, by path: the side table that keeps positions out of the model."""

from __future__ import annotations

from dataclasses import dataclass, field

from qspec.lang.source import Span

Path = tuple[str | int, ...]
"""Names in the language and list indices, from the document inwards: `("claims", "a", "assertions", 0)`."""


@dataclass
class Positions:
    """The span of each value and of the words that name it, by path in the document."""

    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)

    def of(self, path: Path) -> Span:
        """The span of the value at `path`, or of the nearest thing around it."""
        while path:
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return self.values.get((), Span(0, 0))

    def key(self, path: Path) -> Span:
        """The span of the words that name what is at `path`, or the nearest thing around it."""
        while path:
            if path in self.keys:
                return self.keys[path]
            path = path[:-1]
        return Span(0, 0)
