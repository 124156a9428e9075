from __future__ import annotations

from collections.abc import Iterator

import pytest

from qspec.errors import QSpecError
from qspec.lang import upgrade
from qspec.lang.diagnostic import Edit
from qspec.lang.format import format_text
from qspec.lang.load import load_one
from qspec.lang.source import Source
from qspec.lang.tree import Entry, Section, SyntaxTree
from qspec.lang.upgrade import Upgrades

OLD = 'qspec 0 # old\nexecutor e {\n  test-set { dataset: "a b", size: 4 } # as it was\n}\n'


def renamed(source: Source, tree: SyntaxTree) -> Iterator[Edit]:
    """Version 0, had there been one: a test set's `data` was called `dataset`."""
    for executor in tree.root.items:
        for section in executor.block.items if isinstance(executor, Section) else []:
            for entry in section.block.items if isinstance(section, Section) else []:
                if isinstance(entry, Entry) and entry.head.name.text == "dataset":
                    yield Edit(entry.head.span, "data")


@pytest.fixture
def upgrades(monkeypatch: pytest.MonkeyPatch) -> Upgrades:
    made = Upgrades()
    made.step(0)(renamed)
    monkeypatch.setattr(upgrade, "UPGRADES", made)
    return made


def test_a_step_rewrites_what_changed_and_nothing_else(upgrades: Upgrades) -> None:
    new = upgrades.apply(Source("x.qspec", OLD)).text
    assert new == OLD.replace("dataset:", "data:").replace("qspec 0", "qspec 1")
    assert upgrades.apply(Source("x.qspec", new)).text == new


def test_an_older_version_is_read_without_being_rewritten(upgrades: Upgrades) -> None:
    loaded = load_one(Source("x.qspec", OLD))
    assert not loaded.errors
    assert loaded.document.qspec == 1


def test_the_formatter_upgrades_on_request(upgrades: Upgrades) -> None:
    text = format_text(Source("x.qspec", OLD), upgrade=True)
    assert text == 'qspec 1  # old\nexecutor e {\n  test-set { data: "a b", size: 4 }  # as it was\n}\n'


def test_steps_follow_each_other() -> None:
    made = Upgrades(target=3)
    made.step(1)(lambda source, tree: [])
    assert not made.reads(1)
    with pytest.raises(QSpecError, match="Version 1 of the language"):
        made.apply(Source("x.qspec", "qspec 1\n"))
    made.step(2)(lambda source, tree: [])
    assert made.apply(Source("x.qspec", "qspec 1\n")).text == "qspec 3\n"
    with pytest.raises(ValueError, match="a step from version 2"):
        made.step(2)(lambda source, tree: [])


def test_a_version_without_steps_is_an_error_that_says_what_to_do() -> None:
    (error,) = load_one(Source("x.qspec", "qspec 0\n")).errors
    assert (error.code, error.help) == ("QS009", "write `qspec 1`")


def test_a_text_that_does_not_parse_is_not_upgraded(upgrades: Upgrades) -> None:
    with pytest.raises(QSpecError):
        upgrades.apply(Source("x.qspec", "qspec 0\na: \n"))
    assert load_one(Source("x.qspec", "qspec 0\na: \n")).syntax_errors
