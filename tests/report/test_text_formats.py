"""Markdown, LaTeX and the badge say the verdicts, and foreign text obeys nobody in them."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from qspec.checks.runner import DocumentReport
from qspec.errors import QSpecError
from qspec.report import registry, render
from qspec.report.formats.latex import escape as latex_escape
from qspec.report.formats.markdown import code, escape

Check = Callable[[str], DocumentReport]


def test_markdown_tells_verdicts_strata_axes_and_findings(measured: DocumentReport) -> None:
    text = render([measured], "markdown")
    assert (
        "| `loss(top1) <= 2 pp for rare` | \u2717 Refuted | confirmed | Tango score | 2.11 to 6.44\u202fpp |"
        in text
    )
    assert "the 8 of 11 strata that may lose most" in text
    assert "**Axes:** 11 of 11 stated." in text
    assert "Claim `acme-brochure` is not decision-grade" in text
    assert "Because: kept as the brochure prints it" in text


def test_every_row_of_a_markdown_table_has_the_cells_of_its_head(hostile: DocumentReport) -> None:
    rows = [line for line in render([hostile], "md").splitlines() if line.startswith("|")]
    widths = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    heads = [index for index, row in enumerate(rows) if re.fullmatch(r"[| :-]+", row)]
    assert heads
    for start, end in zip(heads, [*(h - 1 for h in heads[1:]), len(rows)], strict=True):
        assert set(widths[start - 1 : end]) == {widths[start]}


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("[x](javascript:y)", "\\[x\\](javascript:y)"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("@all #12", "&#64;all &#35;12"),
        ("https://e.example www.e.example", "https&#58;//e.example www&#46;e.example"),
        ("a|b`c*d_e", "a\\|b\\`c\\*d\\_e"),
        ("- a", "\\- a"),
        ("12. a", "12\\. a"),
        ("0.56 pp", "0.56 pp"),
        ("one\n\ntwo", "one two"),
    ],
)
def test_markdown_text_is_inert(text: str, safe: str) -> None:
    assert escape(text) == safe


def test_markdown_code_survives_backticks_and_pipes() -> None:
    assert code("a``b") == "```a``b```"
    assert code("`a") == "`` `a ``"
    assert code("|loss(top1)|") == "`\\|loss(top1)\\|`"


def test_latex_has_balanced_tables_with_rules(measured: DocumentReport) -> None:
    text = render([measured], "latex")
    for rule in ("\\toprule", "\\midrule", "\\bottomrule", "\\begin{table}", "\\end{table}"):
        assert text.count(rule) == 3
    assert "$-$0.11 to 1.33\\,pp & Tango score & 2,410 \\\\" in text


def test_latex_text_is_inert(hostile: DocumentReport) -> None:
    assert latex_escape("\\input{x} $ % # & _ ^ ~") == (
        "\\textbackslash{}input\\{x\\} \\$ \\% \\# \\& \\_ \\textasciicircum{} \\textasciitilde{}"
    )
    text = render([hostile], "tex")
    assert "\\input" not in text and "\\write18" not in text
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    body = text.split("\n", 1)[1]
    assert not re.search(r"(?<!\\)[%#^~]", body)


def test_the_badge_is_xml_with_a_word_beside_its_colour(measured: DocumentReport) -> None:
    root = ElementTree.fromstring(render([measured], "badge"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["aria-label"] == "qspec: \u25d0 1 of 2 inconclusive"


def test_the_badge_of_what_nobody_executed_is_its_grade(check: Check) -> None:
    claim = "qspec 1\nclaim bare {\n  loss(top1) <= 1 pp\n}\n"
    assert "qspec: partial" in render([check(claim)], "badge")
    assert "qspec: no claims" in render([check("qspec 1\n")], "badge")


def test_a_hostile_badge_is_well_formed(hostile: DocumentReport) -> None:
    ElementTree.fromstring(render([hostile], "svg"))


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(QSpecError) as caught:
        render([], "markdwon")
    assert "did you mean `markdown`?" in str(caught.value)
    assert registry.names() == ["badge", "html", "latex", "markdown"]
