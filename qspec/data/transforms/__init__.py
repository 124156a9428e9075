"""The closed, versioned list of transforms that may stand before and after a graph."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable

from qspec.data.nature import Nature
from qspec.data.paths import inside, verify_digest
from qspec.data.table import Array, listed
from qspec.errors import QSpecError
from qspec.model.expression import Argument, Term, number
from qspec.registry import Registry

VERSION = 2
"""Raised when a transform of the same name and arguments computes something else.

2: decode-image scales grey images of 16 bits, which it had cut off at 255.
"""

Transform = Callable[[Array], Array]
"""From a batch to a batch; the first axis counts the examples and is never touched."""


@runtime_checkable
class Masked(Protocol):
    """A transform that fills up with padding, and can tell where."""

    def mask(self, array: Array) -> Array:
        """1 where what it makes of the examples is their own, 0 where it is padding."""


@runtime_checkable
class Pooling(Protocol):
    """A transform that makes one vector of those of an example's tokens, and leaves padding out."""

    def pooled(self, array: Array, mask: Array | None) -> Array:
        """(examples, tokens, d) as (examples, d), of the tokens where `mask` (examples, tokens) is not 0; of all without."""


@dataclass
class Files:
    """Where transforms find the files they read, and what was used of them: part of what determines a result."""

    root: Path
    """The folder that no path may leave."""
    folder: Path
    """The folder that paths in the spec start from."""
    used: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file, and the version of each package, by name."""

    def find(self, text: str, sha256: str | None, what: str) -> Path:
        """The file that a spec names; raises `QSpecError` where it leaves the root or its digest differs."""
        relative = os.path.relpath(os.path.abspath(self.folder / text), os.path.abspath(self.root.resolve()))  # noqa: PTH100
        path = inside(self.root, relative, what=what)
        self.used[text] = verify_digest(path, sha256, what=what)
        return path


class Arguments:
    """The arguments of one transform, each taken once; what is left over at the end is an error."""

    def __init__(self, term: Term, files: Files | None = None) -> None:
        self.term = term
        self.files = files
        self._positional = list(term.positional)
        self._named = dict(term.named)
        self._known: list[str] = []

    def take(self, name: str) -> Argument | None:
        """The argument `name`, or the next one without a name; None when there is none left."""
        self._known.append(name)
        if name in self._named:
            return self._named.pop(name)
        return self._positional.pop(0) if self._positional and name != "input" else None

    def number(self, name: str, default: float | None) -> float:
        """A number; an error when it is left out and has no default."""
        return float(self._number(name, self.take(name), default))

    def integer(self, name: str, default: int | None) -> int:
        """A whole number."""
        value = self._number(name, self.take(name), default)
        if value != int(value):
            raise QSpecError(f"The argument {name} of {self.term} is not a whole number.")
        return int(value)

    def numbers(self, name: str, default: float | None) -> list[float]:
        """One number, or one a channel: `channels(0.5, 0.5, 0.5)`."""
        value = self.take(name)
        if isinstance(value, Term) and value.name == "channels" and value.positional and not value.named:
            return [float(self._number(name, item, None)) for item in value.positional]
        return [float(self._number(name, value, default))]

    def integers(self, name: str) -> list[int]:
        """All arguments without a name, as whole numbers."""
        self._known.append(name)
        rest, self._positional = self._positional, []
        values = [self._number(name, item, None) for item in rest]
        if any(value != int(value) for value in values):
            raise QSpecError(f"The arguments of {self.term} are whole numbers.")
        return [int(value) for value in values]

    def word(self, name: str, default: str | None) -> str | None:
        """A word."""
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, Term) and not value.positional and not value.named:
            return value.name
        if isinstance(value, str):
            return value
        raise QSpecError(f"The argument {name} of {self.term} is not a word.")

    def flag(self, name: str, default: bool) -> bool:
        """`true` or `false`."""
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        raise QSpecError(f"The argument {name} of {self.term} is true or false.")

    def place(self) -> Files:
        """Where files lie; raises `QSpecError` where the transform is not read out of a spec."""
        if self.files is None:
            raise QSpecError(
                f"The transform {self.term.name} reads files, and there is no spec beside which they lie."
            )
        return self.files

    def finish(self) -> None:
        """Raise `QSpecError` for arguments that nobody took."""
        for name in self._named:
            near = difflib.get_close_matches(name, self._known, n=1)
            raise QSpecError(
                f"The transform {self.term.name} has no argument {name!r}.",
                hint=f"did you mean {near[0]}?" if near else f"its arguments are {listed(self._known)}",
            )
        if self._positional:
            raise QSpecError(f"The transform {self.term} has more arguments than it takes.")

    def _number(self, name: str, value: Argument | None, default: float | None) -> Decimal:
        if value is None and default is not None:
            return Decimal(str(default))
        found = number(value)
        if found is None:
            raise QSpecError(f"The transform {self.term.name} needs a number for {name}.")
        return found


@dataclass(frozen=True, slots=True)
class Entry:
    """A transform of the list: where it may stand, and how its arguments make it."""

    make: Callable[[Arguments], Transform]
    stages: tuple[str, ...]
    leaves: Callable[[Nature], Nature]
    """What numbers over classes are after it, from what they were before."""


registry: Registry[Entry] = Registry("transform", "qspec.data.transforms")


def transform(
    name: str, *stages: str, leaves: Nature | Callable[[Nature], Nature] | None = None
) -> Callable[[Callable[[Arguments], Transform]], Callable[[Arguments], Transform]]:
    """Decorator that files a maker under `name`, for the stages `pre`, `post` or both.

    `leaves` says what numbers over classes are after it: always the same, or from what they were; unless given, what they were.
    """

    def after(before: Nature) -> Nature:
        if leaves is None or isinstance(leaves, Nature):
            return leaves or before
        return leaves(before)

    def wrap(make: Callable[[Arguments], Transform]) -> Callable[[Arguments], Transform]:
        registry.register(name, module=make.__module__)(Entry(make, stages, after))
        return make

    return wrap
