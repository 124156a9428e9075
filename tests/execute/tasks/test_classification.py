"""Classification: scores of classes, thresholds from another split, what is stored is not run again."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from scipy.special import expit, log_softmax
from sklearn.metrics import log_loss, roc_auc_score

from qspec import api
from qspec.data.nature import Nature
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.tasks.over_classes import over_classes


def test_classification_with_strata_distances_and_several_families(linear_pair, executing, value):
    weights = linear_pair(3)
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(300, 4)).astype(np.float32), generator.integers(0, 3, 300)
    executed = executing(
        "image-classification",
        "top1, nll, f1(macro), ece(bins: 5), flips",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y",
        more="strata { class: by label }",
        assertions="\n".join(
            [
                "  loss(top1) <= 50 pp",
                "  kl <= 5",
                "  cosine >= 0.5",
                "  flips <= 90 %",
                "  agreement >= 5 %",
                "  top1 >= 0.1 % for each class",
            ]
        ),
    )
    for side, w in enumerate(weights):
        logits = x @ w
        assert value(executed, "top1")[side] == pytest.approx((logits.argmax(1) == y).mean(), abs=1e-6)
        assert value(executed, "nll")[side] == pytest.approx(
            -log_softmax(logits, axis=-1)[range(300), y].mean(), rel=1e-5
        )
    logp, logq = (log_softmax(x @ w, axis=-1) for w in weights)
    (kl,) = [one for one in executed.verdicts.judged if one.assertion.quantity.name == "kl"]
    assert kl.interval.estimate == pytest.approx((np.exp(logp) * (logp - logq)).sum(1).mean(), rel=1e-5)
    assert [one.outcome.value for one in executed.verdicts.judged] == ["confirmed"] * 6


@pytest.mark.parametrize("frozen", [False, True])
def test_thresholds_are_chosen_on_the_tuning_split(linear_pair, executing, value, frozen):
    weights = linear_pair(2, noise=0.8)
    generator = np.random.default_rng(15)
    x = generator.normal(size=(400, 4)).astype(np.float32)
    y = ((x @ weights[0])[:, 1] - (x @ weights[0])[:, 0] + generator.normal(0, 1, 400) > 0).astype(np.int64)
    executed = executing(
        "image-classification",
        "sensitivity(at: specificity >= 90 %), auc",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y\n  splits { tune: 0..200, test: 200..400 }",
        split="d.test",
        more=f"threshold {{ from: d.tune, frozen: {str(frozen).lower()} }}",
    )
    cut = None
    for side, w in enumerate(weights):
        score = np.exp(log_softmax(x @ w, axis=-1))[:, 1]
        negative = np.sort(score[:200][y[:200] == 0])
        if cut is None or not frozen:
            cut = negative[int(np.ceil(0.9 * len(negative) - 1e-9)) - 1]
        expected = (score[200:][y[200:] == 1] > cut).mean()
        assert value(executed, "sensitivity")[side] == pytest.approx(expected, abs=0.02)
    thresholds = executed.record.evaluations["evaluation"]["thresholds"][
        "sensitivity(at: specificity >= 90 %)"
    ]
    assert (thresholds[0] == thresholds[1]) is frozen


@pytest.fixture
def screened(linear_pair, executing):
    """Executes metrics of a binary task with a tuning split; gives the scores of both models, the labels, the run."""

    def run(metrics, threshold, assertions="  auc >= 10 %"):
        weights = linear_pair(2, noise=0.8)
        generator = np.random.default_rng(15)
        x = generator.normal(size=(400, 4)).astype(np.float32)
        margin = (x @ weights[0])[:, 1] - (x @ weights[0])[:, 0]
        y = (margin + generator.normal(0, 1, 400) > 0).astype(np.int64)
        data = "inputs { x: x }\n  label: y\n  splits { tune: 0..200, test: 200..400 }"
        executed = executing(
            "image-classification",
            f"auc, {metrics}",
            {"x": x, "y": y},
            data=data,
            split="d.test",
            more=f"threshold {{ {threshold} }}",
            assertions=assertions,
        )
        return [np.exp(log_softmax(x @ w, axis=-1))[:, 1] for w in weights], y, executed

    return run


def _ppv(score, y, at):
    return y[200:][score[200:] >= at].mean()


@pytest.mark.parametrize("ppv", ["ppv(threshold: frozen)", "ppv"])
def test_a_frozen_threshold_is_that_of_the_operating_point_beside_it(screened, value, ppv):
    scores, y, executed = screened(
        f"sensitivity(at: specificity >= 95 %), {ppv}", "from: d.tune, frozen: true"
    )
    negative = np.sort(scores[0][:200][y[:200] == 0])
    cut = np.nextafter(negative[int(np.ceil(0.95 * len(negative) - 1e-9)) - 1], 1)
    facts = executed.record.evaluations["evaluation"]
    assert facts["thresholds"][ppv] == pytest.approx([cut, cut], abs=1e-6)
    assert facts["operating-points"][ppv] == {"reaches": "specificity >= 95 %", "frozen": True}
    cut = facts["thresholds"][ppv][0]
    for side, score in enumerate(scores):
        assert value(executed, "ppv")[side] == pytest.approx(_ppv(score, y, cut), abs=0.01)
        assert abs(_ppv(score, y, cut) - _ppv(score, y, 0.5)) > 0.05


def test_a_declared_value_is_the_threshold_of_every_metric_that_names_none(screened, value):
    scores, y, executed = screened("sensitivity, ppv(threshold: frozen), npv(threshold: 0.3)", "value: 0.6")
    for side, score in enumerate(scores):
        called = score[200:] >= 0.6
        assert value(executed, "sensitivity")[side] == pytest.approx(called[y[200:] == 1].mean(), abs=1e-6)
        assert value(executed, "ppv")[side] == pytest.approx(_ppv(score, y, 0.6), abs=1e-5)
        assert value(executed, "npv")[side] == pytest.approx(1 - y[200:][score[200:] < 0.3].mean(), abs=1e-5)
    assert executed.record.evaluations["evaluation"]["thresholds"] == {
        "sensitivity": [0.6, 0.6],
        "ppv(threshold: frozen)": [0.6, 0.6],
        "npv(threshold: 0.3)": [0.3, 0.3],
    }


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("", "nothing says what that must reach"),
        (
            "sensitivity(at: specificity >= 95 %), npv(at: sensitivity >= 90 %), ",
            "may be decided at `specificity >= 95 %` or `sensitivity >= 90 %`",
        ),
    ],
)
def test_a_threshold_that_nothing_decides_keeps_only_its_metric_from_running(screened, points, said):
    *_, executed = screened(
        f"{points}ppv(threshold: frozen)", "from: d.tune", "  loss(ppv) <= 50 pp\n  auc >= 10 %"
    )
    assert [one.outcome.value for one in executed.verdicts.judged] == ["not-executable", "confirmed"]
    assert said in executed.verdicts.judged[0].because


def test_a_bound_on_one_of_several_thresholds_says_which_it_may_be(screened):
    *_, executed = screened(
        "ppv(threshold: 0.4), ppv(threshold: frozen)", "value: 0.6", "  loss(ppv) <= 50 pp"
    )
    (one,) = executed.verdicts.judged
    assert one.outcome.value == "not-executable"
    assert (
        one.because
        == "ppv may be ppv(threshold: 0.4) or ppv(threshold: frozen), and nothing says which of them"
    )


def test_a_threshold_comes_from_somewhere_and_never_from_the_test_split(linear_pair, executing):
    linear_pair(2)
    x, y = np.ones((40, 4), np.float32), np.arange(40) % 2
    common = ("image-classification", "sensitivity(at: specificity >= 90 %)", {"x": x, "y": y})
    data = "inputs { x: x }\n  label: y\n  splits { tune: 0..25, test: 20..40 }"
    with pytest.raises(QSpecError, match="nothing says where it comes from"):
        executing(*common, data=data, split="d.test")
    with pytest.raises(QSpecError, match="shares 5 rows with the test split"):
        executing(*common, data=data, split="d.test", more="threshold { from: d.tune }")


def test_a_stored_evaluation_is_not_run_again(linear_pair, executing, value):
    linear_pair(3)
    generator = np.random.default_rng(18)
    columns = {"x": generator.normal(size=(50, 4)).astype(np.float32), "y": generator.integers(0, 3, 50)}
    runs = [
        executing("image-classification", "top1, nll", columns, data="inputs { x: x }\n  label: y")
        for _ in range(2)
    ]
    assert runs[0].verdicts.results == runs[1].verdicts.results
    assert value(runs[0], "nll") == value(runs[1], "nll")


@pytest.mark.parametrize(
    "threshold", ["value: 0.6", "value: 60 %, frozen: true", "from: d.tune, value: 0.6", "value: 0.35"]
)
def test_scores_made_elsewhere_are_decided_as_those_of_a_run(screened, tmp_path, threshold):
    metrics = "sensitivity(at: specificity >= 95 %), specificity, ppv(threshold: frozen), npv(threshold: 0.3)"
    scores, y, executed = screened(metrics, threshold, "  flips <= 90 %")
    lines = [f"{label},{first!r},{second!r}" for label, first, second in zip(y, *scores, strict=True)]
    text = "\n".join(["label,score.baseline,score.quantized", *lines[200:]]).replace("np.float32", "")
    (tmp_path / "s.csv").write_text(text.replace("(", "").replace(")", ""))
    spec = f"""qspec 1
dataset d {{ source: "d.npz", version: "1", splits {{ tune: 0..200, test: 200..400 }}, label: y }}
executor e {{
  precision: int8, baseline: fp32, task: image-classification, metrics: [{metrics}]
  test-set {{ data: d.test, composition: clean }}, threshold {{ {threshold} }}
}}
claim c on e {{ loss(specificity) <= 90 pp }}
"""
    (tmp_path / "s.qspec").write_text(spec)
    (judged,) = api.judge_scores(tmp_path / "s.qspec", [str(tmp_path / "s.csv")])
    ran = {str(r.quantity): (r.baseline, r.quantized) for r in executed.verdicts.results}
    found = {str(r.quantity): (r.baseline, r.quantized) for r in judged.verdicts.results}
    assert len(found) == 4
    assert all(ran[name] == values for name, values in found.items())


@pytest.fixture
def softened(graph):
    """Two models of x (n, 4) whose graphs end in an operator that makes probabilities; returns their weights."""

    def build(outer, last, behind=(), noise=0.5):
        generator = np.random.default_rng(0)
        first = generator.normal(size=(4, outer)).astype(np.float32)
        second = (first + noise * generator.normal(size=first.shape)).astype(np.float32)
        for name, w in (("base.onnx", first), ("quantized.onnx", second)):
            names = ["s", *(f"s{i}" for i in range(len(behind))), "y"][-len(behind) - 1 :]
            nodes = [
                helper.make_node("MatMul", ["x", "w"], ["z"]),
                helper.make_node(last, ["z"], [names[0]]),
                *(helper.make_node(op, [a], [b]) for op, a, b in zip(behind, names, names[1:], strict=False)),
            ]
            graph(
                name,
                nodes,
                [("x", TensorProto.FLOAT, ["n", 4])],
                [("y", TensorProto.FLOAT, ["n", outer])],
                w=w,
            )
        return first, second

    return build


def classes_of(outer, n=400):
    generator = np.random.default_rng(3)
    return {
        "x": generator.normal(size=(n, 4)).astype(np.float32),
        "y": generator.integers(0, max(2, outer), n),
    }


@pytest.mark.parametrize("where", ["post", "graph", "behind the softmax", "log"])
def test_probabilities_are_scored_as_they_are_wherever_they_are_made(
    linear_pair, softened, executing, value, where
):
    more = ""
    if where == "post":
        weights, more = linear_pair(3), "pipeline { post: [softmax] }"
    else:
        weights = softened(
            3,
            "LogSoftmax" if where == "log" else "Softmax",
            ("Identity",) if where == "behind the softmax" else (),
        )
    columns = classes_of(3)
    executed = executing(
        "tabular-classification",
        "top1, nll, brier, ece(bins: 15)",
        columns,
        data="inputs { x: x }\n  label: y",
        more=more,
        assertions="  kl <= 9\n  loss(nll) <= 9",
    )
    logs = [log_softmax((columns["x"] @ w).astype(np.float64), axis=-1) for w in weights]
    for side, logp in enumerate(logs):
        y = columns["y"]
        assert value(executed, "top1")[side] == pytest.approx((logp.argmax(1) == y).mean(), abs=1e-6)
        assert value(executed, "nll")[side] == pytest.approx(log_loss(y, np.exp(logp)), rel=1e-5)
        expected = np.square(np.exp(logp) - np.eye(3)[y]).sum(1).mean()
        assert value(executed, "brier")[side] == pytest.approx(expected, rel=1e-5)
    kl = next(one for one in executed.verdicts.judged if one.assertion.quantity.name == "kl")
    assert kl.interval.estimate == pytest.approx(
        (np.exp(logs[0]) * (logs[0] - logs[1])).sum(1).mean(), rel=1e-4
    )
    told = executed.record.evaluations["evaluation"].get("outputs")
    assert told == ({"y": "probabilities"} if where in ("graph", "behind the softmax") else None)


def test_a_single_sigmoid_is_the_probability_of_the_positive_class(softened, executing, value):
    weights = softened(1, "Sigmoid")
    columns = classes_of(1)
    executed = executing(
        "tabular-classification",
        "top1, nll, auc, sensitivity(threshold: 0.6)",
        columns,
        data="inputs { x: x }\n  label: y",
    )
    for side, w in enumerate(weights):
        p, y = expit((columns["x"] @ w)[:, 0].astype(np.float64)), columns["y"]
        assert value(executed, "top1")[side] == pytest.approx(((p > 0.5) == y).mean(), abs=1e-6)
        assert value(executed, "nll")[side] == pytest.approx(log_loss(y, p), rel=1e-5)
        assert value(executed, "auc")[side] == pytest.approx(roc_auc_score(y, p), abs=1e-6)
        assert value(executed, "sensitivity")[side] == pytest.approx((p[y == 1] >= 0.6).mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("post", "last", "outer"),
    [
        ("threshold(0.5)", "Sigmoid", 1),
        ("argmax", "Identity", 3),
        ("top-k(2)", "Softmax", 3),
        ("", "Sigmoid", 3),
    ],
)
def test_a_decision_has_no_probability_and_what_needs_one_is_left_out_by_itself(
    softened, executing, value, post, last, outer
):
    weights = softened(outer, last)
    columns = classes_of(outer)
    executed = executing(
        "tabular-classification",
        "top1, nll, brier",
        columns,
        data="inputs { x: x }\n  label: y",
        more=f"pipeline {{ post: [{post}] }}" if post else "",
        assertions="  loss(top1) <= 60 pp\n  loss(nll) <= 9",
    )
    z = columns["x"] @ weights[0]
    answer = z.argmax(1) if outer > 1 else z[:, 0] > 0
    assert value(executed, "top1")[0] == pytest.approx((answer == columns["y"]).mean(), abs=1e-6)
    assert {str(r.quantity) for r in executed.verdicts.results} & {"nll", "brier"} == set()
    outcomes = [one.outcome.value for one in executed.verdicts.judged]
    assert outcomes == ["confirmed", "not-executable"]
    assert "needs logits, probabilities or loss" in executed.verdicts.judged[1].because


@pytest.mark.parametrize(
    "metric", ["auc", "sensitivity(threshold: 0.5)", "sensitivity(at: specificity >= 90 %)"]
)
def test_a_metric_of_two_classes_is_left_out_of_four_and_keeps_no_other_from_being_judged(
    linear_pair, executing, value, metric
):
    linear_pair(4)
    executed = executing(
        "tabular-classification",
        f"top1, {metric}, perplexity(per: token)",
        classes_of(4),
        data="inputs { x: x }\n  label: y\n  splits { tune: 0..200, test: 200..400 }",
        split="d.test",
        more="threshold { from: d.tune }" if "at:" in metric else "",
        assertions=f"  loss(top1) <= 60 pp\n  loss({metric.partition('(')[0]}) <= 1 pp\n  loss(perplexity) <= 1 %",
    )
    confirmed, left_out, other = executed.verdicts.judged
    assert confirmed.outcome.value == "confirmed"
    assert {left_out.outcome.value, other.outcome.value} == {"not-executable"}
    assert left_out.because.endswith(
        "is of a positive and a negative class, and the model tells 4 classes apart."
    )
    assert "needs loss" in other.because
    assert set(executed.record.evaluations["evaluation"]["refused"]) == {metric, "perplexity(per: token)"}


def test_a_metric_that_nothing_beside_it_is_judged_with_ends_the_run(linear_pair, executing):
    linear_pair(4)
    with pytest.raises(NotExecutableError, match="tells 4 classes apart"):
        executing("tabular-classification", "auc", classes_of(4), data="inputs { x: x }\n  label: y")


def test_probabilities_that_few_bits_rounded_add_to_one_again():
    rounded = np.array([[0.5, 0.25, 0.2], [0.0, 0.0, 0.0], [1.004, 0.0, -0.004]])
    found = over_classes(rounded, Nature.PROBABILITIES)["probabilities"]
    assert found.sum(axis=1) == pytest.approx([1, 1, 1])
    assert found[0] == pytest.approx(rounded[0] / 0.95)
    assert found[1] == pytest.approx([1 / 3] * 3)
    assert found[2] == pytest.approx([1, 0, 0])


def test_a_metric_that_is_named_twice_is_computed_once(linear_pair, executing, value):
    weights = linear_pair(3)
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(100, 4)).astype(np.float32), generator.integers(0, 3, 100)
    executed = executing(
        "image-classification",
        "top1, ece(bins: 5), top1, ece(bins: 5)",
        {"x": x, "y": y},
        data="inputs { x: x }\n  label: y",
        assertions="  loss(top1) <= 90 pp\n  loss(ece) <= 90 pp",
    )
    assert [r.quantity.name for r in executed.verdicts.results[:2]] == ["top1", "ece"]
    assert value(executed, "top1")[1] == pytest.approx(((x @ weights[1]).argmax(1) == y).mean(), abs=1e-6)
    assert [one.outcome for one in executed.verdicts.judged] == ["confirmed", "confirmed"]
