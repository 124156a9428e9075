"""Checked documents to render, one of them hostile in every text, and a strict parser of pages."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from qspec.checks.runner import DocumentReport, check_workspace
from qspec.lang.load import load, load_source
from qspec.lang.source import Source

FIXTURE = Path(__file__).parent / "fixtures" / "measured.qspec"
VOID = {"meta", "link", "br", "hr", "img", "input"}
Check = Callable[[str], DocumentReport]


TAG = "</style></title></svg><script>alert(1)</script><img src=x onerror=alert(2)>"
QUOTE = '\\" onmouseover=alert(3) x=\\"'
HIDDEN = "a\u202egnp.exe\u2066\u0007\u0000b"
MARKDOWN = "[x](javascript:alert(4)) `` | ![i](https://evil.example/p) @everyone #1 <b>www.evil.example"
LATEX = "\\\\input{/etc/passwd} \\\\write18{id} $x^2$ %comment ~ {"
TEMPLATE = "{{ 7*7 }}{% raw %}"

HOSTILE = f"""qspec 1

executor odd {{
  hardware     {{ cpu: "{TAG}", cores: 2 }}
  runtime      {{ name: onnxruntime, version: "{QUOTE}", provider: cpu }}
  model        {{ base: "{TAG}" @ "1", quantized: unstated }}
  baseline:    fp32
  task:        image-classification
  metrics:     [top1]
  strata       {{ class: by label }}
}}

claim sly on odd {{
  title: "{TAG}{QUOTE}{TEMPLATE}"
  source {{ vendor: "{MARKDOWN}", title: "{LATEX}", url: "javascript:alert(5)", archive: "data:text/html,<script>" }}
  loss(top1) <= 1 pp for class == "{TAG}"
  # qspec: allow-file QS100 because "{TAG.replace('"', "")}"
  reported {{ as-printed: "{MARKDOWN}{LATEX}" }}

  measured {{
    at: "{TAG}"
    tool: "{QUOTE}"
    judge-version: 1
    outcome: "{TAG}"
    executor {{ cpu: "{HIDDEN}{TAG}", os: "{MARKDOWN}", kernel: "{LATEX}", runtime: "{TEMPLATE}" }}
    quantizer: "{TAG}"
    census "{TAG}" {{ declared: 1, stored: 1, computed: 0, realized: false, missing: ["{TAG}{QUOTE}"] }}
    top1 {{ baseline: 0.9, quantized: 0.8, loss: 0.1, interval: 0.05..0.15, method: "{TAG}", n: 100 }}
    top1 for class == "{TAG}{MARKDOWN}" {{ baseline: 0.9, quantized: 0.8, loss: 0.1, interval: 0.05..0.15, n: 50 }}
    hidden "{TAG}" {{ stratum: "{TAG}{MARKDOWN}", loss: 0.1 }}
    verdict "{TAG}{MARKDOWN}" {{ outcome: "{QUOTE}", because: "{LATEX}{TAG}" }}
    notes: ["{TAG}", "{HIDDEN}"]
    artifacts {{ model: "{QUOTE}" }}
    executor-digest: "{TAG}"
    assertions-digest: "{QUOTE}"
    content-digest: "x"
  }}
}}
"""


class Parsed(HTMLParser):
    """Elements in order, with attributes, and the text of each; unbalanced markup fails at once."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.declared: list[str] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute is given twice in <{tag}>"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-3:]}"
        self._open.pop()

    def handle_data(self, data):
        self.texts.append((tuple(self._open), data))

    def handle_decl(self, decl):
        self.declared.append(decl)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        inside = (data for path, data in self.texts if "style" not in path)
        return " ".join(" ".join(inside).split())


@pytest.fixture(scope="session")
def measured() -> DocumentReport:
    return check_workspace(load(FIXTURE))


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Check a document given as text."""

    def of(text: str, name: str = "spec.qspec") -> DocumentReport:
        return check_workspace(load_source(Source(str(tmp_path / name), text), root=tmp_path))

    return of


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Parsed]:
    """Parse a page; unbalanced markup fails the test."""
    return Parsed


@pytest.fixture
def hostile(check: Check) -> DocumentReport:
    """A claim whose every text tries to break out of the format it is rendered in."""
    return check(HOSTILE)
