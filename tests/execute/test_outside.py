"""Claims are judged on scores and outputs that were made elsewhere, in every form they come in."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qspec import api
from qspec.errors import QSpecError
from qspec.lang.load import load

SPEC = """qspec 1

dataset d {{
  source: "d.npz"
  splits {{ test: 0..10 }}
  label: label
  {classes}
}}

executor e {{
  hardware  {{ cpu: "AMD EPYC 9654" }}
  runtime   {{ name: vllm, version: "0.11" }}
  model     {{ base: "m" @ "1" }}
  precision: int8
  baseline: fp32
  task:     {task}
  metrics:  [{metrics}]
  test-set  {{ data: d.test, composition: clean }}
  {more}
}}

claim c on e {{
{assertions}
}}
"""

Judging = Callable[..., Any]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)


@pytest.fixture
def judged(tmp_path: Path) -> Judging:
    """Judges assertions on files of scores."""

    def run(
        files: Sequence[str],
        assertions: str,
        *,
        metrics: str = "top1",
        task: str = "image-classification",
        classes: str = "",
        more: str = "",
    ) -> Any:
        text = SPEC.format(task=task, metrics=metrics, classes=classes, more=more, assertions=assertions)
        (tmp_path / "s.qspec").write_text(text)
        (one,) = api.judge_scores(tmp_path / "s.qspec", [str(tmp_path / name) for name in files])
        return one

    return run


def save_csv(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def save_jsonl(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    rows = zip(*columns.values(), strict=True)
    path.write_text("".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows))


def save_parquet(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(dict(columns)), path)


def values(one: Any, name: str = "top1") -> tuple[float, float]:
    (found,) = [r for r in one.measured.results if r.quantity.name == name and r.for_ is None]
    return float(found.baseline.value), float(found.quantized.value)


RIGHT = {
    "top1.baseline": [1, 1, 1, 0] * 100,
    "top1.quantized": [1, 1, 1, 0] * 99 + [1, 1, 0, 0],
    "site": ["a", "b"] * 200,
}


@pytest.mark.parametrize(
    ("name", "save"), [("s.csv", save_csv), ("s.jsonl", save_jsonl), ("s.parquet", save_parquet)]
)
def test_values_of_a_metric_are_read_from_every_kind_of_table(
    name: str, save: Any, judged: Judging, tmp_path: Path
) -> None:
    save(tmp_path / name, RIGHT)
    one = judged(
        [name],
        "  loss(top1) <= 2 pp\n  loss(top1) <= 5 pp for each site\n  flips <= 3 %",
        more="strata { site: by site }",
    )
    assert values(one) == (0.75, 0.7475)
    assert [v.outcome.value for v in one.verdicts.judged] == ["confirmed"] * 3
    assert one.verdicts.exit_code == 0


def test_a_metric_whose_columns_are_not_there_keeps_no_other_from_being_judged(
    judged: Judging, tmp_path: Path
) -> None:
    save_csv(tmp_path / "s.csv", RIGHT)
    one = judged(["s.csv"], "  loss(top1) <= 2 pp\n  loss(ece) <= 2 pp", metrics="top1, ece(bins: 15)")
    confirmed, absent = one.verdicts.judged
    assert (confirmed.outcome.value, absent.outcome.value) == ("confirmed", "not-executable")
    assert absent.because == "ece(bins: 15) was not computed; it is not among the metrics that ran here"


def test_a_metric_that_does_not_fit_the_classes_keeps_no_other_from_being_judged(
    judged: Judging, tmp_path: Path
) -> None:
    logits = np.random.default_rng(0).normal(size=(300, 4))
    label = logits.argmax(axis=1)
    columns = {"label": label, "logits.baseline": logits, "logits.quantized": logits}
    np.savez(tmp_path / "s.npz", **columns)
    one = judged(["s.npz"], "  loss(top1) <= 2 pp\n  loss(auc) <= 2 pp", metrics="top1, auc")
    confirmed, left_out = one.verdicts.judged
    assert (confirmed.outcome.value, left_out.outcome.value) == ("confirmed", "not-executable")
    assert "tells 4 classes apart" in left_out.because
    assert any(note.startswith("auc was left out: ") for note in one.measured.notes)


def test_per_cent_are_no_probabilities(judged: Judging, tmp_path: Path) -> None:
    shares = np.tile([[90.0, 10.0], [20.0, 80.0]], (100, 1))
    columns = {
        "label": np.tile([0, 1], 100),
        "probabilities.baseline": shares,
        "probabilities.quantized": shares,
    }
    np.savez(tmp_path / "s.npz", **columns)
    with pytest.raises(QSpecError, match="holds 90, and a probability lies between 0 and 1"):
        judged(["s.npz"], "  loss(nll) <= 0.1", metrics="top1, nll")


def test_predictions_and_labels_give_every_metric_of_theirs(judged: Judging, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    label = random.integers(0, 3, 300)
    save_csv(
        tmp_path / "s.csv",
        {
            "label": label,
            "prediction.baseline": label,
            "prediction.quantized": np.where(label == 2, 0, label),
        },
    )
    one = judged(["s.csv"], "  loss(top1) <= 50 pp\n  agreement >= 50 %", metrics="top1, f1(macro)")
    assert values(one) == (1.0, pytest.approx(np.mean(label != 2), abs=1e-6))
    assert values(one, "f1")[1] < 0.7
    changed = next(r.changed for r in one.measured.results if r.quantity.name == "top1")
    assert int(changed.value) == int((label == 2).sum())


@pytest.mark.parametrize(("classes", "note"), [("classes: [dog, cat]", False), ("", True)])
def test_classes_may_be_words(classes: str, note: bool, judged: Judging, tmp_path: Path) -> None:
    save_csv(
        tmp_path / "s.csv",
        {
            "label": ["cat", "dog"] * 20,
            "prediction.baseline": ["cat", "dog"] * 20,
            "prediction.quantized": ["cat", "cat"] * 20,
        },
    )
    one = judged(["s.csv"], "  loss(top1) <= 1 pp", classes=classes)
    assert values(one) == (1.0, 0.5)
    assert any("numbered from 0 in the order cat, dog" in n for n in one.measured.notes) is note


def test_a_class_that_the_data_set_does_not_name_is_refused(judged: Judging, tmp_path: Path) -> None:
    save_csv(
        tmp_path / "s.csv",
        {"label": ["cat"], "prediction.baseline": ["cat"], "prediction.quantized": ["cow"]},
    )
    with pytest.raises(QSpecError, match="'cow', which is no class"):
        judged(["s.csv"], "  loss(top1) <= 1 pp", classes="classes: [cat, dog]")


def test_a_file_each_is_joined_by_the_examples_identity(judged: Judging, tmp_path: Path) -> None:
    save_jsonl(tmp_path / "b.jsonl", {"id": [1, 2, 3], "label": [0, 1, 2], "prediction": [0, 1, 2]})
    save_jsonl(tmp_path / "q.jsonl", {"id": [3, 2, 1], "label": [2, 1, 0], "prediction": [2, 0, 0]})
    one = judged(["b.jsonl", "q.jsonl"], "  loss(top1) <= 90 pp")
    assert values(one) == (1.0, pytest.approx(2 / 3, abs=1e-6))
    assert set(one.measured.artifacts.root) == {"scores-baseline", "scores-quantized"}


@pytest.mark.parametrize(
    ("quantized", "said"),
    [
        (
            {"id": [1, 2], "label": [0, 1], "prediction": [0, 1]},
            r"1 examples are in b\.jsonl only, and 0 in q\.jsonl only; the first has the id 3",
        ),
        (
            {"id": ["1", "2", "3"], "label": [0, 1, 2], "prediction": [0, 1, 2]},
            r"id holds numbers in b\.jsonl and texts in q\.jsonl",
        ),
        ({"id": [1, 2, 2], "label": [0, 1, 1], "prediction": [0, 1, 1]}, "twice"),
        ({"id": [1, 2, 3], "label": [0, 1, 1], "prediction": [0, 1, 1]}, "differ in the label"),
        ({"label": [0], "prediction": [0]}, "nothing says which belong together"),
    ],
)
def test_files_of_other_examples_are_refused(
    quantized: dict[str, list[Any]], said: str, judged: Judging, tmp_path: Path
) -> None:
    save_jsonl(tmp_path / "b.jsonl", {"id": [1, 2, 3], "label": [0, 1, 2], "prediction": [0, 1, 2]})
    save_jsonl(tmp_path / "q.jsonl", quantized)
    with pytest.raises(QSpecError, match=said):
        judged(["b.jsonl", "q.jsonl"], "  loss(top1) <= 90 pp")


@pytest.mark.parametrize(
    ("columns", "metric", "said"),
    [
        ({"top1.baseline": [1, 0]}, "top1", "of one model only"),
        ({"top1": [1, 0]}, "top1", "no column of either model"),
        ({"top1.baseline": [1, 0], "top1.quantized": [1, 0.5]}, "top1", "is 0 or 1"),
        ({"x.baseline": [1, 0], "x.quantized": [1, 0]}, "top1", "do not follow"),
        ({"auc.baseline": [1, 0], "auc.quantized": [1, 0]}, "auc", "no mean of a value of each example"),
        ({"top1.baseline": ["a"], "top1.quantized": ["b"]}, "top1", "holds no numbers"),
        (
            {"score.baseline": [0.1, 0.9], "score.quantized": [0.1, 0.9], "label": [0, 1]},
            "sensitivity(at: specificity >= 95 %)",
            "not among the scores",
        ),
        (
            {"score.baseline": [0.1, 0.9], "score.quantized": [0.1, 0.9], "label": [0, 1]},
            "sensitivity(threshold: frozen)",
            "nothing says what that must reach",
        ),
    ],
)
def test_columns_that_decide_nothing_are_a_sentence(
    columns: dict[str, list[Any]], metric: str, said: str, judged: Judging, tmp_path: Path
) -> None:
    save_csv(tmp_path / "s.csv", columns)
    more = "threshold { from: d.tune }" if "sensitivity" in metric else ""
    with pytest.raises(QSpecError, match=said):
        judged(["s.csv"], "  flips <= 1 %", metrics=metric, more=more)


@pytest.mark.parametrize(
    "metric", ["sensitivity", "sensitivity(threshold: frozen)", "sensitivity(threshold: 0.6)"]
)
def test_scores_are_decided_at_the_declared_threshold(metric: str, judged: Judging, tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    label, first = generator.integers(0, 2, 400), generator.random(400)
    second = np.clip(first + generator.normal(0, 0.05, 400), 0, 1)
    columns = {"label": label, "score.baseline": first, "score.quantized": second}
    # What the models answered lies elsewhere than the threshold, and does not decide.
    columns |= {"prediction.baseline": first >= 0.5, "prediction.quantized": second >= 0.5}
    save_csv(
        tmp_path / "s.csv",
        {name: values.astype(float if "score" in name else int).tolist() for name, values in columns.items()},
    )
    more = "" if "0.6" in metric else "threshold { value: 0.6 }"
    one = judged(["s.csv"], f"  loss({metric}) <= 50 pp", metrics=metric, more=more)
    (result,) = one.verdicts.results
    for side, score in (("baseline", first), ("quantized", second)):
        expected = (score[label == 1] >= 0.6).mean()
        assert float(getattr(result, side).base) == pytest.approx(expected, abs=1e-6)


def test_answers_without_scores_are_not_decided_at_a_threshold(judged: Judging, tmp_path: Path) -> None:
    save_csv(
        tmp_path / "s.csv",
        {"label": [0, 1] * 40} | {f"prediction.{s}": [0, 1] * 40 for s in ("baseline", "quantized")},
    )
    asked = {
        "metrics": "sensitivity, top1",
        "assertions": "  loss(sensitivity) <= 20 pp\n  loss(top1) <= 20 pp",
    }
    free = judged(["s.csv"], **asked)
    assert [j.outcome.value for j in free.verdicts.judged] == ["confirmed", "confirmed"]
    one = judged(["s.csv"], **asked, more="threshold { value: 0.6 }")
    assert [j.outcome.value for j in one.verdicts.judged] == ["not-executable", "confirmed"]
    assert "the columns do not hold sensitivity" in one.measured.notes


def test_scores_leave_out_the_metric_whose_threshold_nothing_decides(judged: Judging, tmp_path: Path) -> None:
    columns = {"label": [0, 1] * 40, "prediction.baseline": [0, 1] * 40, "prediction.quantized": [0, 1] * 40}
    columns |= {f"score.{side}": [0.2, 0.7] * 40 for side in ("baseline", "quantized")}
    save_csv(tmp_path / "s.csv", columns)
    one = judged(
        ["s.csv"], "  loss(ppv) <= 1 pp\n  loss(top1) <= 20 pp", metrics="ppv(threshold: frozen), top1"
    )
    assert [j.outcome.value for j in one.verdicts.judged] == ["not-executable", "confirmed"]
    assert "nothing says what that must reach" in one.verdicts.judged[0].because
    assert any("ppv(threshold: frozen)" in note for note in one.measured.notes)


def test_units_come_from_a_column(judged: Judging, tmp_path: Path) -> None:
    copies = {name: list(np.repeat(values, 20)) for name, values in RIGHT.items()}
    copies["patient"] = list(np.repeat(np.arange(400), 20))
    save_csv(tmp_path / "s.csv", copies)
    wide = judged(["s.csv"], "  loss(top1) <= 2 pp", more="statistics { unit: by patient }")
    narrow = judged(["s.csv"], "  loss(top1) <= 2 pp")
    spans = [v.verdicts.judged[0].interval for v in (wide, narrow)]
    assert spans[0].high - spans[0].low > 2 * (spans[1].high - spans[1].low)


@pytest.mark.parametrize(("known", "missing"), [(1, ""), (1, "nan"), ("p1", "")])
def test_rows_of_an_unknown_unit_are_refused_and_are_no_cluster(
    known: Any, missing: str, judged: Judging, tmp_path: Path
) -> None:
    save_csv(tmp_path / "s.csv", RIGHT | {"patient": [missing, known] * 200})
    with pytest.raises(QSpecError, match=r"patient of s\.csv has 200 missing values .* belong to no unit"):
        judged(["s.csv"], "  loss(top1) <= 2 pp", more="statistics { unit: by patient }")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([None, "a"], r"200 missing values \(null\)"),
        ([None, 1], "200 missing values"),
        ([1, "a"], "mixes kinds"),
    ],
)
def test_a_column_of_lines_that_is_no_stratum_says_why(
    cells: list[Any], said: str, judged: Judging, tmp_path: Path
) -> None:
    save_jsonl(tmp_path / "s.jsonl", RIGHT | {"site": cells * 200})
    assert values(judged(["s.jsonl"], "  loss(top1) <= 2 pp")) == (0.75, 0.7475)
    with pytest.raises(QSpecError, match=f"column '?site'? of .*{said}"):
        judged(["s.jsonl"], "  loss(top1) <= 2 pp for each site", more="strata { site: by site }")


def test_truth_values_of_scores_may_be_words(judged: Judging, tmp_path: Path) -> None:
    words = {name: [str(bool(value)) for value in RIGHT[name]] for name in list(RIGHT)[:2]}
    save_csv(tmp_path / "s.csv", words)
    assert values(judged(["s.csv"], "  loss(top1) <= 2 pp")) == (0.75, 0.7475)
    save_csv(tmp_path / "s.csv", {name: [*column, ""] for name, column in words.items()})
    assert values(judged(["s.csv"], "  loss(top1) <= 2 pp")) == (0.75, 0.7475)
    save_csv(tmp_path / "s.csv", {name: [*column, "maybe"] for name, column in words.items()})
    with pytest.raises(QSpecError, match="write a number a row, or true and false"):
        judged(["s.csv"], "  loss(top1) <= 2 pp")


def test_codes_that_python_takes_for_one_number_are_strata_of_their_own(
    judged: Judging, tmp_path: Path
) -> None:
    save_csv(tmp_path / "s.csv", RIGHT | {"code": ["1_0", "10"] * 200})
    one = judged(["s.csv"], "  loss(top1) <= 9 pp for each code", more="strata { code: by code }")
    assert {str(r.for_) for r in one.measured.results if r.for_} == {'code == "10"', 'code == "1_0"'}


def test_a_column_that_lines_lack_matters_only_where_it_is_needed(judged: Judging, tmp_path: Path) -> None:
    save_jsonl(tmp_path / "s.jsonl", RIGHT)
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    lines[2] = lines[2].replace('"site"', '"sight"')
    lines[4] = lines[4].replace("{", '{"nll.baseline": 0.5, ')
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    assert values(judged(["s.jsonl"], "  loss(top1) <= 2 pp")) == (0.75, 0.7475)
    with pytest.raises(QSpecError, match=r"has no key 'nll\.baseline'"):
        judged(["s.jsonl"], "  loss(top1) <= 2 pp", metrics="top1, nll")
    with pytest.raises(QSpecError, match="has no key 'site'"):
        judged(["s.jsonl"], "  loss(top1) <= 2 pp for each site", more="strata { site: by site }")


def test_a_key_that_joins_files_may_be_lacking_in_no_line(judged: Judging, tmp_path: Path) -> None:
    save_jsonl(tmp_path / "b.jsonl", {"id": [1, 2], "label": [0, 1], "prediction": [0, 1]})
    (tmp_path / "q.jsonl").write_text('{"id": 1, "prediction": 0}\n{"prediction": 1}\n')
    with pytest.raises(QSpecError, match="has no key 'id'"):
        judged(["b.jsonl", "q.jsonl"], "  loss(top1) <= 90 pp")


def test_strata_that_nothing_needs_may_be_missing(judged: Judging, tmp_path: Path) -> None:
    save_csv(tmp_path / "s.csv", {name: RIGHT[name] for name in list(RIGHT)[:2]})
    strata = "strata { site: by site }"
    one = judged(["s.csv"], "  loss(top1) <= 2 pp", more=strata)
    assert any(note.startswith("no strata: ") for note in one.measured.notes)
    with pytest.raises(QSpecError, match="no column 'site'"):
        judged(["s.csv"], "  loss(top1) <= 2 pp for each site", more=strata)


def test_what_needs_a_clock_or_a_file_is_not_measured(judged: Judging, tmp_path: Path) -> None:
    save_csv(tmp_path / "s.csv", RIGHT)
    one = judged(
        ["s.csv"], "  throughput >= 1 x baseline\n  size <= 0.5 x baseline\n  memory <= 0.5 x baseline"
    )
    assert {v.outcome.value for v in one.verdicts.judged} == {"not-measured"}
    assert one.verdicts.exit_code == 3


def test_the_executor_is_the_declared_one_and_says_so(judged: Judging, tmp_path: Path) -> None:
    save_csv(tmp_path / "s.csv", RIGHT)
    one = judged(["s.csv"], "  loss(top1) <= 2 pp")
    found = one.measured.executor
    assert (found.machine, found.cpu, found.runtime) == ("elsewhere", "AMD EPYC 9654", "vllm 0.11")
    assert "made elsewhere and read from s.csv" in one.measured.notes[0]


def test_several_evaluations_are_told_by_name(tmp_path: Path) -> None:
    save_csv(tmp_path / "s.csv", RIGHT)
    text = SPEC.format(
        task="image-classification",
        metrics="top1",
        classes="",
        more="",
        assertions="  loss(top1) <= 2 pp on b",
    )
    items = "  test-set  { data: d.test, composition: clean }\n"
    assert items in text
    (tmp_path / "s.qspec").write_text(
        text.replace(items, f"{items}  evaluation a {{ }}\n  evaluation b {{ }}\n")
    )
    with pytest.raises(QSpecError, match="several evaluations"):
        api.judge_scores(tmp_path / "s.qspec", [str(tmp_path / "s.csv")])
    with pytest.raises(QSpecError, match="called `z`"):
        api.judge_scores(tmp_path / "s.qspec", [f"z={tmp_path / 's.csv'}"])
    (one,) = api.judge_scores(tmp_path / "s.qspec", [f"b={tmp_path / 's.csv'}"])
    assert one.verdicts.outcome.value == "confirmed"


def test_a_block_is_written_on_demand_and_replaced_by_the_next(judged: Judging, tmp_path: Path) -> None:
    save_csv(tmp_path / "s.csv", RIGHT)
    judged(["s.csv"], "  loss(top1) <= 2 pp")
    spec = tmp_path / "s.qspec"
    for _ in range(2):
        api.judge_scores(spec, [tmp_path / "s.csv"], write=True)
        (block,) = load(spec).main.document.claims["c"].measured
    assert block.executor.machine == "elsewhere"
    with pytest.raises(QSpecError, match="not in the store") as error:
        api.judge(spec)
    assert "--scores" in str(error.value)


# Texts written elsewhere ---------------------------------------------------------------------

TEXTS = {
    "summarization": ("rouge(L)", "rouge", "90 pp"),
    "translation": ("bleu, chrf", "chrf", "90 % of baseline"),
    "speech-recognition": ("wer(normalization: plain), cer(normalization: plain)", "wer", "90 pp"),
}


@pytest.mark.parametrize("task", TEXTS)
def test_texts_are_judged_from_files_of_hypotheses(task: str, judged: Judging, tmp_path: Path) -> None:
    words = np.asarray(["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog"])
    random = np.random.default_rng(1)
    truth = [" ".join(random.choice(words, 9)) for _ in range(60)]
    worse = [" ".join(text.split()[:-1]) if i % 2 else text for i, text in enumerate(truth)]
    declared, shown, bound = TEXTS[task]
    for name, lines in (("b.txt", truth), ("q.txt", worse), ("r.txt", truth)):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    one = judged(["b.txt", "q.txt", "r.txt"], f"  loss({shown}) <= {bound}", metrics=declared, task=task)
    base, quantized = values(one, shown)
    assert base != quantized
    assert one.verdicts.judged[0].outcome.value == "confirmed"
    save_jsonl(
        tmp_path / "s.jsonl",
        {"text.baseline": truth, "text.quantized": worse, "reference": [[t] for t in truth]},
    )
    if task != "speech-recognition":
        again = judged(["s.jsonl"], f"  loss({shown}) <= {bound}", metrics=declared, task=task)
        assert values(again, shown) == (base, quantized)


def test_what_no_model_gives_is_judged_from_scores_or_refused(judged: Judging, tmp_path: Path) -> None:
    save_csv(
        tmp_path / "s.csv",
        {"passed.baseline": [5, 3, 0], "passed.quantized": [5, 0, 0], "samples": [5, 5, 5]},
    )
    one = judged(["s.csv"], "  loss(pass@1) <= 90 pp", metrics="pass@1", task="reasoning")
    assert values(one, "pass")[0] == pytest.approx(8 / 15, abs=1e-5)
    with pytest.raises(QSpecError, match="human-eval"):
        judged(["s.csv"], "  loss(human-eval) <= 1 pp", metrics="human-eval", task="summarization")


@given(
    name=st.sampled_from(["top1", "prediction", "logits", "text", "score", "id", "f1(macro)", "x"]),
    shared=st.sampled_from(["label", "reference", "target", "site", "id"]),
    cells=st.lists(JSON, min_size=6, max_size=6),
)
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_a_file_holds_there_are_verdicts_or_a_sentence(
    name: str, shared: str, cells: list[Any], judged: Judging, tmp_path: Path
) -> None:
    columns = {f"{name}.baseline": cells[:2], f"{name}.quantized": cells[2:4], shared: cells[4:]}
    save_jsonl(tmp_path / "s.jsonl", columns)
    save_jsonl(tmp_path / "b.jsonl", {"id": [1, 2], name: cells[:2], shared: cells[4:]})
    for files in (["s.jsonl"], ["b.jsonl", "s.jsonl"], ["b.jsonl", "b.jsonl"]):
        with contextlib.suppress(QSpecError):
            judged(
                files,
                "  loss(top1) <= 1 pp\n  agreement >= 1 %",
                metrics="top1, f1(macro), ece(bins: 2), auc, brier",
                more="strata { site: by site }",
            )


def test_flips_of_normalized_answers_are_those_of_the_metric(judged: Judging, tmp_path: Path) -> None:
    lines = ['{"text.baseline": "The cat.", "text.quantized": "dog", "reference": "cat"}'] * 400
    (tmp_path / "f.jsonl").write_text("\n".join(lines))
    for metrics in ("exact-match(normalization: squad)", "flips, exact-match(normalization: squad)"):
        done = judged(["f.jsonl"], "flips <= 1 %", metrics=metrics, task="question-answering")
        (one,) = done.verdicts.judged
        assert one.outcome == "refuted" and one.interval.low > 0.98
        whole = {str(r.quantity): r for r in done.measured.results}
        assert float(whole["flips"].quantized.base) == 1.0
        assert str(whole["exact-match(normalization: squad)"].harmful) == "400"


def test_flips_follow_from_a_metric_of_answers_that_have_no_truth_beside_them(
    judged: Judging, tmp_path: Path
) -> None:
    lines = [
        json.dumps(
            {"text.baseline": "a", "text.quantized": "b", "em.baseline": 1, "em.quantized": n % 10 == 0}
        )
        for n in range(100)
    ]
    (tmp_path / "f.jsonl").write_text("\n".join(lines))
    done = judged(["f.jsonl"], "flips >= 80 %", metrics="exact-match, flips", task="reasoning")
    assert done.verdicts.judged[0].outcome == "confirmed"
    assert not any("do not hold" in note for note in done.measured.notes)
