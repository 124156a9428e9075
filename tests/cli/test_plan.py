"""`qspec plan`: sample sizes from the document alone, and what would run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qspec.stats.power import needed_pairs, planning_discordance
from qspec.stats.static import zero_flip_limit

from .conftest import SPECS, Run

QUICKSTART = SPECS / "quickstart.qspec"
VENDOR = """\
qspec 1
claim brochure {
  executor {
    task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
    test-set { data: "cais/mmlu" @ "c30699e", split: test, size: 14042 }
    strata { subject: by subject }
  }
  reported {
    accuracy { baseline: 68.4 %, quantized: 67.9 % }
    accuracy for subject == "anatomy" { baseline: 64.4 %, quantized: 62.2 %, n: 135 }
  }
  loss(accuracy) <= 1 pp
  loss(accuracy) <= 3 pp for each subject
  accuracy >= 99 % of baseline
  latency(p99) <= 25 ms
  size <= 0.5 x baseline
}
"""


def planned(run: Run, *arguments: object, stdin: str | None = None) -> list[dict]:
    done = run("plan", *arguments, "--output-format", "json", stdin=stdin)
    assert done.code == 0, done.err
    return json.loads(done.out)["claims"]


def test_the_table_holds_the_sizes_of_the_textbook(run: Run):
    sizes = {
        bound: planned(run, "-", "--sizes-only", stdin=VENDOR.replace("<= 1 pp", f"<= {bound} pp"))[0][
            "needs"
        ][0]["needed"]
        for bound in ("0.5", "1", "2")
    }
    assert sizes == {"0.5": 9419, "1": 2355, "2": 589}


def test_every_bound_is_planned_in_every_stratum_whose_size_is_known(run: Run):
    (claim,) = planned(run, "-", stdin=VENDOR)
    rows = {(row["assertion"], row["stratum"]): row for row in claim["needs"]}
    whole = rows["loss(accuracy) <= 1 pp", None]
    assert (whole["n"], whole["suffices"]) == (14042, True)
    assert whole["decided_under"] == pytest.approx(0.0914, abs=2e-4)
    anatomy = rows["loss(accuracy) <= 3 pp for each subject", 'subject == "anatomy"']
    assert (anatomy["n"], anatomy["suffices"]) == (135, False)
    assert anatomy["floor"] == pytest.approx(zero_flip_limit(135))
    kept = rows["accuracy >= 99 % of baseline", None]
    assert kept["bound"] == pytest.approx(0.01 * 0.684)


def test_what_examples_do_not_decide_is_said(run: Run):
    (claim,) = planned(run, "-", stdin=VENDOR)
    said = {one["assertion"]: one["because"] for one in claim["others"]}
    assert said["latency(p99) <= 25 ms"] == "p99 needs 662 calls"
    assert said["size <= 0.5 x baseline"] == "a size is exact"


def test_suppositions_can_be_given(run: Run):
    (claim,) = planned(run, QUICKSTART, "--discordance", "2%", "--loss", "0.002", "--power", "90%")
    row = claim["needs"][0]
    assert row["needed"] == needed_pairs(0.02, 0.01, 0.002, 0.95, 0.9)
    assert row["supposed"] == "as given"


def test_a_loss_at_the_bound_is_never_confirmed(run: Run):
    (claim,) = planned(run, QUICKSTART, "--loss", "1%")
    assert claim["needs"][0]["needed"] is None
    assert "none would do" in run("plan", QUICKSTART, "--loss", "1%").out


def test_measured_flips_replace_what_is_supposed(run: Run, specs: Path):
    spec = specs / "quickstart.qspec"
    assert run("execute", spec, "--quiet").code != 2
    (claim,) = planned(run, spec)
    rows = claim["needs"]
    measured = re.fullmatch(r"upper limit of (\d+) in 899 measured", rows[0]["supposed"])
    assert measured is not None
    assert rows[0]["discordance"] == pytest.approx(planning_discordance(int(measured[1]), 899))
    strata = {row["stratum"]: row["n"] for row in rows if row["stratum"]}
    assert sum(strata.values()) == 899
    assert len(strata) == 10


def test_a_fixed_population_needs_no_sample(run: Run):
    text = VENDOR.replace("strata {", "statistics { population: fixed }\n    strata {")
    (claim,) = planned(run, "-", stdin=text)
    assert not claim["needs"]
    assert "population is fixed" in claim["others"][0]["because"]


def test_text_says_what_would_run_and_what_would_not(run: Run):
    here = run("plan", QUICKSTART).out
    assert "would run:" in here
    assert "provider cpu" in here
    assert "would not run here: " in run("plan", "-", stdin=VENDOR).out
    assert "run" not in run("plan", QUICKSTART, "--sizes-only").out.replace("under-one-point", "")


def test_the_plan_of_a_run_is_that_of_a_dry_run(run: Run):
    (claim,) = planned(run, QUICKSTART)
    assert claim["run"]["provider"] == "cpu"
    dry = run("execute", "--dry-run", QUICKSTART).out.splitlines()
    assert [line.strip() for line in dry[1:]] == [
        line.strip() for line in run("plan", QUICKSTART).out.split("would run:\n")[1].strip().splitlines()
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--discordance", "many"), "--discordance takes a share"),
        (("--loss", "130%"), "--loss takes a share"),
        (("--power", "100%"), "cannot be planned for"),
        (("--claim", "none"), "There is no claim `none`"),
    ],
)
def test_misuse_is_a_sentence(arguments: tuple[str, ...], says: str, run: Run):
    done = run("plan", QUICKSTART, *arguments)
    assert done.code == 2
    assert says in done.err


def test_a_claim_without_assertions_is_said_to_have_none(run: Run):
    done = run("plan", "-", "--sizes-only", stdin='qspec 1\nclaim silent { title: "nothing" }\n')
    assert (done.code, done.out) == (0, "claim silent\n  it asserts nothing\n\n")
