"""The forms in which findings leave the program, one a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.registry import Registry

if TYPE_CHECKING:
    from qspec.checks.report import Report
    from qspec.checks.settings import Settings

Format = Callable[..., str]
"""`render(reports, settings, *, colour)`: the text of some reports, with a line end behind it."""

registry: Registry[Format] = Registry("format", "qspec.checks.output")


def render(reports: Sequence[Report], name: str, settings: Settings, *, colour: bool = False) -> str:
    """The reports in the format called `name`; raises `QSpecError` for a format that does not exist."""
    if name not in registry:
        near = registry.suggest(name)
        raise QSpecError(
            f"There is no output format `{name}`.",
            hint=f"did you mean `{near}`?" if near else f"formats are {', '.join(registry.names())}",
        )
    return registry.get(name)(reports, settings, colour=colour)
