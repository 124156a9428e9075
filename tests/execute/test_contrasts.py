"""How two models are compared on each family of metrics: intervals, verdicts, and what refuses one."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from qspec.execute.contrasts import contrast
from qspec.execute.contrasts.contrast import Asked, Question, Sides, point
from qspec.execute.contrasts.linear import Linear
from qspec.metrics.bind import bind
from qspec.metrics.predictions import Predictions
from qspec.model.expression import Term
from qspec.model.quantity import Quantity
from qspec.stats.decision import Relation
from qspec.stats.interval import InsufficientDataError
from qspec.stats.means import mean

UP = Relation.AT_MOST


def metric(name, at=None, positional=(), **named):
    given = {key: Quantity.of(value) if value.isdecimal() else value for key, value in named.items()}
    return bind(Term(name=name, at=at, positional=list(positional), named=given))


def sides(bound, first, second, units=None, **more):
    n = len(first)
    return Sides(
        bound,
        np.asarray(first, float).reshape(n, -1),
        np.asarray(second, float).reshape(n, -1),
        units,
        **more,
    )


@pytest.fixture
def errors():
    """Absolute errors of two models on 400 examples, the second a little worse."""
    generator = np.random.default_rng(0)
    first = generator.gamma(2.0, 1.0, 400)
    return first, first * 1.05 + generator.normal(0, 0.1, 400)


def test_a_paired_mean_has_the_interval_of_the_paired_t_test_and_room_for_skewness(errors):
    found = contrast(sides(metric("mae"), *errors))
    reference = scipy_stats.ttest_rel(errors[1], errors[0]).confidence_interval(0.95)
    interval = found.interval(Asked.LOSS, 0.95)
    assert interval.low == pytest.approx(reference.low)
    assert reference.high < interval.high < reference.high + 0.01 * interval.half_width
    assert interval.method == "paired-cluster-t+hall"
    assert found.loss == pytest.approx(np.mean(errors[1] - errors[0]))


@pytest.mark.parametrize("units", [None, np.arange(400) // 8])
@pytest.mark.parametrize(
    "form", [Linear(1, -1), Linear(0, 1), Linear(1, 0), Linear(-1.07, 1), Linear(0.98, -1)]
)
def test_a_sum_of_two_means_varies_as_the_mean_of_the_sums(errors, units, form):
    found = contrast(sides(metric("mae"), *errors, units))
    direct = mean(form.base * errors[0] + form.quantized * errors[1], units)
    estimate = found.estimate(form)
    assert estimate.value == pytest.approx(direct.value)
    assert estimate.standard_error == pytest.approx(direct.standard_error)
    assert estimate.third == pytest.approx(direct.third, rel=1e-6)


def test_a_share_has_fiellers_limits_where_nothing_is_skew(errors):
    half = np.concatenate([errors[0], 4 - errors[0]]) + 3, np.concatenate([errors[1], 4 - errors[1]]) + 3
    found = contrast(sides(metric("mae"), *half))
    ratio = found.interval(Asked.RATIO, 0.95)
    t2 = scipy_stats.t(799).ppf(0.975) ** 2
    (bb, bq), (_, qq) = np.cov(*half) / 800
    b, q = (one.mean() for one in half)
    ends = np.roots([b * b - t2 * bb, -2 * (b * q - t2 * bq), q * q - t2 * qq])
    assert (ratio.low, ratio.high) == pytest.approx((ends.min(), ends.max()))


def test_a_share_of_a_baseline_not_told_from_zero_is_unbounded():
    generator = np.random.default_rng(11)
    first = generator.normal(0.01, 1, 200)
    first += 0.02 - first.mean()
    found = contrast(sides(metric("psnr", peak="1"), first, first + generator.normal(0, 0.1, 200)))
    ratio = found.interval(Asked.RATIO, 0.95)
    assert (ratio.low, ratio.high) == (-np.inf, np.inf)


def test_examples_outside_the_denominator_are_left_out(errors):
    bound = metric("mrr")
    first, second = (np.append(1 / (1 + e), np.full(50, np.nan)) for e in errors)
    assert contrast(sides(bound, first, second)).n == 400
    with pytest.raises(InsufficientDataError, match="No example counts"):
        contrast(sides(bound, first[400:], second[400:]))


@pytest.mark.parametrize("asked", list(Asked))
def test_the_observed_value_lies_within_its_interval(errors, asked):
    first, second = (e / 20 for e in errors)
    found = contrast(sides(metric("mrr"), first, second))
    assert found.interval(asked, 0.95).contains(point(found, asked))


@pytest.mark.parametrize("bound", [0.02, 0.05, 0.09])
@pytest.mark.parametrize("asked", [Asked.RELATIVE, Asked.RATIO])
def test_a_share_is_decided_as_its_interval_says(errors, bound, asked):
    found = contrast(sides(metric("mae"), *errors))
    limit = bound if asked is Asked.RELATIVE else 1 + bound
    interval = found.interval(asked, 0.95)
    expected = "confirmed" if interval.high < limit else "refuted" if interval.low > limit else "inconclusive"
    assert found.judge(Question(asked, UP, limit)).outcome == expected


def test_a_share_of_a_baseline_that_is_not_positive_decides_nothing():
    generator = np.random.default_rng(1)
    first = generator.normal(-5, 1, 100)
    found = contrast(sides(metric("psnr", peak="1"), first, first - 0.1))
    with pytest.raises(InsufficientDataError, match="share of nothing"):
        found.judge(Question(Asked.RELATIVE, UP, 0.1))


def test_clusters_widen_the_interval_and_too_few_of_them_decide_nothing(errors):
    units = np.arange(400) // 10
    shared = np.repeat(np.random.default_rng(2).normal(0, 0.3, 40), 10)
    first, second = errors[0], errors[1] + shared
    free = contrast(sides(metric("mae"), first, second)).interval(Asked.LOSS, 0.95)
    clustered = contrast(sides(metric("mae"), first, second, units)).interval(Asked.LOSS, 0.95)
    assert clustered.half_width > 1.5 * free.half_width
    with pytest.raises(InsufficientDataError, match="10 independent units"):
        contrast(sides(metric("mae"), first, second, np.arange(400) // 40)).judge(
            Question(Asked.LOSS, UP, 5.0)
        )


def test_models_that_hardly_differ_on_few_examples_are_not_taken_for_equal():
    same = np.random.default_rng(3).choice([0.25, 0.5, 1.0], 60)
    found = contrast(sides(metric("mrr"), same, same))
    interval = found.interval(Asked.LOSS, 0.95)
    assert interval.low < -0.03 and interval.high > 0.03
    assert found.judge(Question(Asked.LOSS, UP, 0.01)).outcome == "inconclusive"


def classes(n, wrong, seed):
    generator = np.random.default_rng(seed)
    label = generator.integers(0, 4, n)
    return label, np.where(generator.random(n) < wrong, generator.integers(0, 4, n), label)


def test_f1_by_sums_agrees_with_resampling_examples_in_a_loop():
    label, first = classes(600, 0.2, 4)
    _, noise = classes(600, 0.1, 5)
    second = np.where(np.random.default_rng(6).random(600) < 0.1, noise, first)
    bound = metric("f1", positional=["macro"])
    columns = [bound.columns(Predictions({"prediction": p, "label": label})) for p in (first, second)]
    found = contrast(Sides(bound, *columns)).interval(Asked.LOSS, 0.95)
    generator, losses = np.random.default_rng(7), []
    for _ in range(600):
        rows = generator.integers(0, 600, 600)
        losses.append(bound.score(columns[0][rows]) - bound.score(columns[1][rows]))
    low, high = np.quantile(losses, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.25 * (high - low))
    assert found.estimate == pytest.approx(bound.score(columns[0]) - bound.score(columns[1]))


def test_perplexity_is_resampled_by_document():
    generator = np.random.default_rng(8)
    tokens = generator.integers(50, 500, 200).astype(float)
    base = tokens * generator.normal(2.0, 0.2, 200)
    bound = metric("perplexity", per="token")
    first, second = np.stack([base, tokens], 1), np.stack([base + 0.01 * tokens, tokens], 1)
    found = contrast(Sides(bound, first, second))
    expected = np.exp(second[:, 0].sum() / tokens.sum()) - np.exp(base.sum() / tokens.sum())
    assert found.loss == pytest.approx(expected)
    assert found.judge(Question(Asked.RELATIVE, UP, 0.02)).outcome == "confirmed"
    assert found.judge(Question(Asked.RELATIVE, UP, 0.005)).outcome == "refuted"
    assert found.judge(Question(Asked.VALUE, UP, 1.0)).outcome == "refuted"


def test_auc_has_delongs_interval_and_its_share_follows_from_the_same_variances():
    generator = np.random.default_rng(9)
    label = generator.integers(0, 2, 300)
    first = label + generator.normal(0, 1, 300)
    second = first + generator.normal(0, 0.5, 300)
    found = contrast(sides(metric("auc"), np.stack([first, label], 1), np.stack([second, label], 1)))
    assert found.interval(Asked.LOSS, 0.95).method == "paired-delong"
    assert found.baseline == pytest.approx(metric("auc").score(np.stack([first, label], 1)))
    ratio = found.interval(Asked.RATIO, 0.95)
    # The delta method is close where the areas are far from zero.
    assert ratio.half_width == pytest.approx(
        found.interval(Asked.LOSS, 0.95).half_width / found.baseline, rel=0.3
    )


def test_a_loss_where_next_to_nothing_changed_says_why_its_interval_is_wide():
    generator = np.random.default_rng(13)
    first = generator.random(200)
    second = np.where(np.arange(200) < 3, first * 0.5, first)
    found = contrast(sides(metric("mrr"), first, second))
    assert "only 3 of 200 units differ" in found.note(Asked.LOSS)
    assert found.note(Asked.VALUE) is None
    assert contrast(sides(metric("mrr"), first, first * 0.9)).note(Asked.LOSS) is None


@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("changed", [0, 3, 12])
@pytest.mark.parametrize("name", ["ndcg", "f1"])
def test_a_share_where_little_changed_is_decided_as_its_interval_says(name, changed, errors):
    generator = np.random.default_rng(changed)
    if name == "ndcg":
        first = generator.beta(7, 3, 400)
        second = np.where(np.arange(400) < changed, first / 2, first)
        bound, first, second = metric("ndcg", at=10), first[:, None], second[:, None]
    else:
        bound = metric("f1", positional=["macro"])
        label, answer = classes(400, 0.3, 1)
        other = np.where(np.arange(400) < changed, (label + 1) % 4, answer)
        first, second = (
            bound.columns(Predictions({"prediction": one, "label": label})) for one in (answer, other)
        )
    found = contrast(Sides(bound, first, second))
    for asked in (Asked.ERROR_GROWTH,) if errors else (Asked.RELATIVE, Asked.RATIO):
        interval = found.interval(asked, 0.95)
        slack = found.slack(0.95)
        whole = 1 - found.baseline if errors else found.baseline
        assert interval.low <= point(found, asked) - slack / whole
        assert interval.high >= point(found, asked) + slack / whole
        for limit in (interval.low, interval.high):
            for moved in (-1e-4, 1e-4):
                bound_at = limit + moved
                verdict = found.judge(Question(asked, UP, bound_at))
                expected = (
                    "confirmed"
                    if interval.high < bound_at
                    else "refuted"
                    if interval.low > bound_at
                    else "inconclusive"
                )
                assert verdict.outcome == expected and verdict.interval == interval


def test_a_wide_share_is_the_inverse_of_the_widened_sums():
    # Slack moves the limits of q - r b, and so moves r by more where r itself lies far from the estimate.
    first = np.random.default_rng(4).beta(2, 6, 60)
    found = contrast(sides(metric("ndcg", at=10), first, first))
    ratio, slack = found.interval(Asked.RATIO, 0.95), found.slack(0.95)
    for limit, sign in ((ratio.low, 1), (ratio.high, -1)):
        sum_at = found.combined(Linear(-limit, 1.0), 0.95)
        edge = sum_at.low - slack if sign > 0 else sum_at.high + slack
        assert edge == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("changed", [0, 4])
@pytest.mark.parametrize("name", ["wer", "perplexity", "nll"])
def test_what_has_no_worst_value_is_not_taken_for_equal_where_next_to_nothing_changed(name, changed):
    generator = np.random.default_rng(5)
    words = generator.integers(5, 15, 120).astype(float)
    wrong = generator.binomial(words.astype(int), 0.1).astype(float)
    columns = {"wer": (wrong, words), "perplexity": (wrong + words, words), "nll": (wrong + 0.5,)}[name]
    parameters = {"wer": {"normalization": "none"}, "perplexity": {"per": "word"}, "nll": {}}[name]
    first = np.stack(columns, 1)
    second = first.copy()
    second[:changed, 0] += 1
    found = contrast(sides(metric(name, **parameters), first, second))
    interval = found.interval(Asked.LOSS, 0.95)
    own = {
        "wer": second[:, 0] / words,
        "perplexity": np.exp(second[:, 0] / words) - 1,
        "nll": second[:, 0],
    }[name]
    rest = scipy_stats.binomtest(changed, 120).proportion_ci(method="wilson").high - changed / 120
    assert found.slack(0.95) == pytest.approx(rest * own.max())
    assert interval.low <= found.loss - found.slack(0.95) and interval.high >= found.loss + found.slack(0.95)
    assert found.judge(Question(Asked.LOSS, UP, found.loss + 1e-4)).outcome == "inconclusive"
    assert "as bad as the worst that was seen" in found.note(Asked.LOSS)


def test_nothing_is_confirmed_of_the_unbounded_where_nothing_was_seen_but_its_best():
    perfect = np.stack([np.zeros(120), np.full(120, 9.0)], 1)
    found = contrast(Sides(metric("wer", normalization="none"), perfect, perfect))
    verdict = found.judge(Question(Asked.LOSS, UP, 0.5))
    assert verdict.outcome == "inconclusive" and verdict.level == 1
    assert "none of 120 units differ between the models: that bounds no loss" in verdict.because
    assert found.judge(Question(Asked.LOSS, UP, 0.5, fixed=True)).outcome == "confirmed"
    many = np.stack([np.ones(120), np.full(120, 9.0)], 1)
    assert contrast(Sides(found.sides.metric, perfect, many)).judge(
        Question(Asked.LOSS, UP, 0.05)
    ).outcome == ("refuted")


@pytest.mark.parametrize("name", ["ece", "calibration-error"])
def test_calibration_of_models_that_do_not_differ_is_left_room(name, confidences):
    found = contrast(Sides(metric(name, bins="15"), confidences[0], confidences[0]))
    interval = found.interval(Asked.LOSS, 0.95)
    upper = scipy_stats.binomtest(0, 3000).proportion_ci(method="wilson").high
    assert interval.high > 0.999 * upper and interval.low < -0.999 * upper
    assert "none of 3,000 units differ" in found.note(Asked.LOSS)
    assert found.judge(Question(Asked.LOSS, UP, 0.001)).outcome == "inconclusive"
    assert found.judge(Question(Asked.LOSS, UP, 0.02)).outcome == "confirmed"


def test_a_limit_that_is_infinite_has_a_reason():
    generator = np.random.default_rng(11)
    noise = generator.normal(0.02, 1.0, 400)
    share = contrast(sides(metric("mae"), noise, noise - 3.0)).judge(Question(Asked.RATIO, UP, 1.0))
    assert share.because == "The baseline's mae is not told from zero, and a share of it has no bounds"
    label, answer = classes(200, 0.1, 3)
    absent = metric("f1", positional=["binary"], positive="9")
    columns = absent.columns(Predictions({"prediction": answer, "label": label}))
    nothing = contrast(Sides(absent, columns, columns)).judge(Question(Asked.LOSS, UP, 0.05))
    assert nothing.outcome == "inconclusive"
    assert nothing.because == f"{absent} has no value here: what it counts does not occur among the examples"
    with pytest.raises(InsufficientDataError, match="has no value here"):
        contrast(Sides(absent, columns, columns)).judge(Question(Asked.RELATIVE, UP, 0.05))


def test_a_share_in_clusters_that_is_far_beyond_its_bound_is_refuted():
    right = np.repeat([1.0, 0.0, 1.0, 0.0, 0.0], 40)
    found = contrast(sides(metric("top1"), right, right, np.arange(200) // 8))
    verdict = found.judge(Question(Asked.VALUE, Relation.AT_LEAST, 0.9))
    assert verdict.outcome == "refuted" and 0 < verdict.level < 0.001


def test_other_ranks_are_resampled():
    generator = np.random.default_rng(10)
    target = generator.normal(0, 1, 120)
    first, second = target + generator.normal(0, 0.5, 120), target + generator.normal(0, 0.9, 120)
    found = contrast(sides(metric("spearman"), np.stack([first, target], 1), np.stack([second, target], 1)))
    interval = found.interval(Asked.LOSS, 0.95)
    assert 0 < interval.low < found.loss < interval.high
    assert interval.method == "grouped-bootstrap-percentile"


@pytest.fixture
def confidences():
    """(confidence, correct) of a calibrated and an overconfident model on 3000 examples."""
    generator = np.random.default_rng(11)
    p = generator.uniform(0.5, 1, 3000)
    right = (generator.random(3000) < p).astype(float)
    return np.stack([p, right], 1), np.stack([np.minimum(p + 0.08, 1), right], 1)


def test_ece_is_shown_raw_and_decided_on_the_debiased_error(confidences):
    found = contrast(Sides(metric("ece", bins="15"), *confidences))
    assert found.baseline > 0 and "by chance" in found.note(Asked.LOSS)
    interval = found.interval(Asked.LOSS, 0.95)
    assert interval.low < 0.08 < interval.high + 0.03
    assert found.judge(Question(Asked.LOSS, UP, 0.15)).outcome == "confirmed"
    assert found.judge(Question(Asked.LOSS, UP, 0.01)).outcome == "refuted"
    same = contrast(Sides(metric("ece", bins="15"), confidences[0], confidences[0]))
    assert same.judge(Question(Asked.LOSS, UP, 0.02)).outcome == "confirmed"
    with pytest.raises(InsufficientDataError, match="denominator is biased"):
        found.judge(Question(Asked.RELATIVE, UP, 0.5))


def test_the_debiased_calibration_error_has_an_interval_of_its_own(confidences):
    found = contrast(Sides(metric("calibration-error", bins="15"), *confidences))
    bound = metric("calibration-error", bins="15")
    assert found.baseline == pytest.approx(bound.score(confidences[0]), abs=1e-9)
    assert found.interval(Asked.LOSS, 0.95).low > 0
    assert found.interval(Asked.VALUE, 0.95).contains(found.quantized)


def test_a_distance_is_bounded_as_it_is(errors):
    found = contrast(sides(metric("kl"), errors[0] / 100, errors[0] / 100))
    assert found.judge(Question(Asked.VALUE, UP, 0.05)).outcome == "confirmed"
    shares = np.repeat([1.0, 0.0], [10, 390])
    flips = contrast(sides(metric("flips"), shares, shares)).interval(Asked.VALUE, 0.95)
    assert flips.estimate == 0.025 and flips.method.startswith("wilson")


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["mae", "mrr"]), st.sampled_from([Asked.LOSS, Asked.VALUE]))
def test_exchanging_the_models_mirrors_the_loss_and_more_confidence_widens(seed, name, asked):
    generator = np.random.default_rng(seed)
    first, second = generator.random((2, 60))
    one, other = contrast(sides(metric(name), first, second)), contrast(sides(metric(name), second, first))
    mirrored = other.interval(Asked.LOSS, 0.95)
    direct = one.interval(Asked.LOSS, 0.95)
    assert (direct.low, direct.high) == pytest.approx((-mirrored.high, -mirrored.low))
    assert one.interval(asked, 0.99).half_width >= one.interval(asked, 0.9).half_width


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-0.3, 0.5))
def test_the_level_of_a_verdict_is_where_it_turns_to_refuted(seed, bound):
    generator = np.random.default_rng(seed)
    first = generator.random(80)
    found = contrast(sides(metric("mrr"), first, first - 0.1 + generator.normal(0, 0.2, 80)))
    level = found.judge(Question(Asked.RELATIVE, UP, bound)).level
    if 1e-6 < level < 0.4:
        assert found.judge(Question(Asked.RELATIVE, UP, bound, 1 - level * 1.1)).outcome == "refuted"
        assert found.judge(Question(Asked.RELATIVE, UP, bound, 1 - level * 0.9)).outcome != "refuted"


def test_a_million_examples_on_several_metrics_take_seconds():
    generator = np.random.default_rng(12)
    n = 1_000_000
    label = generator.integers(0, 10, n)
    answers = [np.where(generator.random(n) < 0.1, generator.integers(0, 10, n), label) for _ in range(2)]
    made = []
    for name in ("macro", "micro"):
        bound = metric("f1", positional=[name])
        made.append(Sides(bound, *(np.stack([label, a], 1).astype(float) for a in answers)))
    started = time.process_time()
    for one in made:
        contrast(one).judge(Question(Asked.LOSS, UP, 0.01))
    assert time.process_time() - started < 10


def test_with_too_few_examples_there_are_values_and_no_interval():
    label = np.asarray([1.0, 0, 0, 0, 0, 0])
    columns = np.stack([np.arange(6.0)[::-1], label], 1)
    found = contrast(Sides(metric("auc"), columns, columns))
    assert (found.baseline, found.quantized, found.loss) == (1.0, 1.0, 0.0)
    with pytest.raises(InsufficientDataError, match="at least 10"):
        found.interval(Asked.LOSS, 0.95)
    with pytest.raises(InsufficientDataError):
        found.judge(Question(Asked.LOSS, UP, 0.1))
    assert found.judge(Question(Asked.LOSS, UP, 0.0, fixed=True)).outcome == "confirmed"


def test_what_has_no_confidence_sequence_is_not_decided_under_one():
    generator = np.random.default_rng(3)
    truth, answers = generator.integers(0, 2, 400), generator.integers(0, 2, 400)
    columns = np.stack([truth, answers], axis=1)
    found = contrast(sides(metric("mcc"), columns, columns, sequential=True))
    assert found.loss == 0
    with pytest.raises(InsufficientDataError, match="every look"):
        found.judge(Question(Asked.LOSS, UP, 0.5))


@pytest.mark.parametrize("name", ["mae", "agreement"])
def test_means_and_shares_are_wider_where_they_may_be_looked_at(name):
    column = np.random.default_rng(5).integers(0, 2, 400)
    asked = Asked.VALUE
    once, often = (
        contrast(sides(metric(name), column, column, sequential=looks)).judge(Question(asked, UP, 0.9))
        for looks in (False, True)
    )
    assert often.interval.half_width > 1.4 * once.interval.half_width
    refuted = contrast(sides(metric(name), column, column, sequential=True)).judge(Question(asked, UP, 0.3))
    assert refuted.outcome == "refuted" and 0 < refuted.level < 0.05
    early = contrast(sides(metric("mae"), column[:60], column[:60] + 1.0, sequential=True))
    with pytest.raises(InsufficientDataError, match="too early"):
        early.judge(Question(Asked.LOSS, UP, 0.5))


def test_a_share_of_what_is_not_told_from_zero_is_undecided(errors):
    generator = np.random.default_rng(11)
    noise = generator.normal(0.02, 1.0, 400)  # a baseline that may be anything around zero
    found = contrast(sides(metric("mae"), noise, noise - 3.0))
    verdict = found.judge(Question(Asked.RATIO, UP, 1.0))
    assert verdict.outcome == "inconclusive" and np.isinf(verdict.interval.high)


@pytest.mark.parametrize("bound", [0.2, 0.35, 0.5, 0.65, 0.8])
def test_growth_of_the_error_of_a_mean_is_decided_as_its_interval_says(bound):
    generator = np.random.default_rng(2)
    right = generator.beta(8, 2, 300)
    worse = np.clip(right - generator.uniform(0, 0.2, 300), 0, 1)
    found = contrast(sides(metric("ndcg", at=10), right, worse))
    interval = found.interval(Asked.ERROR_GROWTH, 0.95)
    verdict = found.judge(Question(Asked.ERROR_GROWTH, UP, bound))
    expected = "confirmed" if interval.high < bound else "refuted" if interval.low > bound else "inconclusive"
    assert verdict.outcome == expected
    assert interval.contains((1 - worse.mean()) / (1 - right.mean()) - 1)


def test_an_ece_over_few_clusters_decides_nothing(confidences):
    clustered = [np.asarray(one)[:600] for one in confidences]
    found = contrast(sides(metric("ece", bins="15"), *clustered, units=np.arange(600) // 60))
    with pytest.raises(InsufficientDataError, match="10 independent units"):
        found.judge(Question(Asked.LOSS, UP, 0.5))


def test_few_changes_are_told_at_the_level_at_which_they_refute():
    first = np.full(400, 0.5)
    second = np.where(np.arange(400) < 12, 0.0, 0.5)
    found = contrast(sides(metric("ndcg", at=10), first, second))
    level = found.judge(Question(Asked.LOSS, UP, 0.001)).level
    for confidence, outcome in ((1 - 1.01 * level, "refuted"), (1 - 0.99 * level, "inconclusive")):
        if 0.5 < confidence < 1:
            assert found.judge(Question(Asked.LOSS, UP, 0.001, confidence)).outcome == outcome
