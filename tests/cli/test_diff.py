"""`qspec diff`: two files, or two revisions of one, and an exit status that says whether a claim got weaker."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .conftest import SPECS, Run

QUICKSTART = SPECS / "quickstart.qspec"
TEXT = QUICKSTART.read_text()


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of a spec that uses another file; the second one loosens a bound in the file used."""
    folder = tmp_path / "repository"
    (folder / "specs").mkdir(parents=True)
    git(tmp_path, "init", "-q", str(folder))
    main, used = folder / "specs" / "claim.qspec", folder / "specs" / "executor.qspec"
    main.write_text('qspec 1\nuse "executor.qspec"\nclaim c on e { loss(top1) <= 1 pp }\n')
    used.write_text("qspec 1\nexecutor e { baseline: fp32, metrics: [top1] }\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    used.write_text("qspec 1\nexecutor e { baseline: fp16, metrics: [top1] }\n")
    git(folder, "commit", "-q", "-a", "-m", "second")
    monkeypatch.chdir(folder)
    return folder


def test_the_same_document_has_no_changes(run: Run):
    done = run("diff", QUICKSTART, QUICKSTART)
    assert (done.code, done.out) == (0, "The claims are the same.\n")


def test_a_wider_bound_is_weaker(run: Run):
    done = run("diff", QUICKSTART, "-", stdin=TEXT.replace("<= 1 pp\n", "<= 2 pp\n"))
    assert done.code == 1
    assert "widened" in done.out
    assert "[-:43:3]" in done.out


def test_a_tighter_bound_is_not(run: Run):
    done = run("diff", QUICKSTART, "-", stdin=TEXT.replace("<= 1 pp\n", "<= 0.5 pp\n"))
    assert done.code == 0
    assert "tightened" in done.out


def test_one_quantity_may_be_bounded_twice(run: Run):
    done = run("diff", QUICKSTART, "-", stdin=TEXT.replace("<= 5 pp for each", "<= 4 pp for each"))
    assert done.code == 0
    assert done.out.endswith("1 change, of which 0 weaken a claim.\n")


def test_changes_are_data_and_markdown_too(run: Run):
    weaker = TEXT.replace("size: 899", "size: 500")
    data = json.loads(run("diff", QUICKSTART, "-", "--output-format", "json", stdin=weaker).out)
    (change,) = data["changes"]
    assert (change["kind"], change["axis"], change["weakening"]) == ("shrunk", "sample_size", True)
    assert change["location"]["path"] == "-"
    text = run("diff", QUICKSTART, "-", "--output-format", "markdown", stdin=weaker).out
    assert text.startswith("### Weaker\n")


def test_a_revision_is_read_with_what_it_used_then(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(repository)
    done = run("diff", "HEAD~1:specs/claim.qspec", "specs/claim.qspec")
    assert done.code == 1
    assert "from `fp32` to `fp16`" in done.out
    assert run("diff", "HEAD:specs/claim.qspec", "specs/claim.qspec").code == 0
    back = run("diff", "HEAD:specs/claim.qspec", "HEAD~1:specs/claim.qspec")
    assert "[HEAD~1:specs/executor.qspec:2:" in back.out


def test_a_revision_is_read_from_the_folder_one_is_in(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(repository / "specs")
    assert run("diff", "HEAD:./claim.qspec", "claim.qspec").code == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("HEAD:specs/none.qspec", "git has no such file"),
        ("nobody:specs/claim.qspec", "git has no such file"),
        ("--upload-pack=x:specs/claim.qspec", "does not begin with a hyphen"),
        ("HEAD:../outside.qspec", "git has no such file"),
    ],
)
def test_a_revision_that_is_not_there_is_a_sentence(
    name: str, says: str, repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(repository)
    done = run("diff", "--", name, "specs/claim.qspec")
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_without_git_it_is_a_sentence(repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", "")
    done = run("diff", "HEAD:specs/claim.qspec", "specs/claim.qspec")
    assert done.code == 2
    assert "git is not installed" in done.err


def test_a_document_with_errors_is_not_compared(run: Run):
    done = run("diff", QUICKSTART, "-", stdin="qspec 1\nclaim {\n")
    assert (done.code, done.out) == (2, "")
