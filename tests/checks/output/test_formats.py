"""Every format carries every finding, escapes what a document smuggles in, and keeps to its standard."""

import copy
import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

import qspec.checks.output as room
from qspec.checks.output import registry, render
from qspec.checks.settings import Settings
from qspec.errors import QSpecError
from qspec.registry import render_table
from qspec.resources import resource

TEXT = """\
qspec 1
claim brochure {
  executor { task: image-classification, metrics: [top1], baseline: fp32 }
  reported { top1 { baseline: 76.1 %, quantized: 75.9 %, loss: 0.5 pp } }
  loss(top1) < 1 %
  drop(top1) <= 2 %  # qspec: allow QS220 because "the vendor was asked" until 2999-01-01 owner quality
}
"""


@pytest.fixture
def report(check):
    return check(TEXT, path="docs/a b.qspec")


def rendered(report, name: str, **options) -> str:
    return render([report], name, Settings(), **options)


def test_the_table_is_what_the_files_say():
    assert Path(str(room.__file__)).with_name("_table.py").read_text() == render_table(registry)
    expected = ["concise", "full", "github", "gitlab", "json", "json-lines", "junit", "sarif"]
    assert registry.names() == expected


@pytest.mark.parametrize("name", registry.names())
def test_a_format_carries_every_finding(report, name):
    text = rendered(report, name)
    assert text.endswith("\n")
    assert {finding.code for finding in report.findings} == {"QS100", "QS220", "QS301"}
    for finding in report.findings:
        assert finding.code in text


@pytest.mark.parametrize("name", registry.names())
def test_a_format_says_nothing_of_nothing(check, name):
    text = rendered(check("qspec 1\n"), name)
    assert "QS1" not in text


def test_an_unknown_format_is_answered_with_the_nearest(report):
    with pytest.raises(QSpecError) as raised:
        rendered(report, "sariff")
    assert raised.value.hint == "did you mean `sarif`?"


def test_json_keeps_to_its_schema(report):
    schema = json.loads(resource("schemas", "check.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    data = json.loads(rendered(report, "json"))
    validator.validate(data)
    assert data["summary"] == {
        "documents": 1, "claims": 1, "error": 1, "warning": 2, "note": 0, "suppressed": 1,
    }  # fmt: skip
    (document,) = data["documents"]
    (suppressed,) = document["suppressed"]
    assert suppressed["suppression"]["reason"] == "the vendor was asked"
    percent = next(f for f in document["findings"] if f["code"] == "QS220")
    assert percent["location"]["start"] == {"line": 5, "column": 16}
    assert percent["location"]["end"] == {"line": 5, "column": 19}
    assert [fix["safety"] for fix in percent["fixes"]] == ["unsafe", "unsafe"]


def test_json_lines_are_the_findings_of_json(report):
    lines = [json.loads(line) for line in rendered(report, "json-lines").splitlines()]
    (document,) = json.loads(rendered(report, "json"))["documents"]
    plain = [{k: v for k, v in line.items() if k != "document"} for line in lines]
    assert plain == [*document["findings"], *document["suppressed"]]


def keeps_to_the_standard(log: dict) -> None:
    """Raise `ValidationError` unless the log is valid under the schema of SARIF 2.1.0, which forbids what it does not know.

    The models were made from a draft that had not yet named the status of a suppression.
    """
    log = copy.deepcopy(log)
    for result in log["runs"][0]["results"]:
        for suppression in result.get("suppressions", ()):
            assert suppression.pop("status") in {"accepted", "underReview", "rejected"}
    Sarif.model_validate(log)


def test_sarif_keeps_to_the_schema_of_the_standard(report):
    log = json.loads(rendered(report, "sarif"))
    keeps_to_the_standard(log)
    (run,) = log["runs"]
    assert len(run["results"]) == 4
    (allowed,) = [result for result in run["results"] if "suppressions" in result]
    assert allowed["suppressions"][0]["justification"] == "the vendor was asked"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "docs/a%20b.qspec"
        assert place["region"]["startLine"] >= 1


def test_what_the_standard_does_not_know_would_be_found(report):
    log = json.loads(rendered(report, "sarif"))
    log["runs"][0]["results"][0]["severity"] = "high"
    with pytest.raises(ValidationError, match="severity"):
        keeps_to_the_standard(log)


def test_a_fingerprint_survives_a_move_of_the_file(check):
    def prints(path: str) -> list[str]:
        (run,) = json.loads(rendered(check(TEXT, path=path), "sarif"))["runs"]
        return [result["partialFingerprints"]["qspecFinding/v1"] for result in run["results"]]

    assert prints("brochures/acme.qspec") == prints("archive/2025/renamed.qspec")


def test_a_fingerprint_survives_moved_lines_and_tells_twins_apart(check):
    def prints(text: str) -> list[str]:
        data = json.loads(rendered(check(text, path="a.qspec"), "sarif"))
        return [r["partialFingerprints"]["qspecFinding/v1"] for r in data["runs"][0]["results"]]

    before = prints(TEXT)
    moved = prints(TEXT.replace("claim brochure", "# a remark\n\n\nclaim brochure"))
    assert before == moved
    assert len(set(before)) == len(before)
    twice = TEXT.replace("  loss(top1) < 1 %\n", "  loss(top1) < 1 %\n  loss(top1) < 1 %\n")
    assert len(set(prints(twice))) == len(prints(twice)) == len(before) + 1


def test_github_escapes_what_ends_its_commands(report):
    for line in rendered(report, "github").splitlines():
        head, _, message = line.removeprefix("::").partition("::")
        assert head.split(" ", 1)[0] in {"error", "warning", "notice"}
        assert "%" not in message.replace("%25", "")


def test_gitlab_has_the_fields_it_asks_for(report):
    data = json.loads(rendered(report, "gitlab"))
    assert all(set(f) == {"description", "check_name", "fingerprint", "severity", "location"} for f in data)
    assert len({f["fingerprint"] for f in data}) == len(data)


@pytest.mark.parametrize("name", registry.names())
def test_a_format_carries_what_comments_allow_with_their_reason(report, name):
    text = rendered(report, name)
    assert "the vendor was asked" in text
    assert "2999-01-01" in text
    assert "quality" in text


def test_gitlab_tells_the_same_finding_of_two_files_apart(check):
    reports = [check(TEXT, path=path) for path in ("a.qspec", "b.qspec")]
    data = json.loads(render(reports, "gitlab", Settings()))
    assert len({f["fingerprint"] for f in data}) == len(data) == 8


def test_junit_counts_what_fails(report):
    root = ElementTree.fromstring(rendered(report, "junit"))
    (suite,) = root.findall("testsuite")
    assert (suite.get("failures"), suite.get("tests"), suite.get("skipped")) == ("3", "4", "1")
    lenient = render([report], "junit", Settings(fail_on=None))
    assert ElementTree.fromstring(lenient).find("testsuite").get("failures") == "1"


HOSTILE = "a\x1b[31m\u202eb\x07.qspec"


@pytest.mark.parametrize("name", ["full", "concise", "github", "junit"])
def test_control_characters_of_a_document_are_not_obeyed(check, name):
    text = TEXT.replace("brochure", '"bro\\u{1b}[31mchure"').replace("# qspec", "\u202e # qspec")
    out = rendered(check(text, path=HOSTILE), name)
    assert not {"\x1b", "\u202e", "\x07"} & set(out)
    assert "\\u{1b}" in out


def test_colour_is_used_only_when_asked_for(report):
    assert "\x1b[" not in rendered(report, "full")
    assert "\x1b[" in rendered(report, "full", colour=True)


def test_full_underlines_the_place_and_lists_what_is_allowed(report):
    lines = rendered(report, "full").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("warning[QS220 percent-or-points]"))
    assert lines[at + 1] == " --> docs/a b.qspec:5:16"
    assert lines[at + 3] == "5 |   loss(top1) < 1 %"
    assert lines[at + 4] == "  |                ^^^"
    assert lines[at + 6] == "  = help: write `1 pp` or `1 % of baseline`"
    assert any(
        'is allowed because "the vendor was asked" until 2999-01-01 (quality)' in line for line in lines
    )
    assert lines[-1] == "1 error, 2 warnings in 1 document; 1 allowed by comments."


def test_full_cuts_a_long_line_around_the_place(check):
    text = TEXT.replace("  loss(top1) < 1 %", f'  title: "{"x" * 400}", loss(top1) < 1 %')
    lines = rendered(check(text), "full").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("warning[QS220"))
    shown, marks = lines[at + 3], lines[at + 4]
    assert len(shown) < 140
    assert shown[marks.index("^") : marks.rindex("^") + 1] == "1 %"


def test_marks_stand_under_wide_characters(check):
    text = TEXT.replace("  loss(top1) < 1 %", '  title: "量子化", loss(top1) < 1 %')
    lines = rendered(check(text), "full").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("warning[QS220"))
    assert lines[at + 4].index("^") == lines[at + 3].index("1 %") + 3  # three characters two columns wide
