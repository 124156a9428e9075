"""The forms a report can take, one a file: each a function from the page's view to text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from qspec.registry import Registry

if TYPE_CHECKING:
    from qspec.report.view import Page

Format: TypeAlias = "Callable[[Page], str]"

registry: Registry[Format] = Registry("report format", "qspec.report.formats")
