"""The page about a collection of claims counts what the reports say, and breaks for nothing that stands in them."""

from __future__ import annotations

from qspec.checks.field import field_page

STATED = """qspec 1
claim small-loss {
  executor {
    task: image-classification, metrics: [top1], baseline: fp32, calibration: unstated
    test-set { data: "ImageNet", split: validation }
  }
  loss(top1) <= 1 pp
}
claim no-loss { }
"""


def row(page: str, first: str) -> list[str]:
    line = next(line for line in page.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_axes_are_counted_by_state(check):
    page = field_page([check(STATED)])
    assert "2 claims in 1 document: none decision-grade, none interpretable." in page
    assert row(page, "`metric`") == ["1 (50 %)", "0", "0", "1"]
    assert row(page, "`calibration`") == ["0 (0 %)", "0", "1", "1"]
    assert row(page, "claims") == ["1", "0", "0", "1", "0", "0", "0"]


def test_every_claim_has_a_row_of_signs(check):
    page = field_page([check(STATED, path="a b.qspec")])
    assert row(page, "`small-loss`")[:4] == ["[a b](a%20b.qspec)", "●", "·", "●"]
    assert row(page, "`small-loss`")[5:7] == ["○", "·"]
    assert set(row(page, "`no-loss`")[1:]) == {"·"}


def test_contradictions_are_quoted_and_cannot_leave_their_cell(check):
    assert "\nNone.\n" in field_page([check(STATED)])
    wrong = STATED.replace("loss(top1) <= 1 pp", "reported { top1 { quantized: 759 % } }")
    (line,) = [line for line in field_page([check(wrong)]).splitlines() if "QS309" in line]
    assert line.startswith("| `small-loss` | QS309 | `759 %`")
    assert line.count("|") == 4


def test_a_collection_without_claims_says_so(check):
    assert "There is no claim." in field_page([check("qspec 1\n")])
    assert "There is no claim." in field_page([])
