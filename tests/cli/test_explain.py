"""`qspec explain` and `qspec rules`: every name has its page, in three forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qspec.checks.rules import registry as rules
from qspec.cli._markdown import layout

from .conftest import Run


def test_a_rule_is_explained_by_code_or_name(run: Run):
    by_code, by_name = run("explain", "QS220"), run("explain", "percent-or-points")
    assert by_code.code == 0
    assert by_code.out == by_name.out
    assert "What it finds" in by_code.out


def test_text_is_wrapped_to_the_width_of_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "60")
    done = run("explain", "strata", "ece", "executor")
    code = [line for line in done.out.splitlines() if line.startswith("    ")]
    assert all(len(line) <= 60 for line in done.out.splitlines() if line not in code)
    assert "`" in done.out
    assert "\x1b" not in done.out


def test_several_meanings_are_all_shown_once(run: Run):
    data = json.loads(run("explain", "calibration", "axis/calibration", "--output-format", "json").out)
    assert [page["kind"] for page in data["pages"]] == ["axis", "block"]


def test_markdown_holds_the_example_as_code(run: Run):
    done = run("explain", "top1", "--output-format", "markdown")
    assert done.out.startswith("# top1\n")
    assert "```qspec\nqspec 1" in done.out


def test_an_unknown_name_is_misuse_with_a_suggestion(run: Run):
    done = run("explain", "toop1")
    assert done.code == 2
    assert done.err == "error: Nothing here is called `toop1`.\n  help: did you mean `top1`?\n"


def test_no_name_is_misuse(run: Run):
    assert run("explain").code == 2
    assert run("explain", "--output", "folder").code == 2


def test_the_list_names_every_rule(run: Run):
    text = run("explain", "--list").out
    data = json.loads(run("explain", "--list", "--output-format", "json").out)
    assert set(data["rule"]) == set(rules.names())
    assert all(name in text for name in rules.names())


def test_all_pages_are_written_as_files(run: Run):
    done = run("explain", "--all", "--output", "reference")
    assert done.code == 0
    assert (Path("reference") / "rule" / "QS220.md").read_text().startswith("# QS220")
    assert (Path("reference") / "README.md").is_file()


def test_rules_are_listed_by_family_axis_profile_and_fix(run: Run):
    def listed(*arguments: str) -> list[dict]:
        done = run("rules", *arguments, "--output-format", "json")
        assert done.code == 0
        return json.loads(done.out)["rules"]

    assert len(listed()) == len(rules.names())
    assert {rule["code"][:3] for rule in listed("--family", "qs3")} == {"QS3"}
    assert all("strata" in rule["axes"] for rule in listed("--axis", "strata"))
    assert {rule["code"][:3] for rule in listed("--profile", "draft")} == {"QS0", "QS3", "QS9"} & {
        code[:3] for code in rules.names()
    }
    assert all(rule["fix"] for rule in listed("--fixable"))


def test_rules_as_text_have_a_line_each(run: Run):
    lines = run("rules").out.splitlines()
    assert [line[:5] for line in lines] == rules.names()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--family", "XX"), "No rule has a code"),
        (("--profile", "strict"), "no profile `strict`"),
        (("--axis", "speed"), "no axis `speed`"),
    ],
)
def test_filters_that_name_nothing_are_misuse(arguments: tuple[str, ...], says: str, run: Run):
    done = run("rules", *arguments)
    assert done.code == 2
    assert says in done.err


MARKDOWN = """\
# Title

A long paragraph with `a piece of code`, **strong words** and *slanted ones* that is
continued on a second line.

- first of a list that is long enough to be wrapped
- second

| key | meaning |
| --- | --- |
| `a` | one or \\| the other |
"""


def test_layout_keeps_code_whole_and_escapes_undone():
    text = layout(MARKDOWN, 40, colour=False)
    assert "`a piece of code`" in text
    assert "\n- first of a list that is long enough to\n  be wrapped\n- second\n" in text
    assert "key  meaning\n`a`  one or | the other\n" in text


def test_layout_colours_what_stands_out():
    text = layout(MARKDOWN, 40, colour=True)
    assert "\x1b[36ma piece of code\x1b[0m" in text
    assert "\x1b[1mstrong words\x1b[0m" in text
    assert "**" not in text
