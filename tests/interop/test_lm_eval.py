"""Sample files of lm-evaluation-harness are joined question by question and judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qspec import api
from qspec.errors import QSpecError
from qspec.interop.lm_eval import is_samples, read_samples

SPEC = """qspec 1

executor e {{
  model     {{ base: "m" @ "1", quantized: "m-w4" @ "1" }}
  precision: W4A16 g128
  baseline: bf16
  task:     {task}
  metrics:  [{metrics}]
  test-set  {{ data: "t" @ "1", split: test, composition: clean }}
  strata    {{ subject: by subject }}
}}

claim c on e {{
  {assertion}
}}
"""


def choice(number: int, right: bool, **more: Any) -> dict[str, Any]:
    """A multiple-choice sample as the harness stores it, numbers as texts."""
    target = number % 3
    answer = target if right else (target + 1) % 3
    likelihoods = [["-1.0" if i == answer else "-2.5", "False"] for i in range(3)]
    return {
        "doc_id": number,
        "doc": {"question": f"q{number}", "subject": "ab"[number % 2], "choices": ["x", "y", "z"]},
        "target": str(target),
        "arguments": {"gen_args_0": {"arg_0": f"q{number}", "arg_1": " x"}},
        "resps": [[pair] for pair in likelihoods],
        "filtered_resps": likelihoods,
        "filter": "none",
        "metrics": ["acc", "acc_norm"],
        "doc_hash": f"d{number}",
        "prompt_hash": f"p{number}",
        "target_hash": f"t{target}",
        "acc": float(right),
        "acc_norm": float(number % 4 != 0),
        **more,
    }


def generated(number: int, answer: str, filter: str = "strict-match", **more: Any) -> dict[str, Any]:
    return {
        "doc_id": number,
        "doc": {"question": "q", "subject": "s"},
        "target": f"answer {number}",
        "resps": [[answer]],
        "filtered_resps": [answer],
        "filter": filter,
        "exact_match": float(answer == f"answer {number}"),
        **more,
    }


def save(path: Path, samples: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    return path


def judged(
    folder: Path, files: list[str], metrics: str, assertion: str, task: str = "multiple-choice"
) -> tuple[float, float, Any]:
    spec = folder / "s.qspec"
    spec.write_text(SPEC.format(task=task, metrics=metrics, assertion=assertion))
    (one,) = api.judge_scores(spec, [str(folder / name) for name in files])
    first = one.measured.results[0]
    return float(first.baseline.value), float(first.quantized.value), one


def test_two_runs_of_a_task_are_judged(tmp_path: Path) -> None:
    save(tmp_path / "b.jsonl", [choice(i, i % 5 != 0) for i in range(200)])
    save(tmp_path / "q.jsonl", [choice(i, i % 5 != 0 and i != 1) for i in reversed(range(200))])
    base, quantized, one = judged(
        tmp_path, ["b.jsonl", "q.jsonl"], "accuracy(normalization: none)", "loss(accuracy) <= 4 pp"
    )
    assert (base, quantized) == (0.8, 0.795)
    assert one.verdicts.judged[0].outcome.value == "confirmed"
    assert len(one.measured.results) == 3, "the whole and two subjects"
    assert int(one.measured.results[0].changed.value) == 1


def test_the_normalized_accuracy_is_another_metric(tmp_path: Path) -> None:
    for name in ("b.jsonl", "q.jsonl"):
        save(tmp_path / name, [choice(i, True) for i in range(40)])
    base, _, one = judged(
        tmp_path, ["b.jsonl", "q.jsonl"], "accuracy(normalization: length)", "loss(accuracy) <= 50 pp"
    )
    assert base == 0.75
    assert one.verdicts.exit_code == 0


def test_distances_follow_from_the_likelihoods_of_the_choices(tmp_path: Path) -> None:
    save(tmp_path / "b.jsonl", [choice(i, True) for i in range(100)])
    save(tmp_path / "q.jsonl", [choice(i, i != 7) for i in range(100)])
    _, _, one = judged(
        tmp_path, ["b.jsonl", "q.jsonl"], "accuracy(normalization: none)", "kl <= 1\n  agreement >= 90 %"
    )
    assert [v.outcome.value for v in one.verdicts.judged] == ["confirmed", "confirmed"]


def test_other_prompts_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "b.jsonl", [choice(i, True) for i in range(5)])
    save(tmp_path / "q.jsonl", [choice(i, True, prompt_hash="other") for i in range(5)])
    with pytest.raises(QSpecError, match="differ in the prompt of example 0"):
        judged(tmp_path, ["b.jsonl", "q.jsonl"], "accuracy(normalization: none)", "loss(accuracy) <= 1 pp")


def test_one_of_several_filters_is_chosen(tmp_path: Path) -> None:
    for name in ("b.jsonl", "q.jsonl"):
        strict = [generated(i, f"answer {i}" if i % 2 else "no", "strict-match") for i in range(20)]
        loose = [generated(i, f"answer {i}", "flexible-extract") for i in range(20)]
        save(tmp_path / name, strict + loose)
    arguments = ("exact-match", "loss(exact-match) <= 50 pp", "reasoning")
    with pytest.raises(QSpecError, match="answers of 2 filters") as error:
        judged(tmp_path, ["b.jsonl", "q.jsonl"], *arguments)
    assert "strict-match, flexible-extract" in str(error.value)
    strict_only = [f"{name}#strict-match" for name in ("b.jsonl", "q.jsonl")]
    assert judged(tmp_path, strict_only, *arguments)[:2] == (0.5, 0.5)
    with pytest.raises(QSpecError, match="no filter called loose"):
        judged(tmp_path, ["b.jsonl#loose", "q.jsonl"], *arguments)


def test_generated_texts_are_scored_against_their_targets(tmp_path: Path) -> None:
    for name, end in (("b.jsonl", ""), ("q.jsonl", " more words")):
        samples = [generated(i, f"answer {i}{end}", target=f"['answer {i}', 'other']") for i in range(20)]
        save(tmp_path / name, samples)
    base, quantized, _ = judged(
        tmp_path, ["b.jsonl", "q.jsonl"], "chrf", "loss(chrf) <= 90 % of baseline", "translation"
    )
    assert base == pytest.approx(100.0)
    assert quantized < 90


def test_rolling_likelihoods_give_perplexity_by_word(tmp_path: Path) -> None:
    for name, loss in (("b.jsonl", 2.0), ("q.jsonl", 2.2)):
        samples = [
            {
                "doc_id": i,
                "doc": {"page": "p"},
                "target": "t",
                "filtered_resps": [str(-loss * 10)],
                "word_perplexity": [-loss * 10, 10],
                "byte_perplexity": [-loss * 10, 50],
            }
            for i in range(30)
        ]
        save(tmp_path / name, samples)
    base, quantized, _ = judged(
        tmp_path,
        ["b.jsonl", "q.jsonl"],
        "perplexity(per: word)",
        "loss(perplexity) <= 9 ppl",
        "language-modelling",
    )
    assert (base, quantized) == (pytest.approx(np.exp(2), rel=1e-5), pytest.approx(np.exp(2.2), rel=1e-5))


@pytest.mark.parametrize(
    "text", ["", "[]\n", '{"doc_id": 1}\n', "no json\n", "[" * 100_000, '{"id": 1, "label": 2}\n']
)
def test_other_files_are_no_samples(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(text)
    assert not is_samples(tmp_path / "s.jsonl")


def test_a_line_that_is_no_sample_is_a_sentence(tmp_path: Path) -> None:
    path = save(tmp_path / "s.jsonl", [choice(0, True), {"id": 3}])
    with pytest.raises(QSpecError, match="no sample"):
        read_samples(path)


def test_a_filter_is_for_samples_alone(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("top1.baseline,top1.quantized\n1,1\n")
    with pytest.raises(QSpecError, match="no samples of it"):
        judged(tmp_path, ["s.csv#strict"], "accuracy(normalization: none)", "loss(accuracy) <= 1 pp")
