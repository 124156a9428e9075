"""A comment allows a finding where it stands, for as long as it says, and is itself found when it does nothing."""

import pytest

SPEC = """\
qspec 1
{top}
claim brochure {{ {inside}
  executor {{ task: image-classification, metrics: [top1], baseline: fp32 }}
  {above}
  loss(top1) < 1 % {behind}
  loss(top1) < 2 %
}}
"""
BECAUSE = 'because "the vendor was asked"'


@pytest.fixture
def outcome(check):
    """Codes found (gaps aside), and codes allowed with their reasons."""

    def run(**places: str) -> tuple[list[str], list[tuple[str, str | None]]]:
        comments = {"top": "", "inside": "", "above": "", "behind": ""}
        comments |= {place: f"# qspec: {text}" for place, text in places.items()}
        report = check(SPEC.format(**comments))
        assert not report.has_syntax_errors
        found = [f.code for f in report.findings if f.code != "QS100"]
        return found, [(f.code, by.reason) for f, by in report.suppressed]

    return run


REASON = "the vendor was asked"


def test_behind_a_line_it_allows_that_line(outcome):
    assert outcome(behind=f"allow QS220 {BECAUSE}") == (["QS220"], [("QS220", REASON)])


def test_alone_on_a_line_it_allows_the_next(outcome):
    assert outcome(above=f"allow QS220 {BECAUSE}") == (["QS220"], [("QS220", REASON)])


@pytest.mark.parametrize("code", ["QS220", "QS2", "percent-or-points", "QS220, QS301"])
def test_it_names_codes_families_or_rules(outcome, code):
    found, allowed = outcome(behind=f"allow {code} {BECAUSE}")
    assert allowed == [("QS220", REASON)]
    assert found == ["QS220"]


def test_in_a_block_it_allows_the_block(outcome):
    assert outcome(inside=f"allow-block QS220 {BECAUSE}") == ([], [("QS220", REASON)] * 2)


def test_for_a_file_it_allows_the_file(outcome):
    assert outcome(top=f"allow-file QS220 {BECAUSE}") == ([], [("QS220", REASON)] * 2)


def test_without_a_reason_it_allows_and_is_found(outcome):
    found, allowed = outcome(behind="allow QS220")
    assert sorted(found) == ["QS220", "QS910"]
    assert allowed == [("QS220", None)]


def test_expired_it_allows_nothing_and_is_found(outcome):
    found, allowed = outcome(behind=f"allow QS220 {BECAUSE} until 2001-01-01")
    assert sorted(found) == ["QS220", "QS220", "QS911"]
    assert allowed == []


def test_not_expired_it_allows(outcome):
    assert outcome(behind=f"allow QS220 {BECAUSE} until 2999-01-01")[1] == [("QS220", REASON)]


def test_where_there_is_nothing_to_allow_it_is_found(outcome):
    found, _ = outcome(behind=f"allow QS301 {BECAUSE}")
    assert sorted(found) == ["QS220", "QS220", "QS912"]


def test_a_misspelt_one_is_found(outcome):
    found, _ = outcome(behind=f"alow QS220 {BECAUSE}")
    assert sorted(found) == ["QS220", "QS220", "QS910"]


def test_what_was_not_read_cannot_be_allowed(check):
    report = check(f"qspec 1\nexecutor a {{\n  baselne: fp32  # qspec: allow QS002 {BECAUSE}\n}}\n")
    assert sorted(f.code for f in report.findings) == ["QS002", "QS912"]
    assert report.suppressed == []


@pytest.mark.parametrize("date", ["2001-13-01", "2027-02-30"])
def test_a_date_that_does_not_exist_is_no_crash(outcome, date):
    found, allowed = outcome(behind=f"allow QS220 {BECAUSE} until {date}")
    assert "QS910" in found
    assert allowed == []
