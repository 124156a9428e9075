"""The page is self-contained, escapes everything, and says everything that was measured."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest

from qspec.checks.runner import DocumentReport
from qspec.report import render

Check = Callable[[str], DocumentReport]
Parse = Callable[[str], Any]


@pytest.fixture(scope="module")
def page(measured: DocumentReport, parse: Parse) -> Any:
    return parse(render([measured]))


def test_the_page_begins_with_its_document_type(measured: DocumentReport) -> None:
    assert render([measured]).startswith("<!doctype html>")


def test_the_same_documents_give_the_same_bytes(measured: DocumentReport) -> None:
    assert render([measured, measured]) == render([measured, measured])


def test_nothing_is_loaded_and_nothing_runs(page: Any) -> None:
    assert not {tag for tag, _ in page.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
    }
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("href", "src", "xlink:href", "action"):
            value = attributes.get(name, "#")
            assert value.startswith("#") or (tag == "a" and value.startswith("https://example.org/")), value


def test_the_policy_allows_the_one_style_sheet_by_its_digest(measured: DocumentReport, parse: Parse) -> None:
    text = render([measured])
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None and text.count("<style>") == 1
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(
        m["content"] for m in parse(text).all("meta") if m.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy and "url(" not in style[1] and "@import" not in style[1]


def test_names_within_the_page_are_given_once_and_all_exist(page: Any) -> None:
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))
    for _, attributes in page.elements:
        wanted = attributes.get("aria-labelledby", "").split()
        wanted += [attributes["href"][1:]] if attributes.get("href", "").startswith("#") else []
        assert set(wanted) <= set(names)


def test_tables_have_captions_and_scopes_and_drawings_have_names(page: Any) -> None:
    tags = [tag for tag, _ in page.elements]
    assert tags.count("table") == tags.count("caption") > 6
    assert all(cell.get("scope") in {"row", "col"} for cell in page.all("th"))
    for drawing in page.all("svg"):
        assert drawing.get("aria-hidden") == "true" or (
            drawing["role"] == "img" and drawing["aria-labelledby"]
        )
    assert tags.count("title") - 1 == tags.count("desc") == sum("role" in svg for svg in page.all("svg"))


@pytest.mark.parametrize(
    "words",
    [
        "loss(top1) <= 3 pp for each class Inconclusive inconclusive and so it came",
        "\u22120.11 to 1.33 pp Tango score 2,410",
        "99.12 to 100.11 % of baseline",
        "Hidden loss.",
        "label == 8 loses 6.82 pp of top1 (3.11 to 14.12 pp), p = 0.018 after Holm",
        "34,858 /s 83,333 /s 2.39\u00d7 2.31\u00d7 to 2.47\u00d7 paired batches, t on log ratio",
        "37.6 \u00b5s 24.0 \u00b5s",
        "234.9 kB 75.2 kB 0.320\u00d7 \u2013 exact",
        "880 8 harmful baseline wrong 3 helpful 8",
        "1.22 % of the examples flipped. 14 answers changed, 3 of them from one wrong answer to another.",
        "not realized",
        "3 of 4",
        "/head/Gemm",
        "Cores 4 2 drift",
        "Runtime onnxruntime onnxruntime match Runtime version >=1.20 1.31.1 match",
        "Python \u2013 3.11.7 not declared",
        "the test split shares no writer with the calibration data",
        "qspec execute ",
        "1d3a77e1c4a0",
        "kept as the brochure prints it",
        "virtually lossless",
        "75.9 % \u00b1 0.2 %",
        "not applicable: weights only",
        "21 November 2026, 05:40 UTC",
    ],
)
def test_the_page_says(page: Any, words: str) -> None:
    assert words in page.text


def test_every_axis_stands_in_the_card_of_every_claim(page: Any) -> None:
    for question in ("What downstream task?", "Measured how, and by whom?"):
        assert page.text.count(question) == 2
    states = [a["class"] for a in page.all("span") if a.get("class", "").startswith("state ")]
    assert {"state stated", "state unstated", "state missing"} <= set(states)


def test_hostile_texts_stay_texts(hostile: DocumentReport, parse: Parse) -> None:
    assert hostile.suppressed and hostile.workspace.main.document.claims["sly"].measured
    text = render([hostile])
    page = parse(text)
    assert not {tag for tag, _ in page.elements} & {"script", "img", "b\u202e", "everyone"}
    assert not [1 for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.all("a") == [a for a in page.all("a") if a["href"].startswith("#")]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "{{ 7*7 }}{% raw %}" in page.text
    assert "javascript:alert(5)" in page.text


def test_an_address_with_a_scheme_of_the_web_becomes_a_link(page: Any) -> None:
    links = [a for a in page.all("a") if a["href"].startswith("http")]
    assert [a["href"] for a in links] == ["https://example.org/brochure.pdf"]
    assert all("noopener" in a["rel"] for a in links)


def test_a_document_without_claims_or_with_syntax_errors_has_a_page(check: Check, parse: Parse) -> None:
    assert "The checker finds nothing to say." in parse(render([check("qspec 1\n")])).text
    assert "error" in parse(render([check("qspec 1\nclaim {{{\n")])).text


def test_no_documents_give_an_empty_page(parse: Parse) -> None:
    assert "No claims." in parse(render([])).text
