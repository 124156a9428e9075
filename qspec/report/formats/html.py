"""One self-contained web page: no scripts, nothing fetched, everything escaped, readable on paper and on a phone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from itertools import count
from typing import TYPE_CHECKING, Any

from qspec.report.charts import NARROW, WIDE, bars_chart, forest_chart, tradeoff_chart
from qspec.report.formats import registry
from qspec.report.svg import Markup, element
from qspec.report.text import clean, spans, web_address
from qspec.report.view import Page

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

Chart = Callable[[Any, str, float], Markup]

_BARS_WIDTH = 340.0


@registry.register("html", aliases=("web",))
def html(page: Page) -> str:
    """The page as HTML; the same page gives the same bytes."""
    environment = _environment()
    loader = environment.loader
    assert loader is not None
    style = loader.get_source(environment, "page.css")[0]
    return environment.get_template("page.html.j2").render(
        page=page, style=Markup(style), policy=_policy(style), charts=_Charts()
    )


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import PackageLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=PackageLoader("qspec.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters["web_address"] = web_address
    environment.filters["prose"] = _prose
    return environment


def _finalize(value: Any) -> Any:
    """Everything a template prints goes through `clean`, unless it is markup of our own making."""
    return clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _prose(text: str) -> Markup:
    """A sentence of ours as markup, with its code between backticks set as code."""
    parts = (element("code", part) if is_code else escape(clean(part)) for is_code, part in spans(text))
    return Markup("".join(parts))


def _policy(style: str) -> str:
    """A content security policy that allows this one style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


class _Charts:
    """Charts for the templates, each drawing with names of its own within the page."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)

    def forest(self, plot: Any) -> Markup:
        """A forest for wide windows and one for narrow ones, of which the style sheet shows one."""
        return self._both(forest_chart, plot)

    def tradeoff(self, plot: Any) -> Markup:
        """Speed against accuracy, likewise twice."""
        return self._both(tradeoff_chart, plot)

    def bars(self, plot: Any) -> Markup:
        """Bars, in one size that fits everywhere."""
        return bars_chart(plot, self._name(), _BARS_WIDTH)

    def _name(self) -> str:
        return f"chart-{next(self._numbers)}"

    def _both(self, draw: Chart, plot: Any) -> Markup:
        wide = draw(plot, self._name(), WIDE)
        narrow = draw(plot, self._name(), NARROW)
        return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')
