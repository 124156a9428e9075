"""Every rule's documentation is true: its example fires it, what to use instead does not, the table is current."""

import inspect
from pathlib import Path

import pytest

import qspec.checks.rules as room
from qspec.checks.rule import HEADINGS, Visit
from qspec.checks.rules import registry
from qspec.checks.runner import check_workspace, rules_for
from qspec.checks.settings import Settings
from qspec.lang.diagnostic import Severity
from qspec.lang.load import load_source
from qspec.lang.source import Source
from qspec.registry import render_table

RULES = list(registry)
WALKED = [rule for rule in RULES if rule.visits is not Visit.NOTHING]


def spec_in(section: str) -> str | None:
    """The spec a section holds, or None when it is prose."""
    text = inspect.cleandoc("\n" + section)
    return text + "\n" if text.startswith("qspec 1") else None


def findings(text: str, rule, tmp_path: Path, *, only: bool = False):
    profile = rule.profiles[0] if rule.profiles else "default"
    settings = Settings(profile=profile, select=(rule.code,) if only else ())
    report = check_workspace(load_source(Source("spec.qspec", text), root=tmp_path), settings)
    assert not report.workspace.main.syntax_errors, text
    return report.findings


def fires(text: str, rule, tmp_path: Path) -> bool:
    code = "QS100" if rule.gap else rule.code  # a gap is told in the headline
    return any(finding.code == code for finding in findings(text, rule, tmp_path, only=True))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_title_and_all_headings(rule):
    assert tuple(rule.sections) == HEADINGS, f"{rule.code} has {tuple(rule.sections)}"
    assert all(text.strip() for text in rule.sections.values())
    assert rule.title


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_stands_in_the_file_of_its_name(rule):
    assert rule.module.rsplit(".", 1)[1] == rule.name.replace("-", "_")


@pytest.mark.parametrize("rule", WALKED, ids=lambda rule: rule.code)
def test_the_example_fires_the_rule_and_no_other_error(rule, tmp_path):
    text = spec_in(rule.sections["Example"])
    assert text is not None, "the example of a rule that is walked is a spec"
    assert fires(text, rule, tmp_path)
    own = {rule.code, "QS100"} if rule.gap else {rule.code}
    others = [f for f in findings(text, rule, tmp_path) if f.severity is Severity.ERROR and f.code not in own]
    assert not others, [f"{f.code}: {f.message}" for f in others]


@pytest.mark.parametrize("rule", WALKED, ids=lambda rule: rule.code)
def test_what_to_use_instead_does_not_fire_the_rule(rule, tmp_path):
    text = spec_in(rule.sections["Use instead"])
    if text is not None:
        assert not fires(text, rule, tmp_path)
        errors = [f for f in findings(text, rule, tmp_path) if f.severity is Severity.ERROR]
        assert not errors, [f"{f.code}: {f.message}" for f in errors]


def test_a_fix_is_announced_where_a_finding_has_one(tmp_path):
    for rule in WALKED:
        for finding in findings(spec_in(rule.sections["Example"]) or "", rule, tmp_path, only=True):
            if finding.fixes and finding.code == rule.code:
                announced = "safe" if all(fix.safe for fix in finding.fixes) else "unsafe"
                assert rule.fix == announced, rule.code


def test_codes_and_names_are_used_once():
    names = [name for rule in RULES for name in (rule.code, rule.name, *rule.aliases)]
    assert len(names) == len(set(names))


def test_the_table_is_what_the_files_say():
    assert Path(str(room.__file__)).with_name("_table.py").read_text() == render_table(registry)


def test_every_rule_that_is_walked_is_called():
    assert sorted(rule.code for visit in Visit for rule in rules_for(visit)) == registry.names()
