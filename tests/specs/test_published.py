"""Transcriptions of published claims hold what their sources state, no more and no less."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from qspec.checks.disclosure import FLAGS
from qspec.checks.field import field_page
from qspec.cli import main
from qspec.lang.format import format_text
from qspec.lang.source import Source

FIGURES = ("baseline_value", "quantized_value", "delta", "throughput", "sample_size", "calibration")
NAMES = (
    "model_base",
    "model_quantized",
    "baseline_precision",
    "dataset",
    "metric",
    "scheme",
    "hardware",
    "stack",
)
"""Facts with digits in them that may stand in words of the spec, since they are names."""
_FIGURE = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_DIGITS = re.compile(r"\d+(?:\.\d+)*")
_DISCLOSED = re.compile(r"# disclosed: (\w+), \w+")


def printed(text: str) -> set[str]:
    """The figures in a text, without the commas that group their digits."""
    return {found.strip(",").replace(",", "") for found in _FIGURE.findall(text)}


def said(value: Any) -> Iterator[str]:
    """The numbers of a spec as written, without their signs, and those that it quotes."""
    if isinstance(value, dict):
        if set(value) <= {"text", "value", "unit"} and "text" in value:
            yield value["text"].lstrip("+-").replace("_", "")
            return
        for key, inner in value.items():
            if key == "as-printed":
                yield from printed(inner)
            yield from said(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from said(inner)


def test_every_record_has_one_claim_and_every_claim_a_record(reports, records):
    names = [claim.name for report in reports for claim in report.claims]
    assert sorted(names) == sorted(records)


def test_every_file_is_laid_out_canonically_and_has_no_error_of_language(reports):
    for report in reports:
        source = report.workspace.main.source
        assert format_text(Source(source.path, source.text)) == source.text
        errors = [f for f in report.findings if f.code.startswith("QS0") and f.severity.value == "error"]
        assert not errors, errors


def test_a_claim_says_where_it_stands_and_what_produced_it(one):
    source = one.claim.source
    assert source is not None
    assert source.url is not None
    assert source.kind is not None
    assert one.claim.executor is not None
    assert one.claim.evidence is not None
    assert one.claim.title is not None


def test_every_figure_of_the_source_is_in_the_spec(one):
    spec = one.claim.to_json()
    have, words = set(said(spec)), set(_DIGITS.findall(json.dumps(spec)))
    for key, text in one.record["facts"].items():
        if text and key in FIGURES:
            assert printed(text) <= have, key
        elif text and key in NAMES:
            assert set(_DIGITS.findall(text)) <= words, key


def test_the_spec_reports_and_bounds_no_other_figure(one):
    spec = one.claim.to_json()
    claimed = set(said([spec.get("reported"), spec.get("assertions")]))
    known = " ".join([one.record["notes"], *(text for text in one.record["facts"].values() if text)])
    assert claimed <= printed(known) | {"1", "2", "3"}  # numbers of unnamed rows


def test_nearly_every_flag_agrees_and_each_that_does_not_is_explained(transcribed):
    apart = 0
    for name, one in transcribed.items():
        differing = {flag for flag in FLAGS if one.report.disclosed[flag] != one.record["disclosed"][flag]}
        assert set(_DISCLOSED.findall(one.text)) == differing, name
        apart += len(differing)
    assert apart <= 0.05 * len(FLAGS) * len(transcribed)


def test_the_page_beside_the_specs_is_what_the_command_writes(published, reports, capsys):
    page = (published / "README.md").read_text("utf-8")
    again = "write it again: qspec check specs/published --statistics --output-format markdown"
    assert field_page(reports) == page, again
    with pytest.raises(SystemExit):
        main(["check", str(published), "--statistics", "--output-format", "markdown"])
    assert capsys.readouterr().out == page
