"""Settings from files: the nearest above a spec, under the command line, and each mistake with its place."""

import pytest

from qspec.checks.config import find_config, settings_for
from qspec.errors import QSpecError
from qspec.lang.diagnostic import Severity


@pytest.fixture
def spec(tmp_path):
    """A path of a spec two folders down, in a repository of its own."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "specs" / "inner").mkdir(parents=True)
    return tmp_path / "specs" / "inner" / "a.qspec"


def test_without_a_file_the_defaults_hold(spec):
    settings = settings_for(spec)
    assert (settings.profile, settings.select, settings.ignore) == ("default", (), ())
    assert settings.fail_on is Severity.WARNING


@pytest.mark.parametrize(
    ("name", "head"), [("qspec.toml", ""), ("pyproject.toml", "[project]\nname = 'x'\n[tool.qspec]\n")]
)
def test_the_file_above_is_found_and_read(spec, tmp_path, name, head):
    body = 'profile = "paper"\nselect = ["QS4"]\nignore = ["QS401", "single-seed"]\nfail-on = "error"\n'
    (tmp_path / name).write_text(head + body)
    settings = settings_for(spec)
    assert (settings.profile, settings.select) == ("paper", ("QS4",))
    assert settings.ignore == ("QS401", "single-seed")
    assert settings.fail_on is Severity.ERROR


def test_the_nearest_file_wins_and_projects_of_others_are_passed_over(spec, tmp_path):
    (tmp_path / "qspec.toml").write_text('profile = "paper"\n')
    (tmp_path / "specs" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "specs" / "inner" / "pyproject.toml").write_text("this is not TOML")
    assert settings_for(spec).profile == "paper"
    (tmp_path / "specs" / "qspec.toml").write_text('profile = "vendor"\n')
    assert settings_for(spec).profile == "vendor"


def test_the_search_ends_at_the_top_of_the_repository(spec, tmp_path):
    inner = tmp_path / "specs"
    (tmp_path / "qspec.toml").write_text('profile = "paper"\n')
    (inner / ".git").mkdir()
    assert find_config(spec) is None


def test_the_command_line_wins_and_adds_what_to_ignore(spec, tmp_path):
    (tmp_path / "qspec.toml").write_text('profile = "paper"\nselect = ["QS4"]\nignore = ["QS401"]\n')
    settings = settings_for(spec, profile="draft", select="QS3, QS5", ignore="QS301", fail_on="never")
    assert (settings.profile, settings.select) == ("draft", ("QS3", "QS5"))
    assert settings.ignore == ("QS401", "QS301")
    assert settings.fail_on is None


def test_severities_of_rules_and_families(spec, tmp_path):
    (tmp_path / "qspec.toml").write_text('[severity]\nQS4 = "error"\npercent-or-points = "note"\n')
    assert settings_for(spec).severity == {"QS4": Severity.ERROR, "percent-or-points": Severity.NOTE}


def test_some_files_have_settings_of_their_own(spec, tmp_path):
    (tmp_path / "qspec.toml").write_text(
        'ignore = ["QS401"]\n[per-file]\n"specs/inner/*" = ["QS2"]\n"b.qspec" = { profile = "draft" }\n'
    )
    assert settings_for(spec).ignore == ("QS401", "QS2")
    assert settings_for(spec).profile == "default"
    assert settings_for(spec.with_name("b.qspec")).profile == "draft"


def test_a_file_may_extend_another(spec, tmp_path):
    (tmp_path / "base.toml").write_text('profile = "paper"\nignore = ["QS401"]\nfail-on = "error"\n')
    (tmp_path / "qspec.toml").write_text('extend = "base.toml"\nignore = ["QS402"]\nprofile = "vendor"\n')
    settings = settings_for(spec)
    assert settings.profile == "vendor"
    assert settings.ignore == ("QS401", "QS402")
    assert settings.fail_on is Severity.ERROR


@pytest.mark.parametrize(
    ("text", "said", "line", "hint"),
    [
        ("ignore = [\n", "is not TOML", None, None),
        ('\nprofle = "paper"\n', "`profle` is no setting", 2, "did you mean `profile`?"),
        ('profile = "papers"\n', "There is no profile `papers`", 1, "profiles are"),
        ("profile = 3\n", "takes a word in quotes", 1, None),
        ('# ignore\nignore = "QS4"\n', "takes a list", 2, None),
        ('ignore = [\n  "QS4",\n  "QS4O1",\n]\n', "There is no rule `QS4O1`", 3, None),
        ('select = ["percent-or-point"]\n', "There is no rule", 1, "did you mean `percent-or-points`?"),
        ('select = ["QS77"]\n', "There is no rule `QS77`", 1, None),
        ('[severity]\nQS4 = "bad"\n', "`error`, `warning` or `note`", 2, None),
        ("severity = 1\n", "is a table", 1, None),
        ("severity = { QS4 = [1] }\n", "`error`, `warning` or `note`", 1, None),
        ('fail-on = "sometimes"\n', "cannot fail on `sometimes`", 1, "error, warning, note or never"),
        ("per-file = 1\n", "is a table", 1, None),
        ('[per-file]\n"a.qspec" = 1\n', "takes a list of rules", 2, None),
        ('[per-file]\n"a.qspec" = { extend = "b" }\n', "`extend` is no setting", 2, None),
        ('extend = "no.toml"\n', "there is no such file", 1, None),
        ('extend = "qspec.toml"\n', "extends this file", 1, None),
        ("extend = 1\n", "takes the path", 1, None),
    ],
)
def test_a_mistake_is_a_sentence_with_its_place(spec, tmp_path, text, said, line, hint):
    (tmp_path / "qspec.toml").write_text(text)
    with pytest.raises(QSpecError) as caught:
        settings_for(spec)
    assert said in caught.value.message
    assert caught.value.place.path == str(tmp_path / "qspec.toml")
    assert line is None or caught.value.place.line == line
    assert hint is None or hint in (caught.value.hint or "")


def test_what_is_no_text_is_refused(spec, tmp_path):
    (tmp_path / "qspec.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(QSpecError, match="not UTF-8"):
        settings_for(spec)


@pytest.mark.parametrize(
    "options", [{"profile": "papers"}, {"select": "QS77"}, {"ignore": "no-such-rule"}, {"fail_on": "x"}]
)
def test_the_command_line_is_held_to_the_same(spec, options):
    with pytest.raises(QSpecError):
        settings_for(spec, **options)


def test_a_suppression_of_a_rule_that_was_not_called_is_not_called_unused(check):
    text = """\
qspec 1
claim brochure {
  loss(top1) < 1 pp  # qspec: allow QS220 because "quoted as printed"
}
"""
    assert "QS912" in {f.code for f in check(text).findings}
    assert "QS912" not in {f.code for f in check(text, profile="draft").findings}


def test_a_suite_sets_the_profile_of_its_claims(check):
    text = """\
qspec 1
claim brochure {
  executor { task: image-classification, metrics: [top1] }
  loss(top1) <= 1 pp
}
"""
    suite = "suite all { claims: [brochure], profile: decision-grade }\n"
    assert {f.severity.value for f in check(text).findings if f.code == "QS100"} == {"warning"}
    assert {f.severity.value for f in check(text + suite).findings if f.code == "QS100"} == {"error"}
