"""`qspec check`: findings, fixes, counts and settings, and the exit status that follows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import SPECS, Run

QUICKSTART = SPECS / "quickstart.qspec"
CLAIM = """\
qspec 1
claim brochure {
  executor { task: image-clasification, metrics: [top1], baseline: fp32 }
  loss(top1) < 1 %
}
"""


@pytest.fixture
def brochure(tmp_path: Path) -> Path:
    path = tmp_path / "brochure.qspec"
    path.write_text(CLAIM)
    return path


def codes(run: Run, *arguments: object, stdin: str | None = None) -> list[str]:
    data = json.loads(run("check", *arguments, "--output-format", "json", stdin=stdin).out)
    return [finding["code"] for document in data["documents"] for finding in document["findings"]]


def test_findings_end_in_one_and_their_absence_in_nought(run: Run, brochure: Path):
    assert run("check", brochure).code == 1
    assert run("check", brochure, "--fail-on", "error").code == 0
    assert run("check", brochure, "--fail-on", "never").code == 0
    assert run("check", QUICKSTART).code == 0


def test_rules_are_chosen_and_left_out(run: Run, brochure: Path):
    assert codes(run, brochure, "--select", "QS220") == ["QS220"]
    assert "QS220" not in codes(run, brochure, "--ignore", "percent-or-points")


def test_standard_input_is_called_what_one_likes(run: Run):
    done = run("check", "-", "--stdin-filename", "mine.qspec", "--output-format", "concise", stdin=CLAIM)
    assert all(line.startswith("mine.qspec:") for line in done.out.splitlines())


def test_a_folder_is_searched_for_specs(run: Run, brochure: Path):
    (brochure.parent / "deep").mkdir()
    (brochure.parent / "deep" / "other.qspec").write_text(CLAIM)
    data = json.loads(run("check", brochure.parent, "--output-format", "json").out)
    assert [Path(document["path"]).name for document in data["documents"]] == [
        "brochure.qspec",
        "other.qspec",
    ]


def test_one_unreadable_file_does_not_hide_the_others(run: Run, brochure: Path):
    (brochure.parent / "latin.qspec").write_bytes(b"qspec 1 # caf\xe9\n")
    done = run("check", brochure.parent)
    assert done.code == 2
    assert "is not UTF-8" in done.err
    assert "QS220" in done.out


def test_sarif_is_no_failure(run: Run, brochure: Path):
    done = run("check", brochure, "--output-format", "sarif")
    assert done.code == 0
    assert json.loads(done.out)["version"] == "2.1.0"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--output-format", "prose"), "no output format `prose`"),
        (("--profile", "strict"), "strict"),
        (("--select", "QS999x"), "QS999x"),
    ],
)
def test_misuse_is_a_sentence(arguments: tuple[str, ...], says: str, run: Run, brochure: Path):
    done = run("check", brochure, *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_safe_fixes_are_applied_and_the_rest_is_shown(run: Run, brochure: Path):
    done = run("check", brochure, "--fix", "--output-format", "concise")
    assert done.err == f"1 fix applied: {brochure}\n"
    assert brochure.read_text() == CLAIM.replace("clasification", "classification")
    assert "QS220" in done.out
    assert "QS010" not in done.out
    assert done.code == 1


def test_without_findings_to_fix_nothing_is_written(run: Run):
    before = QUICKSTART.stat().st_mtime_ns
    done = run("check", QUICKSTART, "--fix")
    assert (done.code, done.err) == (0, "")
    assert QUICKSTART.stat().st_mtime_ns == before


def test_alternatives_are_never_chosen(run: Run, brochure: Path):
    run("check", brochure, "--unsafe-fixes", "QS220")
    assert "< 1 %\n" in brochure.read_text()


def test_unsafe_fixes_are_applied_by_name(run: Run, brochure: Path):
    brochure.write_text(CLAIM.replace("< 1 %", "< 0.01"))
    run("check", brochure, "--fix")
    assert "< 0.01\n" in brochure.read_text()
    run("check", brochure, "--unsafe-fixes", "QS100")
    assert "# baseline" not in brochure.read_text()
    assert brochure.read_text().count("# strata") == 1


def test_a_difference_is_shown_and_not_written(run: Run, brochure: Path):
    done = run("check", brochure, "--diff")
    assert done.code == 1
    assert "+  executor { task: image-classification" in done.out
    assert "QS" not in done.out
    assert brochure.read_text() == CLAIM
    assert run("check", QUICKSTART, "--diff").out == ""


def test_fixed_standard_input_goes_out_alone(run: Run):
    done = run("check", "-", "--fix", stdin=CLAIM)
    assert done.out == CLAIM.replace("clasification", "classification")
    assert "QS220" in done.err


def test_findings_are_counted_by_rule(run: Run, brochure: Path):
    lines = run("check", brochure, brochure, "--statistics").out.splitlines()
    assert any(line.split()[:2] == ["2", "QS010"] and line.endswith("[2 fixable]") for line in lines)
    data = json.loads(run("check", brochure, "--statistics", "--output-format", "json").out)
    assert {row["code"]: row["count"] for row in data["rules"]}["QS220"] == 1


def test_settings_are_shown_with_where_they_come_from(run: Run, brochure: Path):
    assert "no configuration above it" in run("check", brochure, "--show-settings").out
    (brochure.parent / "qspec.toml").write_text('profile = "vendor"\nignore = ["QS220"]\n')
    out = run("check", brochure, "--show-settings").out
    assert "qspec.toml" in out
    assert 'profile = "vendor"' in out
    assert 'ignore = ["QS220"]' in out
    assert "QS220" not in codes(run, brochure)


def test_watching_checks_again_when_a_document_changes(brochure: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "qspec", "check", str(brochure), "--watch", "--output-format", "concise"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        start_new_session=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "watching; interrupt to end\n"
    time.sleep(0.05)
    changed = brochure.with_name("changed")
    changed.write_text(CLAIM.replace("1 %", "1 pp"))
    changed.replace(brochure)  # in one step: half a file would be a change of its own
    assert process.stderr.readline() == "watching; interrupt to end\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out.count("QS220") == 1
    assert out.count("QS010") == 2


def test_standard_input_cannot_be_watched(run: Run):
    assert run("check", "-", "--watch", stdin=CLAIM).code == 2
