"""Reports: checked documents, with what was measured, as a web page, Markdown, a LaTeX table or a badge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.report.formats import registry

if TYPE_CHECKING:
    from qspec.checks.runner import DocumentReport

__all__ = ["registry", "render"]


def render(reports: list[DocumentReport], format: str = "html") -> str:
    """The reports in one of the formats of `registry`; raises `QSpecError` for one that does not exist."""
    if format not in registry:
        near = registry.suggest(format)
        raise QSpecError(
            f"There is no report format called `{format}`.",
            hint=f"did you mean `{near}`?" if near else f"the formats are {', '.join(registry.names())}",
        )
    from qspec.report.view import make_page

    return registry.get(format)(make_page(reports))
