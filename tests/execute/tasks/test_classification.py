"""Classification: scores of classes, thresholds from another split, what is stored is not run again."""

import numpy as np
import pytest
from scipy.special import log_softmax

from qspec.errors import QSpecError


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
