"""Another name for a declaration: every use follows, and nothing else in the text changes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qspec.checks.runner import check_workspace
from qspec.errors import QSpecError
from qspec.lang.load import Workspace, load, load_source
from qspec.lang.references import References
from qspec.lang.rename import rename
from qspec.lang.source import Source, read_source

ROOT = Path(__file__).parents[2]
FAMILY = """qspec 1
model net { version: "1", file: "größe 日本.onnx", sha256: "00" }
model big { version: "2" }
dataset digits { version: "1", splits { train: 0..9, test: 9..20 } }
dataset digits.old { splits { test: 0..3 } }
hardware board { cpu: "𝔘" }
runtime ort { name: onnxruntime, version: "1" }

# board and net and digits: a comment names nothing
executor base {
  hardware: board
  runtime: ort
  model: net
  precision: int8
  baseline: model big
  calibration { data: "digits.train" @ "digits.train", method: minmax, size: 4 }
  test-set { data: digits.test, split: "test" }
  strata { site: by site, old: age > 3, both: site x old, again: cross(site, both) }
  evaluation first { threshold { from: digits.train }, test-set { data: digits.old.test } }
  evaluation second { test-set { data: digits, split: test }, strata { "site": by "site" } }
  load one { batch: 1 }
}
executor child from base { precision: int4, baseline: executor base, evaluation first { task: x } }
executor apart { model: net, evaluation first { task: x }, strata { site: by site } }

claim whole on child {
  loss(top1) <= 1 pp on first for each site
  loss(top1) <= 1 pp on second for old at 99 % expect refuted
  recovered(base, from: base) >= 50 % on first
  throughput >= 2 x baseline on one
  reported { top1 on first for site { n: 4 } }
}
claim other on apart { loss(top1) <= 1 pp on first for each site, loss(base) <= 1 pp }
claim inline { executor from base { task: site }, loss(top1) <= 1 pp on first for old == 3 }
suite all { claims: [whole, other] }
deployment field { hardware: board, runtime: ort }
"""
LAYOUTS = {
    "as it is": lambda text: text,
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "tabs": lambda text: text.replace("  ", "\t"),
    "no final newline": lambda text: text.rstrip("\n"),
    "a line each": lambda text: text.replace("{ ", "{\n\t ").replace(", ", ",\n"),
}
NEW = [
    "kurz",
    "Größe-日本",
    "on",
    "x",
    "unstated",
    "local",
    "not",
    "two words",
    'with "quotes"',
    "8",
    "1e5-a",
    "a.b",
    "each",
]


def workspace(text: str) -> Workspace:
    return load_source(Source("x.qspec", text), root=Path())


def declared(text: str) -> list[str]:
    references = References([one.document.to_json() for one in workspace(text).files])
    return [str(one) for one in references.declared()]


def after(text: str, name: str, new: str) -> str:
    (one,) = rename(workspace(text), name, new)
    return one.after.text


def changed_lines(text: str, name: str, new: str) -> list[str]:
    pairs = zip(text.splitlines(), after(text, name, new).splitlines(), strict=True)
    return [now.strip() for was, now in pairs if was != now]


def test_everything_that_bears_a_name_is_found_once() -> None:
    found = declared(FAMILY)
    assert len(found) == len(set(found))
    assert {
        "model/net",
        "digits/split/test",
        "base/evaluation/first",
        "base/strata/site",
        "base/load/one",
    } <= set(found)
    assert "child/evaluation/first" not in found
    assert "apart/evaluation/first" in found


CASES = {
    "digits": ("dataset/digits", [
        "dataset n { version: \"1\", splits { train: 0..9, test: 9..20 } }",
        'calibration { data: "n.train" @ "digits.train", method: minmax, size: 4 }',
        'test-set { data: n.test, split: "test" }',
        "evaluation first { threshold { from: n.train }, test-set { data: digits.old.test } }",
        'evaluation second { test-set { data: n, split: test }, strata { "site": by "site" } }',
    ]),
    "split": ("digits/split/test", [
        "dataset digits { version: \"1\", splits { train: 0..9, n: 9..20 } }",
        'test-set { data: digits.n, split: "test" }',
        'evaluation second { test-set { data: digits, split: n }, strata { "site": by "site" } }',
    ]),
    "executor": ("base", [
        "executor n {",
        "executor child from n { precision: int4, baseline: executor n, evaluation first { task: x } }",
        "recovered(base, from: n) >= 50 % on first",
        "claim inline { executor from n { task: site }, loss(top1) <= 1 pp on first for old == 3 }",
    ]),
    "evaluation": ("base/evaluation/first", [
        "evaluation n { threshold { from: digits.train }, test-set { data: digits.old.test } }",
        "executor child from base { precision: int4, baseline: executor base, evaluation n { task: x } }",
        "loss(top1) <= 1 pp on n for each site",
        "recovered(base, from: base) >= 50 % on n",
        "reported { top1 on n for site { n: 4 } }",
        "claim inline { executor from base { task: site }, loss(top1) <= 1 pp on n for old == 3 }",
    ]),
    "strata": ("base/strata/site", [
        "strata { n: by site, old: age > 3, both: n x old, again: cross(n, both) }",
        'evaluation second { test-set { data: digits, split: test }, strata { "n": by "site" } }',
        "loss(top1) <= 1 pp on first for each n",
        "reported { top1 on first for n { n: 4 } }",
    ]),
    "model of a baseline": ("big", ['model n { version: "2" }', "baseline: model n"]),
    "claim": ("other", [
        "claim n on apart { loss(top1) <= 1 pp on first for each site, loss(base) <= 1 pp }",
        "suite all { claims: [whole, n] }",
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "lines"), CASES.values(), ids=CASES)
def test_a_name_changes_where_it_stands_for_what_is_renamed(name: str, lines: list[str]) -> None:
    assert changed_lines(FAMILY, name, "n") == lines


def findings(text: str) -> Counter[str]:
    report = check_workspace(workspace(text))
    # QS507 goes by what data sets are called.
    return Counter(finding.code for finding in report.findings if finding.code != "QS507")


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.sampled_from(declared(FAMILY)), st.sampled_from(NEW), st.sampled_from(sorted(LAYOUTS)))
def test_only_names_change_whatever_the_layout(name: str, new: str, layout: str) -> None:
    text = LAYOUTS[layout](FAMILY)
    (one,) = rename(workspace(text), name, new)  # raises where the file would not say what it should
    at = end = 0
    for edit in one.edits:
        kept = text[end : edit.span.start]
        assert one.after.text[at : at + len(kept)] == kept
        at, end = at + len(kept) + len(edit.text), edit.span.end
    assert one.after.text[at:] == text[end:]
    back = name.rpartition("/")
    owner = name.split("/")[0]
    if name.count("/") == 2:
        again = after(one.after.text, f"{owner}/{name.split('/')[1]}/{new}", back[2])
    else:
        again = after(one.after.text, f"{back[0]}/{new}", back[2])
    assert workspace(again).main.document == workspace(text).main.document


@pytest.mark.parametrize("name", declared(FAMILY))
def test_nothing_is_left_pointing_at_the_old_name(name: str) -> None:
    assert findings(after(FAMILY, name, "quite-new")) == findings(FAMILY)


@pytest.mark.parametrize("path", sorted((ROOT / "specs").rglob("*.qspec")), ids=lambda path: path.stem)
def test_every_declaration_of_the_published_specs_can_be_renamed(path: Path) -> None:
    source = read_source(path)
    before = findings(source.text)
    for name in declared(source.text):
        text = after(source.text, name, "renamed")
        if "measured {" not in text:  # what was measured is of the old name, and the checker says so
            assert findings(text) == before


def test_files_that_are_used_change_too(tmp_path: Path) -> None:
    used, main = tmp_path / "used.qspec", tmp_path / "main.qspec"
    used.write_text("hardware board { cpu: x }\nexecutor e { hardware: board }\n")
    main.write_text(
        'use "used.qspec"\nexecutor f from e { hardware: board }\nclaim c on f { size <= 1 MB }\n'
    )
    changed = rename(load(main), "board", "box")
    assert [Path(one.before.path).name for one in changed] == ["main.qspec", "used.qspec"]
    assert [len(one.edits) for one in changed] == [1, 2]


@pytest.mark.parametrize(
    ("name", "new", "said"),
    [
        ("first", "n", "several things"),
        ("nett", "n", "Nothing here is called"),
        ("net", "big", "is there already"),
        ("base/evaluation/first", "one", "could mean either"),
        ("net", "a\nb", "is no name"),
        ("net", " ", "A name is empty"),
    ],
)
def test_what_cannot_be_renamed_is_a_sentence(name: str, new: str, said: str) -> None:
    with pytest.raises(QSpecError, match=said):
        rename(workspace(FAMILY), name, new)


def test_a_twin_is_converted_and_not_edited(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"qspec": 1, "models": {"m": {"file": "a"}}}')
    with pytest.raises(QSpecError, match="this is a twin"):
        rename(load(path), "m", "n")
