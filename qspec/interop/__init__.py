"""Outside formats, one a file, both ways where both make sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.registry import Registry, UnknownNameError

if TYPE_CHECKING:
    from qspec.lang.load import Workspace
    from qspec.model.document import Document


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file of an outside format declares, and what of it has no word here."""

    document: Document
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """A text in an outside format, and what the format asks for that the spec does not say."""

    text: str
    notes: tuple[str, ...] = ()


class OutsideFormat:
    """A format of somebody else's: a subclass overrides the directions it knows. Its docstring is its title."""

    def read(self, text: str, name: str) -> Imported:
        """The document that the text of the file called `name` amounts to; raises `QSpecError` where it is none."""
        raise self._one_way("read")

    def write(self, workspace: Workspace, name: str | None) -> Exported:
        """What the declaration called `name` amounts to; None is the only one there is."""
        raise self._one_way("written")

    def _one_way(self, done: str) -> QSpecError:
        return QSpecError(f"{title(type(self))} is not {done} here.")


def title(kind: type[OutsideFormat]) -> str:
    """What a format is, in one line."""
    return (kind.__doc__ or "").strip().partition("\n")[0].rstrip(".")


registry: Registry[type[OutsideFormat]] = Registry("outside format", "qspec.interop", title=title)


def find_format(name: str) -> OutsideFormat:
    """The format of that name; raises `QSpecError` with the nearest where there is none."""
    try:
        return registry.get(name)()
    except UnknownNameError as error:
        hint = f"did you mean `{error.suggestion}`?" if error.suggestion else None
        raise QSpecError(
            f"There is no outside format called `{name}`.",
            hint=hint or f"formats are {', '.join(registry.names())}",
        ) from error
