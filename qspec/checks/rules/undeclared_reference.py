"""An assertion or a figure speaks of an evaluation, load, stratification, metric or split that its executor lacks.

What it finds
-------------
`on NAME` where the executor has no evaluation and no load of that name; `for each NAME` where its evaluation has no such
stratification; a loss of a metric that its evaluation does not declare; `digits.tset` where the declared data set has
no such split. A figure of a metric that is not declared is a warning.

Why it matters
--------------
Such an assertion can be neither checked nor executed, and reads as if it could.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        strata { class: by label }
      }
      loss(top1) <= 3 pp for each site
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        strata { class: by label, site: by site }
      }
      loss(top1) <= 3 pp for each site
    }

References:
----------
Assertions in the language reference.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView, ClaimView, EvaluationView, FigureView
from qspec.lang.diagnostic import Severity
from qspec.lang.resolve import Origin
from qspec.model.evaluation import Strata
from qspec.model.expression import Pinned
from qspec.model.measurand import MeasurandKind, metric_named

_SCORED = (MeasurandKind.LOSS, MeasurandKind.METRIC, MeasurandKind.RECOVERED)


@rule("QS012", "undeclared-reference", severity=Severity.ERROR, visits=Visit.CLAIM)
def undeclared_reference(claim: ClaimView) -> Iterator[Finding]:
    """A name that its executor does not have."""
    if claim.executor is None:
        return
    evaluations = [view.name for view in claim.evaluations if view.name]
    loads = [name for name, _ in claim.executor.executor.each_load() if name]
    spoken: list[AssertionView | FigureView] = [*claim.assertions, *claim.figures]
    for said in spoken:
        if isinstance(said, AssertionView) and said.measurand.unread:
            unread = ", ".join(f"`{one}`" for one in said.measurand.unread)
            yield Finding(
                f"`{said.assertion.quantity}` has no argument {unread}.", said.origin, help="leave it out"
            )
        on = said.assertion.on if isinstance(said, AssertionView) else said.figure.on
        if on is not None and on not in (*evaluations, *loads):
            yield _missing(on, "evaluation or load", [*evaluations, *loads], said.origin)
        elif said.evaluation is not None:
            yield from _strata(said, said.evaluation)
            yield from _metric(said, said.evaluation)
    yield from _splits(claim)


def _strata(said: AssertionView | FigureView, evaluation: EvaluationView) -> Iterator[Finding]:
    each = said.assertion.for_each if isinstance(said, AssertionView) else None
    declared = evaluation.evaluation.strata
    if each is None or not (declared is None or isinstance(declared, Strata)):
        return
    names = list(declared.members) if declared is not None else []
    if each not in names:
        yield _missing(each, "stratification", names, said.origin)


def _metric(said: AssertionView | FigureView, evaluation: EvaluationView) -> Iterator[Finding]:
    metric, declared = said.measurand.metric, evaluation.metrics
    if said.measurand.kind not in _SCORED or metric is None or not declared:
        return
    same = [term for term in declared if (term.name, term.at) == (metric.name, metric.at)]
    if not same:
        finding = _missing(str(metric), "metric", [str(term) for term in declared], said.origin)
        # A source may print more than its claim is about.
        yield replace(finding, severity=Severity.WARNING if isinstance(said, FigureView) else None)
    elif metric_named(metric, declared) is None:
        listed = " or ".join(f"`{term}`" for term in same)
        message = f"`{metric}` is none of the metrics declared, which have {listed}."
        yield Finding(message, said.origin, help="write one of them")


def _splits(claim: ClaimView) -> Iterator[Finding]:
    """Splits that a declared data set does not have."""
    assert claim.executor is not None
    named: list[tuple[Pinned, str | None, Origin]] = []
    if claim.calibration_data is not None:
        named.append((claim.calibration_data, None, claim.where("calibration").at("data")))
    for view in claim.evaluations:
        if view.test_data is not None:
            named.append((view.test_data, view.test_split, view.where("test-set").at("data")))
    for data, split, origin in named:
        found = claim.resolved.dataset(data)
        if found is None or found[0].splits is None:
            continue
        wanted, splits = found[2] or split, found[0].split_names
        if wanted is not None and wanted not in splits:
            yield _missing(wanted, f"split of `{found[1]}`", splits, origin)


def _missing(name: str, kind: str, known: list[str], origin: Origin) -> Finding:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    listed = ", ".join(f"`{word}`" for word in known)
    return Finding(
        f"There is no {kind} called `{name}`.",
        origin,
        help=f"did you mean `{near[0]}`?" if near else f"there is {listed}" if known else "declare it",
    )
