"""What the command line does, `import qspec` does too."""

from __future__ import annotations

from pathlib import Path

import pytest

import qspec

from .conftest import SPECS

QUICKSTART = SPECS / "quickstart.qspec"


def test_every_public_name_is_there():
    assert all(getattr(qspec, name) is not None for name in qspec.__all__)
    with pytest.raises(AttributeError):
        qspec.nothing  # noqa: B018


def test_a_spec_is_read_checked_planned_and_rendered():
    assert list(qspec.load(QUICKSTART).main.document.claims) == ["under-one-point"]
    assert not qspec.check(QUICKSTART).has_syntax_errors
    assert [plan.provider for plan in qspec.plan(QUICKSTART)] == ["cpu"]
    assert next(row.assertion for row in qspec.needs(QUICKSTART)) == "loss(top1) <= 1 pp"
    assert qspec.render([QUICKSTART, QUICKSTART], "markdown").startswith("## ")
    assert qspec.render(QUICKSTART, "badge").startswith("<svg")


def test_revisions_are_compared_and_words_explained(tmp_path: Path):
    weaker = tmp_path / "weaker.qspec"
    weaker.write_text(QUICKSTART.read_text().replace("size: 899", "size: 500"))
    assert [change.weakening for change in qspec.diff(QUICKSTART, weaker)] == [True]
    assert qspec.explain("QS220")[0].name == "QS220"


def test_a_claim_is_held_against_a_deployment(tmp_path: Path):
    path = tmp_path / "here.qspec"
    path.write_text(QUICKSTART.read_text() + "\ndeployment post-office { task: image-classification }\n")
    (found,) = qspec.transfer(path, "post-office")
    assert found.claim == "under-one-point"
    with pytest.raises(qspec.QSpecError, match="No deployment is called `clinic`"):
        qspec.transfer(path, "clinic")


def test_what_cannot_be_read_is_an_error_with_a_place(tmp_path: Path):
    with pytest.raises(qspec.QSpecError) as caught:
        qspec.load(tmp_path / "none.qspec")
    assert caught.value.place is not None
    broken = tmp_path / "broken.qspec"
    broken.write_text("qspec 1\nclaim {\n")
    with pytest.raises(qspec.SpecSyntaxError) as syntax:
        qspec.diff(broken, broken)
    assert syntax.value.place is not None
    assert syntax.value.place.line >= 2
