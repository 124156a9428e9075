"""What the views make of measured blocks: bounds as losses, strata, machines, scales and outcomes."""

import math
from collections.abc import Callable

import pytest

from qspec.checks.runner import DocumentReport
from qspec.report import figures, render
from qspec.report.charts import forest_chart
from qspec.report.execution import moment
from qspec.report.figures import Scale
from qspec.report.outcome import NOT_EXECUTED, OUTCOMES, method_title, outcome_of, worst
from qspec.report.plots import Forest
from qspec.report.svg import Axis
from qspec.report.text import clean, web_address
from qspec.report.view import make_page

Check = Callable[[str], DocumentReport]

EXECUTOR = """qspec 1
executor e {
  baseline: fp32
  task: language-modelling
  metrics: [METRIC]
  strata { class: by label, site: by site, dense: by dense, site-dense: site x dense }
}
claim c on e {
  ASSERTIONS
  measured {
    at: "2026-11-21T05:40:00Z", tool: "t", judge-version: 1, executor { cpu: "x" }
    RESULTS
    executor-digest: "a", assertions-digest: "b", content-digest: "c"
  }
}
"""


def forest_of(check: Check, metric: str, assertions: str, results: str) -> Forest:
    text = EXECUTOR.replace("METRIC", metric).replace("ASSERTIONS", assertions).replace("RESULTS", results)
    found = make_page([check(text)]).claims[0].executions[0].scores[0].forest
    assert found is not None
    return found


def places(forest: Forest) -> dict[str, list[float | None]]:
    return {b.label: [None if p is None else round(p, 6) for p in b.places] for b in forest.bounds}


@pytest.mark.parametrize(
    ("assertion", "place"),
    [
        ("loss(top1) <= 1 pp", 1.0),
        ("loss(top1) <= 1 % of baseline", 0.8),
        ("loss(top1) <= 10 % of error", 2.0),
        ("top1 >= 99 % of baseline", 0.8),
        ("top1 >= 79 %", 1.0),
        ("|loss(top1)| <= 2 pp", 2.0),
    ],
)
def test_every_kind_of_bound_has_its_place_on_the_axis_of_losses(
    check: Check, assertion: str, place: float
) -> None:
    forest = forest_of(
        check,
        "top1",
        assertion,
        "top1 { baseline: 0.8, quantized: 0.79, loss: 0.01, interval: 0.005..0.015, n: 9 }",
    )
    assert list(places(forest).values()) == [[place]]


def test_a_percent_of_unspecified_kind_has_no_one_place(check: Check) -> None:
    forest = forest_of(
        check, "top1", "loss(top1) <= 1 %", "top1 { baseline: 0.8, quantized: 0.79, loss: 0.01 }"
    )
    assert forest.bounds == ()


def test_where_less_is_better_the_bound_lies_on_the_worse_side(check: Check) -> None:
    forest = forest_of(
        check,
        "perplexity(per: token)",
        "perplexity <= 1.1 x baseline",
        "perplexity { baseline: 10, quantized: 10.5, loss: 0.5, interval: 0.4..0.6 }",
    )
    assert places(forest) == {"perplexity <= 1.1 x baseline": [1.0]}


def test_strata_stand_worst_first_under_their_stratification(measured: DocumentReport) -> None:
    score = make_page([measured]).claims[0].executions[0].scores[0]
    assert score.forest is not None
    labels = [row.label for row in score.forest.rows]
    assert labels[:3] == ["all examples", "class (by label)", "8"]
    assert labels[-2:] == ["named strata", "rare"]
    assert [row.standing for row in score.forest.rows][:3] == ["across", "unbounded", "beyond"]
    assert places(score.forest)["loss(top1) <= 2 pp for rare"][-1] == 2.0
    assert [row.key for row in score.rows[:3]] == ["", "label == 0", "label == 1"]


def test_bounds_for_each_cell_of_crossed_strata_find_their_rows(check: Check) -> None:
    forest = forest_of(
        check,
        "top1",
        "loss(top1) <= 3 pp for each site-dense",
        'top1 for site == "a" and dense == true { baseline: 0.8, quantized: 0.79, loss: 0.01 }',
    )
    assert [row.label for row in forest.rows] == ["site-dense (site x dense)", "a \u00b7 true"]
    assert list(places(forest).values()) == [[None, 3.0]]


def test_a_forest_of_many_strata_is_cut_and_says_so(check: Check) -> None:
    rows = "\n".join(
        f"top1 for label == {i} {{ baseline: 0.8, quantized: 0.8, loss: 0.{i:03} }}" for i in range(200)
    )
    forest = forest_of(check, "top1", "loss(top1) <= 1 pp", rows)
    assert forest.left_out == 140
    assert forest.rows[1].label == "199"


def test_a_forest_draws_every_row_and_every_bound(measured: DocumentReport) -> None:
    forest = make_page([measured]).claims[0].executions[0].scores[0].forest
    assert forest is not None
    drawing = forest_chart(forest, "f", 760)
    assert drawing.count('class="interval ') == 12
    assert drawing.count('class="bound-name"') == 4
    assert (drawing.count('class="bound"'), drawing.count('class="bound foretold"')) == (3, 1)
    assert "loss(top1) &lt;= 3 pp for each class, expected inconclusive" in drawing


@pytest.mark.parametrize(
    ("scale", "value", "shown"),
    [
        (figures.share(), 0.98776, "98.78\u202f%"),
        (figures.share([0.00004], "\u202fpp"), -0.000123, "\u22120.0123\u202fpp"),
        (figures.share(), -0.000001, "0.00\u202f%"),
        (figures.duration([0.0000376]), 0.0000376, "37.6\u202f\u00b5s"),
        (figures.duration([1.5]), 1.5, "1.50\u202fs"),
        (figures.size([234877]), 75207, "75.2\u202fkB"),
        (figures.size([512]), 512, "512\u202fB"),
        (figures.rate([83333], "tok/s"), 34858, "34,858\u202ftok/s"),
        (figures.ratio([0.3202]), 0.3202, "0.320\u00d7"),
        (figures.plain([0.0]), 0.0, "0.000"),
        (Scale(), None, "\u2013"),
    ],
)
def test_figures_are_shown_as_people_read_them(scale: Scale, value: float | None, shown: str) -> None:
    assert scale.show(value) == shown


def test_axes_have_round_ticks_and_hold_what_lies_beyond() -> None:
    axis = Axis.over([-5.9, 14.1], 0, 100)
    assert axis.ticks == [-5.0, 0.0, 5.0, 10.0]
    assert [axis.tick_label(tick) for tick in axis.ticks] == ["\u22125", "0", "5", "10"]
    assert axis.at(-1e9) == 0 and axis.at(math.inf) == 100
    assert Axis.over([3.0, 3.0], 0, 100).ticks


def test_the_worst_outcome_speaks_for_the_page() -> None:
    assert worst([OUTCOMES["confirmed"], OUTCOMES["refuted"], NOT_EXECUTED]).key == "refuted"
    assert worst([OUTCOMES["confirmed"], NOT_EXECUTED]) is NOT_EXECUTED
    assert worst([]) is NOT_EXECUTED
    assert outcome_of("x" * 99).word == "x" * 23 + "\u2026"


def test_a_moment_that_is_none_stands_as_it_was_written() -> None:
    assert moment("2026-11-21T06:40:00+01:00") == "21 November 2026, 05:40 UTC"
    assert moment("yesterday") == "yesterday"


@pytest.mark.parametrize(
    "address",
    ["javascript:x", "JaVaScRiPt:x", "data:text/html,x", "//e.example", "https://", "https://a@e.example/",
     "https://e.example/\u202eb", "https://e.example/ b", "http://[::1", "vbscript:x", "file:///etc/passwd", None],
)  # fmt: skip
def test_only_plain_addresses_of_the_web_become_links(address: str | None) -> None:
    assert web_address(address) is None


def test_characters_that_hide_or_reorder_are_shown() -> None:
    assert clean("a\u202eb\x00c\x1b[0m") == "a\ufffdb\ufffdc\ufffd[0m"


SEVERAL = """qspec 1
executor e {
  baseline: bf16
  evaluation easy { task: multiple-choice, metrics: [accuracy(normalization: none)] }
  evaluation hard { task: multiple-choice, metrics: [accuracy(normalization: none)] }
  load single { scenario: single-stream, batch: 1 }
  load bulk { scenario: offline, batch: 64 }
}
claim c on e {
  loss(accuracy) <= 1 pp on easy
  loss(accuracy) <= 2 pp on hard
  latency(p99) <= 25 ms per token on single
  measured {
    at: "2026-11-21T05:40:00Z", tool: "t", judge-version: 1, outcome: confirmed, executor { cpu: "x" }
    accuracy on easy { baseline: 0.8, quantized: 0.79, loss: 0.01, n: 14042 }
    accuracy on hard { baseline: 0.5, quantized: 0.49, loss: 0.01, n: 198 }
    latency(p99) on single { baseline: 0.03 s per token, quantized: 0.021 s per token, ratio: 0.7 }
    throughput on bulk { baseline: 2100 tok/s, quantized: 5900 tok/s, ratio: 2.81 }
    verdict "latency(p99) <= 25 ms per token on single" { outcome: confirmed, interval: 0.0203..0.0217 }
    executor-digest: "a", assertions-digest: "b", content-digest: "c"
  }
}
"""


def test_evaluations_and_loads_are_kept_apart(check: Check) -> None:
    run = make_page([check(SEVERAL)]).claims[0].executions[0]
    assert [
        (score.on, [bound.label for bound in score.forest.bounds]) for score in run.scores if score.forest
    ] == [
        ("easy", ["loss(accuracy) <= 1 pp on easy"]),
        ("hard", ["loss(accuracy) <= 2 pp on hard"]),
    ]
    assert [(row.quantity, row.on, row.baseline) for row in run.physical] == [
        ("Latency (p99)", "single", "30.0\u202fms per token"),
        ("Throughput", "bulk", "2,100\u202ftok/s"),
    ]
    assert [plot.title for plot in run.tradeoffs] == [
        "Throughput on bulk against accuracy on easy",
        "Throughput on bulk against accuracy on hard",
    ]
    assert run.verdicts[2].interval == "20.3 to 21.7\u202fms per token"


@pytest.mark.parametrize("number", ["1e400", "1e99", "-1e99", "1e-300", "0", "-0", "99999999999999999999"])
def test_figures_of_any_size_can_be_drawn(check: Check, parse: Callable[[str], object], number: str) -> None:
    text = SEVERAL.replace(
        "quantized: 0.79, loss: 0.01", f"quantized: {number}, loss: {number}, interval: -1..{number}"
    )
    report = check(text.replace("5900 tok/s", f"{number} tok/s").replace("n: 198", f"n: {number}"))
    parse(render([report]))
    assert "nan" not in render([report], "markdown")


def test_two_machines_stand_apart_and_the_worst_speaks_for_the_claim(check: Check) -> None:
    start, end = SEVERAL.index("  measured {"), SEVERAL.rindex("}\n")
    block = SEVERAL[start:end]
    second = block.replace(
        'outcome: confirmed, executor { cpu: "x" }', 'outcome: refuted, executor { cpu: "y" }'
    )
    claim = make_page([check(SEVERAL[:end] + second + "}\n")]).claims[0]
    assert [run.machine for run in claim.executions] == ["x", "y"]
    assert claim.outcome.key == "refuted"


def test_the_tiles_are_loss_throughput_size_and_two_latencies(measured: DocumentReport) -> None:
    tiles = make_page([measured]).claims[0].executions[0].tiles
    assert [tile.label for tile in tiles] == [
        "Loss of top1", "Throughput", "Size", "Latency (p50)", "Latency (p99)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "title"),
    [
        ("paired-log-ratio-t", "paired batches, t on log ratio"),
        ("clustered-tango+bonett-price", "Tango score, clustered and Bonett\u2013Price"),
        (
            "paired-cluster-t+hall-fieller",
            "paired mean, cluster-robust t and Hall for skewness, Fieller ratio",
        ),
        ("a-new-one", "a-new-one"),
        (None, "\u2013"),
    ],
)
def test_methods_have_the_names_people_know(method: str | None, title: str) -> None:
    assert method_title(method) == title


@pytest.mark.parametrize(
    ("assertion", "interval", "shown"),
    [
        ("loss(top1) <= 1 pp", "-0.00425..0.00425", "\u22120.43 to 0.43\u202fpp"),
        ("loss(top1) <= 1 % of baseline", "-0.0043..0.0043", "\u22120.43 to 0.43\u202f% of baseline"),
        ("top1 >= 98 %", "0.975..0.991", "97.50 to 99.10\u202f%"),
        ("throughput >= 1.2 x baseline", "2.319..2.376", "2.32\u00d7 to 2.38\u00d7"),
        ("latency(p50) <= 25 ms", "0.0203..0.0217", "20.3 to 21.7\u202fms"),
    ],
)
def test_the_interval_of_a_verdict_is_read_in_base_units(
    check: Check, assertion: str, interval: str, shown: str
) -> None:
    row = f'verdict "{assertion}" {{ outcome: confirmed, interval: {interval} }}'
    text = EXECUTOR.replace("METRIC", "top1").replace("ASSERTIONS", assertion).replace("RESULTS", row)
    assert make_page([check(text)]).claims[0].executions[0].verdicts[0].interval == shown


@pytest.mark.parametrize(
    ("assertion", "outcome", "interval", "why"),
    [
        ("loss(top1) <= 1 pp", "inconclusive", "0.011..0.029", "wider one"),
        ("loss(top1) <= 1 pp for each class", "inconclusive", "0.011..0.029", "number of strata"),
        ("top1 >= 98 %", "inconclusive", "0.95..0.97", "wider one"),
        ("loss(top1) <= 1 pp", "inconclusive", "0.009..0.029", ""),
        ("loss(top1) <= 1 pp", "refuted", "0.011..0.029", ""),
    ],
)
def test_an_interval_beyond_its_bound_that_refutes_nothing_is_explained(
    check: Check, assertion: str, outcome: str, interval: str, why: str
) -> None:
    row = f'verdict "{assertion}" {{ outcome: {outcome}, interval: {interval}, needs: 9 }}'
    text = EXECUTOR.replace("METRIC", "top1").replace("ASSERTIONS", assertion).replace("RESULTS", row)
    verdict = make_page([check(text)]).claims[0].executions[0].verdicts[0]
    assert bool(verdict.because) is bool(why) and why in verdict.because
    assert verdict.needs == ("9" if outcome == "inconclusive" else "\u2013")


def test_an_exact_verdict_shows_its_figure(check: Check) -> None:
    text = EXECUTOR.replace("METRIC", "top1").replace(
        "ASSERTIONS", "size <= 0.35 x baseline\n size <= 100 kB"
    )
    rows = "size { baseline: 234877 B, quantized: 75207 B, ratio: 0.320197, method: exact }\n"
    rows += 'verdict "size <= 0.35 x baseline" { outcome: confirmed, method: exact }\n'
    rows += 'verdict "size <= 100 kB" { outcome: confirmed, method: exact }'
    verdicts = make_page([check(text.replace("RESULTS", rows))]).claims[0].executions[0].verdicts
    assert [verdict.interval for verdict in verdicts] == ["0.320\u00d7", "75.2\u202fkB"]


def test_a_statement_of_somebody_else_is_not_offered_for_execution(check: Check) -> None:
    text = (
        'qspec 1\nclaim c {\n source { vendor: "V" }\n reported { top1 { quantized: 75.9 %, n: 50000 } }\n}\n'
    )
    page = make_page([check(text)])
    assert not page.documents[0].can_run
    assert "qspec execute" not in render([check(text)], "markdown") + render([check(text)])
    assert {axis.name: axis.says for axis in page.claims[0].axes}["sample size"] == "50,000, as reported"


def test_what_an_export_cost_is_told_apart_from_what_quantization_costs(check: Check):
    results = (
        "top1 { baseline: 0.9, quantized: 0.88, loss: 0.02, interval: 0.01..0.03, n: 900, reference: 0.91, "
        "export-loss: 0.01, export-interval: 0.005..0.015 }"
    )
    text = (
        EXECUTOR.replace("METRIC", "top1")
        .replace("ASSERTIONS", "loss(top1) <= 5 pp")
        .replace("RESULTS", results)
    )
    (score,) = make_page([check(text)]).claims[0].executions[0].scores
    assert score.export == (
        "The model that was exported has 91.00\u202f%: the export cost 1.00\u202fpp (0.50 to 1.50\u202fpp), apart from "
        "the loss shown here."
    )
    assert score.export in render([check(text)], "html")


def test_nodes_that_ran_on_another_provider_are_named(check: Check):
    census = (
        "census quantized { declared: 4, stored: 4, computed: 4, realized: true, "
        'elsewhere: ["/pool on CPUExecutionProvider"] }'
    )
    text = EXECUTOR.replace("METRIC", "top1").replace("ASSERTIONS", "size <= 1 MB").replace("RESULTS", census)
    page = render([check(text)], "html")
    assert (
        "Ran on another provider than the one asked for: <code>/pool on CPUExecutionProvider</code>" in page
    )
