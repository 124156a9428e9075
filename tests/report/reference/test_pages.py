"""Every page can be made, says something, and shows what it says with text that reads, binds or fires."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from qspec.checks.axis import AXES
from qspec.checks.rule import Visit
from qspec.checks.rules import registry as rules
from qspec.checks.runner import DocumentReport, check_workspace
from qspec.checks.settings import Settings
from qspec.errors import QSpecError
from qspec.lang.load import load_source
from qspec.lang.source import Source
from qspec.metrics import registry as metrics
from qspec.metrics.bind import bind
from qspec.model.vocabulary import VOCABULARIES
from qspec.report.reference import Page, explain, find, find_all, pages, registry, suggest
from qspec.report.reference.blocks import blocks, entries, rows
from qspec.report.reference.folder import file_name, write_folder
from qspec.report.reference.metrics import task_for
from qspec.report.reference.rules import FAMILIES

PAGES = list(pages())
SHOWN = [page for page in PAGES if page.example and page.kind != "rule"]


def named(page: Page) -> str:
    return f"{page.kind}/{page.name}"


def check(text: str, profile: str = "default", select: tuple[str, ...] = ()) -> DocumentReport:
    workspace = load_source(Source("page.qspec", text), root=Path())
    return check_workspace(workspace, Settings(profile=profile, select=select))


def test_every_page_says_something():
    for page in PAGES:
        assert page.title.strip(), named(page)
        assert page.body.strip(), named(page)
        assert page.markdown.startswith(f"# {page.name}\n\n*{page.kind}* · "), named(page)


def test_every_kind_has_pages_and_finds_each_by_its_name():
    for kind in registry:
        names = list(kind.names())
        assert len(names) == len(set(names)) > 0
        for name in names:
            assert [page.name for page in find_all(f"{kind.name}/{name}")] == [kind.page(name).name]


def test_an_alias_leads_to_a_name_that_there_is():
    for kind in registry:
        assert set(kind.aliases().values()) <= set(kind.names()), kind.name


@pytest.mark.parametrize("page", SHOWN, ids=named)
def test_an_example_reads_without_an_error(page: Page):
    report = check(page.example, select=("QS0",))
    assert not report.findings, [finding.message for finding in report.findings]


@pytest.mark.parametrize("name", AXES)
def test_the_example_of_an_axis_states_it(name: str):
    text = find(f"axis/{name}").example
    if name == "task":
        text = text.replace("task: ", "metrics: [top1]\n  task: ")
    (claim,) = check(text).claims
    assert claim.graded.axes[name].state == "stated", claim.graded.axes[name].why


def test_every_axis_has_its_page():
    assert [page.name for page in PAGES if page.kind == "axis"] == list(AXES)


@pytest.mark.parametrize("name", metrics.names())
def test_the_example_of_a_metric_binds(name: str):
    metric = metrics.get(name)
    loaded = load_source(Source("page.qspec", find(f"metric/{name}").example), root=Path()).main
    executor = loaded.document.claims["small-loss"].executor
    assert executor is not None
    (term,) = executor.metrics
    bound = bind(term, task=task_for(metric))
    assert bound.name == name
    assert executor.task in metric.tasks or not metric.tasks


@pytest.mark.parametrize(
    "rule", [r for r in rules if r.visits is not Visit.NOTHING], ids=lambda rule: rule.code
)
def test_the_example_of_a_rule_fires_it(rule):
    profile = rule.profiles[0] if rule.profiles else "default"
    found = check(find(rule.code).example, profile, (rule.code,)).findings
    assert ("QS100" if rule.gap else rule.code) in {finding.code for finding in found}


def test_a_rule_is_found_by_code_and_by_name_and_belongs_to_a_family():
    for rule in rules:
        assert find(rule.code) == find(rule.name) == find(rule.code.lower())
        assert rule.code[:3] in FAMILIES


def test_every_key_of_every_block_is_documented():
    silent = [
        f"{name}.{key}"
        for name, noun in blocks().items()
        for entry, (key, takes, says) in zip(entries(noun), rows(noun), strict=True)
        if (not says and entry.kind != "members") or takes.endswith("value")
    ]
    assert not silent


def test_every_word_of_every_list_has_a_page():
    for name, words in VOCABULARIES.items():
        page = find(f"word-list/{name}")
        for word in words:
            assert f"| `{word}` |" in page.body
            assert find_all(word), word


def test_a_word_of_several_meanings_has_several_pages():
    assert {page.kind for page in explain("calibration")} == {"axis", "block"}
    assert [page.kind for page in explain("block/calibration")] == ["block"]


def test_a_key_alone_is_looked_up_last():
    assert [page.name for page in explain("batch")] == ["load.batch"]
    assert "key" not in {page.kind for page in explain("task")}


@pytest.mark.parametrize(
    ("written", "kind", "name"),
    [
        ("W4A8 g64", "shorthand", "W4A8 g64"),
        ("ms per token", "unit", "ms per token"),
        ("images/s", "unit", "images/s"),
        ("float16", "number format", "fp16"),
        ("test-set", "axis", "test_set"),
        ("Percent-Or-Points", "rule", "QS220"),
        ("recall", "metric", "recall@k"),
    ],
)
def test_names_are_read_as_people_write_them(written: str, kind: str, name: str):
    assert (kind, name) in {(page.kind, page.name) for page in explain(written)}


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(QSpecError) as caught:
        find("baselin")
    assert caught.value.hint == "did you mean `baseline`?"
    assert suggest("zzzzqqqq") is None
    with pytest.raises(QSpecError, match="Nothing here is called"):
        find("zzzzqqqq")


def test_the_folder_holds_a_file_a_page_and_a_list(tmp_path: Path):
    count = write_folder(tmp_path / "reference")
    written = sorted((tmp_path / "reference").rglob("*/*.md"))
    assert len(written) == count == sum(page.kind != "key" for page in PAGES)
    index = (tmp_path / "reference" / "README.md").read_text()
    for path in written:
        assert f"({path.relative_to(tmp_path / 'reference').as_posix()})" in index
        assert all(sign.isalnum() or sign in "._-" for sign in path.stem)


def test_file_names_hold_no_signs():
    assert file_name("% of baseline") == "percent-of-baseline"
    assert file_name("recall@k") == "recall-at-k"


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(QSpecError, match="cannot be written"):
        write_folder(tmp_path / "taken")


def test_bodies_are_markdown_without_html_or_stray_indentation():
    for page in PAGES:
        assert "\t" not in page.body
        assert inspect.cleandoc(page.body) == page.body.strip(), named(page)
