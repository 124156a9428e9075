"""Fixes: the safe ones at once, unsafe ones by name, alternatives never, and nothing outside the edits."""

from dataclasses import replace

import pytest

from qspec.checks.fixes import apply_fixes
from qspec.lang.diagnostic import Diagnostic, Edit, Fix, Severity
from qspec.lang.source import Span

TEXT = """\
qspec 1
claim brochure {   # quoted
  executor {
    task:    image-clasification
    metrics: [top1]
  }
  loss(top1) < 1 %
}
"""


def test_a_safe_fix_is_made_and_all_else_is_left(check):
    fixed = apply_fixes(check(TEXT))
    assert fixed.source.text == TEXT.replace("clasification", "classification")
    assert [finding.code for finding, _ in fixed.applied] == ["QS010"]
    assert "QS220" in {finding.code for finding, _ in fixed.left}


def test_nothing_to_do_gives_the_same_source(check):
    report = check(TEXT.replace("clasification", "classification"))
    fixed = apply_fixes(report)
    assert fixed.source is report.workspace.main.source
    assert fixed.applied == ()


@pytest.mark.parametrize("unsafe", [True, ("QS100",), ("QS1",), ("incomplete-claim",)])
def test_unsafe_fixes_are_made_by_name(check, unsafe):
    fixed = apply_fixes(check(TEXT), unsafe)
    assert "# baseline: fp32" in fixed.source.text
    assert not check(fixed.source.text).has_syntax_errors


def test_of_two_readings_none_is_chosen(check):
    fixed = apply_fixes(check(TEXT), unsafe=True)
    assert "loss(top1) < 1 %" in fixed.source.text
    assert [f.title for finding, f in fixed.left if finding.code == "QS220"] == [
        "Read it as percentage points",
        "Read it as per cent of the baseline",
    ]


def finding(report, *edits: tuple[int, int, str]) -> Diagnostic:
    source = report.workspace.main.source
    fix = Fix("a fix", tuple(Edit(Span(start, end), text) for start, end, text in edits), safe=True)
    return Diagnostic("QS999", "made-up", Severity.WARNING, "A finding.", Span(0, 1), source, fixes=(fix,))


def test_a_fix_that_would_break_the_text_is_left_and_the_others_are_made(check):
    report = check(TEXT)
    good, bad = TEXT.index("quoted"), TEXT.index("{")
    found = [finding(report, (good, good + 6, "cited")), finding(report, (bad, bad + 1, "("))]
    fixed = apply_fixes(replace(report, findings=found))
    assert fixed.source.text == TEXT.replace("quoted", "cited")
    assert len(fixed.applied) == len(fixed.left) == 1


def test_the_first_of_two_that_overlap_is_made(check):
    report = check(TEXT)
    at = TEXT.index("quoted")
    found = [finding(report, (at, at + 6, "cited")), finding(report, (at + 2, at + 6, "ick"))]
    fixed = apply_fixes(replace(report, findings=found))
    assert "cited" in fixed.source.text
    assert len(fixed.left) == 1


def test_one_edit_that_two_findings_ask_for_is_made_once(check):
    report = check(TEXT)
    at = TEXT.index("quoted")
    found = [finding(report, (at, at, "as ")), finding(report, (at, at, "as "))]
    assert "# as quoted" in apply_fixes(replace(report, findings=found)).source.text
