"""Verdicts from stored scores: every outcome, strata, hidden losses, readings of a per cent, expectations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qspec.execute.contrasts.binary import BinaryContrast
from qspec.execute.contrasts.contrast import Asked, Question
from qspec.execute.judge.judge import Evidence, judge
from qspec.execute.scores import DRAW, Scores
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load_source
from qspec.lang.source import Source
from qspec.stats.decision import Relation
from qspec.stats.paired import PairedCounts


def outcomes(verdicts):
    return [one.outcome.value for one in verdicts.judged]


def test_a_bound_beyond_the_interval_is_confirmed_or_refuted_and_within_it_neither(judging, flipped):
    verdicts = judging(
        "loss(top1) <= 3 pp\nloss(top1) <= 1 pp\nloss(top1) <= 0.1 pp", *flipped(950, 25, 5, 20)
    )
    assert outcomes(verdicts) == ["inconclusive", "inconclusive", "refuted"]
    wide = judging("loss(top1) <= 5 pp", *flipped(950, 25, 5, 20))
    assert outcomes(wide) == ["confirmed"]
    assert wide.exit_code == 0 and verdicts.exit_code == 1


def test_an_inconclusive_verdict_says_how_many_examples_would_decide(judging, flipped):
    (one,) = judging("loss(top1) <= 1 pp", *flipped(880, 10, 9, 1)).judged
    assert one.outcome == "inconclusive" and one.needs is not None and one.needs > 900


def test_an_unspecified_per_cent_is_ambiguous_where_its_readings_disagree(judging, flipped):
    # 82.20 -> 81.21 is 0.99 points and 1.20 % of the baseline; over exactly these examples both are certain.
    models = flipped(8121, 99, 0, 1780)
    fixed = "statistics { population: fixed }"
    assert outcomes(judging("loss(top1) < 1 %", *models, statistics=fixed)) == ["ambiguous"]
    assert outcomes(judging("loss(top1) < 2 %", *models, statistics=fixed)) == ["confirmed"]
    assert outcomes(judging("loss(top1) < 1 pp", *models, statistics=fixed)) == ["confirmed"]
    assert outcomes(judging("loss(top1) < 1 % of baseline", *models, statistics=fixed)) == ["refuted"]


def test_growth_of_the_error_is_relative_to_the_errors_of_the_baseline(judging, flipped):
    models = flipped(985, 10, 0, 5)  # 99.5 -> 98.5
    fixed = "statistics { population: fixed }"
    verdicts = judging(
        "loss(top1) <= 201 % of error\nloss(top1) <= 199 % of error", *models, statistics=fixed
    )
    assert outcomes(verdicts) == ["confirmed", "refuted"]


def test_equivalence_needs_both_sides(judging, flipped):
    gained = flipped(900, 0, 60, 40)
    assert outcomes(judging("loss(top1) <= 1 pp\n|loss(top1)| <= 1 pp", *gained)) == ["confirmed", "refuted"]
    assert outcomes(judging("|loss(top1)| <= 2 pp", *flipped(980, 2, 2, 16))) == ["confirmed"]


def test_a_claim_about_exactly_these_examples_has_no_sampling_error(judging, flipped):
    verdicts = judging(
        "loss(top1) <= 10 pp\nloss(top1) < 10 pp",
        *flipped(8, 1, 0, 1),
        statistics="statistics { population: fixed }",
    )
    assert outcomes(verdicts) == ["confirmed", "refuted"]


def test_an_expected_outcome_is_success(judging, flipped):
    verdicts = judging("loss(top1) <= 1 pp expect inconclusive", *flipped(95, 2, 1, 2))
    assert outcomes(verdicts) == ["inconclusive"]
    assert (verdicts.exit_code, verdicts.outcome.value) == (0, "confirmed")


def strata(sizes):
    """Columns and groups out of (both, harmful, helpful, neither) a stratum."""
    first = np.concatenate([np.repeat([1.0, 1, 0, 0], counts) for counts in sizes])
    second = np.concatenate([np.repeat([1.0, 0, 1, 0], counts) for counts in sizes])
    groups = np.repeat(np.arange(len(sizes)), [sum(counts) for counts in sizes])
    return {"top1": first}, {"top1": second}, groups


def test_every_stratum_is_confirmed_when_each_is_and_refuted_after_holm(judging):
    base, quantized, groups = strata([(980, 1, 1, 18)] * 3)
    assert outcomes(judging("loss(top1) <= 2 pp for each group", base, quantized, groups=groups)) == [
        "confirmed"
    ]
    base, quantized, groups = strata([(980, 1, 1, 18), (800, 150, 0, 50), (20, 0, 0, 1)])
    (one,) = judging("loss(top1) <= 2 pp for each group", base, quantized, groups=groups).judged
    assert one.outcome == "refuted"
    assert "1 confirmed, 1 refuted, 1 inconclusive" in one.because


def test_a_stratum_barely_refuted_alone_is_not_refuted_among_many(judging):
    # Alone, 8 harmful flips in 100 refute 2 pp at 95 %; among twenty strata they do not.
    alone = strata([(90, 9, 0, 1)])
    assert outcomes(judging("loss(top1) <= 2 pp for each group", *alone[:2], groups=alone[2])) == ["refuted"]
    many = strata([(90, 9, 0, 1)] + [(99, 0, 0, 1)] * 19)
    assert outcomes(judging("loss(top1) <= 2 pp for each group", *many[:2], groups=many[2])) == [
        "inconclusive"
    ]


def test_a_refuted_assertion_shows_the_stratum_that_refutes_it(judging):
    # The interval of twenty examples reaches farther beyond the bound, and refutes nothing.
    base, quantized, groups = strata([(1800, 180, 0, 20), (18, 0, 0, 2)])
    (one,) = judging("loss(top1) <= 3 pp for each group", base, quantized, groups=groups).judged
    assert one.outcome == "refuted" and one.because.endswith("the critical one is group == 0")
    assert one.interval.low > 0.07 and one.interval.estimate == pytest.approx(0.09)


def test_an_open_assertion_shows_the_stratum_that_keeps_it_open_and_what_that_one_needs(judging):
    sizes = [(900, 45, 4, 51), (800, 60, 7, 133)]
    alone = strata(sizes[1:])
    for asserted in ("|loss(top1)| <= 6 pp for each group", "-6 pp <= loss(top1) <= 6 pp for each group"):
        (one,) = judging(asserted, *strata(sizes)[:2], groups=strata(sizes)[2]).judged
        (same,) = judging(asserted, *alone[:2], groups=alone[2]).judged
        assert one.outcome == "inconclusive"
        assert "1 confirmed, 1 inconclusive; the critical one is group == 1" in one.because
        assert one.interval == same.interval and one.needs == same.needs


def test_the_examples_wanted_are_those_of_the_stratum_named(judging):
    # The first stratum lies next to its bound and would need far more examples than the second, whose limit is worse.
    sizes = [(900, 46, 4, 50), (200, 12, 1, 20)]
    (one,) = judging("loss(top1) <= 4 pp for each group", *strata(sizes)[:2], groups=strata(sizes)[2]).judged
    (second,) = judging("loss(top1) <= 4 pp", *strata(sizes[1:])[:2]).judged
    assert one.because.endswith("the critical one is group == 1")
    assert one.needs == second.needs


def test_strata_that_refute_alone_and_not_after_holm_are_said_to(judging):
    base, quantized, groups = strata([(90, 9, 0, 1)] + [(99, 0, 0, 1)] * 19)
    (one,) = judging("loss(top1) <= 2 pp for each group", base, quantized, groups=groups).judged
    assert one.outcome == "inconclusive"
    assert "1 refuted" in one.because and "not after Holm's adjustment for all 20" in one.because


def test_a_loss_that_the_whole_hides_is_reported_by_name(judging):
    base, quantized, groups = strata([(9900, 5, 5, 90), (150, 40, 0, 10)])
    verdicts = judging("loss(top1) <= 1 pp", base, quantized, groups=groups)
    assert outcomes(verdicts) == ["confirmed"]
    (one,) = verdicts.hidden.values()
    assert (str(one.quantity), one.on, one.stratum) == ("top1", None, "group == 1")
    assert float(one.loss.base) == pytest.approx(0.2)


def test_losses_of_several_metrics_that_the_whole_hides_are_told_apart(judging):
    base, quantized, groups = strata([(9900, 5, 5, 90), (150, 40, 0, 10)])
    random = np.random.default_rng(0)
    base["nll"] = random.uniform(0.5, 1, len(groups))
    quantized["nll"] = base["nll"] + np.where(groups == 1, 1.5 + 0.1 * random.normal(size=len(groups)), 0)
    verdicts = judging("top1 >= 98 % of baseline\nloss(nll) <= 0.1", base, quantized, groups=groups)
    assert outcomes(verdicts) == ["confirmed", "confirmed"]
    assert list(verdicts.hidden) == ["top1 for group == 1", "nll for group == 1"]
    for name, loss in (("top1", 0.2), ("nll", 1.5)):
        one = verdicts.hidden[f"{name} for group == 1"]
        assert (str(one.quantity), one.stratum) == (name, "group == 1")
        assert float(one.loss.base) == pytest.approx(loss, abs=0.03)
        # The interval is of that loss, also where the bound is a share of the baseline.
        assert (
            float(one.interval.low.base) < float(one.loss.base) < float(one.interval.high.base) < loss + 0.1
        )


def test_a_hidden_loss_has_its_own_interval_whatever_share_was_bounded(judging):
    base, quantized, groups = strata([(9900, 5, 5, 90), (100, 40, 0, 60)])
    points, share = (
        judging(f"loss(top1) <= {bound}", base, quantized, groups=groups).hidden["top1 for group == 1"]
        for bound in ("1 pp", "1 % of baseline")
    )
    assert points.interval == share.interval and float(share.interval.high.base) < 0.3


def test_no_loss_is_hidden_where_the_whole_shows_it(judging):
    base, quantized, groups = strata([(500, 5, 5, 90), (150, 40, 0, 10)])
    assert not judging("loss(top1) <= 1 pp", base, quantized, groups=groups).hidden


def test_a_stratum_in_which_nothing_counts_is_inconclusive_and_left_out_of_the_results(judging):
    base, quantized, groups = strata([(980, 1, 1, 18), (40, 0, 0, 0)])
    nothing = np.where(groups == 1, np.nan, base["top1"])
    columns = {"sensitivity(threshold: 0.5)": nothing}
    other = {"sensitivity(threshold: 0.5)": np.where(groups == 1, np.nan, quantized["top1"])}
    verdicts = judging(
        "loss(sensitivity(threshold: 0.5)) <= 2 pp for each group", columns, other, groups=groups
    )
    assert outcomes(verdicts) == ["inconclusive"]
    assert "No example counts" in verdicts.judged[0].because
    assert len([r for r in verdicts.results if r.quantity.name == "sensitivity"]) == 2


def test_flips_and_agreement_follow_from_what_was_stored(judging, flipped):
    base, quantized = flipped(950, 15, 5, 30)
    answers = (np.arange(1000), np.where(np.arange(1000) < 970, np.arange(1000), -1))
    verdicts = judging(
        "flips <= 5 %\nflips <= 1 %\nagreement >= 95 %\nagreement >= 99 %\nkl <= 0.1",
        base,
        quantized,
        answers=answers,
    )
    assert outcomes(verdicts) == ["confirmed", "refuted", "confirmed", "refuted", "not-executable"]


def test_flips_are_those_of_the_metric_that_says_what_is_right(judging):
    right, wrong = np.ones(400), np.zeros(400)
    names = ("token-f1(normalization: squad)", "exact-match(normalization: squad)", "exact-match", "flips")
    # As they stand neither model's answers equal the truth, so that a count of their own sees no flip.
    base = dict(zip(names, (right / 2, right, wrong, wrong), strict=True))
    quantized = dict(zip(names, (right / 2, wrong, wrong, wrong), strict=True))
    verdicts = judging("flips <= 1 %", base, quantized, task="question-answering")
    assert outcomes(verdicts) == ["refuted"]
    assert verdicts.judged[0].interval.low > 0.98
    (of_flips,) = [one for one in verdicts.results if str(one.quantity) == "flips"]
    assert float(of_flips.quantized.base) == 1.0
    assert "flips are those of exact-match(normalization: squad)" in verdicts.notes


def test_flips_are_of_answers_as_they_stand_where_no_metric_is_right_or_wrong(judging):
    flips = np.repeat([1.0, 0], [40, 160])
    base = {"nll": np.linspace(0.5, 1, 200), "flips": flips}
    verdicts = judging("flips <= 30 %", base, base | {"nll": base["nll"] + 0.1})
    assert outcomes(verdicts) == ["confirmed"]
    assert any("as they stand" in note for note in verdicts.notes)


def test_flips_are_of_a_mean_that_is_0_or_1_and_only_of_examples_that_count(judging):
    # With one relevant item a query, recall at 1 is right or wrong; of a hundred queries none is relevant.
    base = {"recall@1": np.repeat([1.0, 0, np.nan], [150, 50, 100])}
    quantized = {"recall@1": np.repeat([1.0, 0, 1, 0, np.nan], [140, 10, 20, 30, 100])}
    verdicts = judging("flips <= 20 %\nflips <= 1 %", base, quantized, task="retrieval")
    assert outcomes(verdicts) == ["inconclusive", "refuted"]
    (of_flips,) = [one for one in verdicts.results if str(one.quantity) == "flips"]
    assert (float(of_flips.quantized.base), str(of_flips.n)) == (0.15, "200")


def test_flips_are_over_the_draws_of_the_calibration_sample_too(judging, flipped):
    base, quantized = flipped(950, 20, 10, 20)
    once = judging("flips <= 5 %", base, quantized).judged[0]
    rolled = {
        f"{DRAW}{seed}": {"top1": np.where(np.arange(1000) < 60 * seed, 0.0, base["top1"])[:, None]}
        for seed in range(1, 5)
    }
    over = judging("flips <= 5 %", base, quantized, others=rolled).judged[0]
    # Draws after the first flip 60, 120, 180 and 240 of a thousand.
    assert once.outcome == "confirmed" and over.outcome != "confirmed"
    assert over.interval.estimate == pytest.approx(np.mean([0.03, 0.06, 0.12, 0.18, 0.24]), abs=1e-9)


def test_a_metric_that_did_not_run_is_not_judged(judging, flipped):
    verdicts = judging("loss(ece(bins: 15)) <= 1 pp\nloss(top1) <= 5 pp", *flipped(990, 2, 2, 6))
    assert outcomes(verdicts) == ["not-executable", "confirmed"]


def test_a_size_is_exact(judging, flipped):
    verdicts = judging("size <= 0.25 x baseline\nsize < 0.25 x baseline", *flipped(990, 2, 2, 6))
    assert outcomes(verdicts) == ["confirmed", "refuted"]


def test_flips_within_clusters_count_at_their_effective_number(judging, flipped):
    base, quantized = flipped(880, 20, 0, 100)
    units = np.arange(1000) // 20
    free = judging("loss(top1) <= 3.3 pp", base, quantized).judged[0]
    clustered = judging("loss(top1) <= 3.3 pp", base, quantized, units=units).judged[0]
    assert free.outcome == "confirmed" and clustered.outcome == "inconclusive"
    few = judging("loss(top1) <= 10 pp", base, quantized, units=np.arange(1000) // 100).judged[0]
    assert few.outcome == "inconclusive" and "too few" in few.because


def test_a_sequence_that_may_be_looked_at_is_wider(judging, flipped):
    models = flipped(1960, 4, 4, 32)
    sequential = judging("loss(top1) <= 1 pp", *models, statistics="statistics { sequential: true }").judged[
        0
    ]
    once = judging("loss(top1) <= 1 pp", *models).judged[0]
    assert sequential.interval.method == "asymptotic-confidence-sequence"
    assert sequential.interval.half_width > 1.4 * once.interval.half_width


@settings(derandomize=True, deadline=None)
@given(st.tuples(*[st.integers(0, 400)] * 4).filter(lambda t: sum(t) > 0), st.floats(0.001, 0.2))
def test_a_looser_bound_never_turns_a_verdict_around(counts, bound):
    contrast = BinaryContrast(PairedCounts(*counts))
    order = {"refuted": 0, "inconclusive": 1, "confirmed": 2}
    found = [
        order[contrast.judge(Question(Asked.LOSS, Relation.AT_MOST, b)).outcome.value]
        for b in (bound, bound + 0.01, bound + 0.1)
    ]
    assert found == sorted(found)


def test_a_stratum_counts_among_its_siblings_before_it_counts_in_the_claim(judging):
    # One stratum of ten is refuted after Holm over the ten; beside a second assertion the claim is not.
    base, quantized, groups = strata([(86, 13, 0, 1)] + [(1960, 0, 0, 40)] * 9)
    each = "loss(top1) <= 2 pp for each group"
    alone = judging(each, base, quantized, groups=groups)
    assert outcomes(alone) == ["refuted"] and 0.025 < alone.judged[0].level < 0.05
    assert alone.outcome == "refuted"
    beside = judging(f"{each}\nloss(top1) <= 2 pp", base, quantized, groups=groups)
    assert outcomes(beside) == ["refuted", "confirmed"]
    assert beside.outcome == "inconclusive"
    told = "what refutes an assertion alone does not refute the claim after Holm's adjustment for all 2"
    assert told in beside.notes and told not in alone.notes


def test_two_readings_of_a_per_cent_keep_the_reasons_of_the_one_that_is_shown(judging):
    base, quantized, groups = strata([(900, 45, 4, 51), (800, 60, 7, 133)])
    points, either = judging(
        "loss(top1) <= 6 pp for each group\nloss(top1) <= 6 % for each group", base, quantized, groups=groups
    ).judged
    assert either.interval == points.interval and either.needs == points.needs
    assert "may be read two ways (loss: inconclusive, relative loss: inconclusive)" in either.because
    assert either.because.endswith(f"read as loss, {points.because}")


def test_a_claim_is_refuted_at_the_confidence_of_its_assertions(judging, flipped):
    # Each is refuted at 99 %, barely: two of them are not refuted together at 99 %, and would be at 95 %.
    strict = "statistics { confidence: 99 % }"
    two = judging("loss(top1) <= 0.9 pp\nloss(top1) <= 10 pp", *flipped(958, 27, 3, 12), statistics=strict)
    assert outcomes(two) == ["refuted", "confirmed"] and 0.005 < two.judged[0].level < 0.01
    assert two.outcome == "inconclusive"
    alone = judging("loss(top1) <= 0.9 pp", *flipped(958, 27, 3, 12), statistics=strict)
    assert alone.outcome == "refuted"


@pytest.mark.parametrize(
    ("assertion", "hides"),
    [
        ("top1 >= 98 % of baseline", True),
        ("loss(top1) <= 2 % of baseline", True),
        ("loss(top1) >= -50 pp", False),
        ("top1 >= 50 %", False),
    ],
)
def test_only_a_bound_on_loss_can_hide_one(judging, assertion, hides):
    base, quantized, groups = strata([(9900, 5, 5, 90), (150, 40, 0, 10)])
    verdicts = judging(assertion, base, quantized, groups=groups)
    assert outcomes(verdicts) == ["confirmed"]
    assert list(verdicts.hidden) == (["top1 for group == 1"] if hides else [])


def test_a_single_flip_does_not_refute_a_bound_under_one_example(judging, flipped):
    # Wilson's lower limit for 1 of 164 lies above 0.1 %; so much comes by chance 15 % of the time.
    (one,) = judging("flips <= 0.1 %", *flipped(163, 1, 0, 0)).judged
    assert one.outcome == "inconclusive"
    (never,) = judging("top1 >= 99.9 %", *flipped(163, 1, 0, 0)).judged
    assert never.outcome == "inconclusive"


def test_a_ruined_stratum_is_refuted_by_resampling_among_many_comparisons(judging):
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 200)
    truth = generator.integers(0, 3, len(groups))
    first = np.where(generator.random(len(groups)) < 0.9, truth, (truth + 1) % 3)
    second = np.where((groups == 7) & (generator.random(len(groups)) < 0.5), (truth + 1) % 3, first)
    name = "f1(macro)"
    columns = [{name: np.stack([truth, answers], axis=1)} for answers in (first, second)]
    bounds = "\n".join(f"loss({name}) <= {x} pp for each group" for x in (2, 3, 4, 5, 6, 7))
    verdicts = judging(bounds, *columns, groups=groups)
    assert outcomes(verdicts) == ["refuted"] * 6
    assert verdicts.outcome == "refuted"


def test_an_assertion_that_two_evaluations_could_answer_says_so(tmp_path, flipped):
    text = """qspec 1
executor e {
  evaluation a { task: image-classification, metrics: [top1, nll] }
  evaluation b { task: image-classification, metrics: [top1] }
}
claim c on e { loss(top1) <= 5 pp, flips <= 5 %, loss(top1) <= 5 pp on b, loss(nll) <= 0.1 }
"""
    (claim,) = resolve_claims(load_source(Source("test.qspec", text), root=tmp_path))
    columns = [{name: one.reshape(-1, 1) for name, one in side.items()} for side in flipped(980, 5, 5, 10)]
    nll = {"nll": np.random.default_rng(0).uniform(0.5, 1, (1000, 1))}
    scores = {"a": Scores(1000, columns[0] | nll, columns[1] | nll), "b": Scores(1000, *columns)}
    verdicts = judge(claim, Evidence(scores, {}, None))
    assert outcomes(verdicts) == ["not-executable", "not-executable", "confirmed", "confirmed"]
    assert verdicts.judged[0].because == (
        "loss(top1) may be on `a` and `b`; the assertion must say which: `on a`"
    )
