"""Markdown for a README or a pull request: verdicts, the strata that lose most, axes and findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from qspec.report.execution import Execution
from qspec.report.formats import registry
from qspec.report.scores import Score
from qspec.report.text import one_line, spans
from qspec.report.verdicts import VerdictRow
from qspec.report.view import ClaimCard, DocumentCard, Page, SuiteCard

MOST_STRATA = 8
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "#": "&#35;"}
_SPECIAL = re.compile(r"[\\`*_{}\[\]|~$^]|^[-+=]")
_LIST = re.compile(r"^(\d+)([.)])(?=\s|$)")


@registry.register("markdown", aliases=("md",))
def markdown(page: Page) -> str:
    """The page as GitHub-flavoured Markdown without any HTML."""
    blocks = [f"## QSpec report\n\n{page.summary}"]
    for document in page.documents:
        blocks += [_claim(claim) for claim in document.claims]
        blocks.append(_document(document))
    blocks.append(f"Made by {page.tool}.")
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Foreign text that stays text: no markup, no link, no mention, no new line, no list."""
    plain = _LIST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", one_line(text)))
    inert = "".join(_ENTITIES.get(character, character) for character in plain)
    return re.sub(r"(?i)\bwww\.", "www&#46;", inert.replace("://", "&#58;//"))


def prose(text: str) -> str:
    """A sentence of ours, whose code stands between backticks."""
    return "".join(code(part) if is_code else escape(part) for is_code, part in spans(text))


def code(text: str) -> str:
    """Foreign text as code, fenced by more backticks than it holds and safe inside a table."""
    inner = one_line(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", inner)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") or not inner else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[tuple[str, ...]], texts: int = 1) -> str:
    """A table: the first cell of a row is finished, the others are escaped; figures follow `texts` texts."""
    rules = ["---"] * texts + ["---:"] * (len(head) - texts)
    finished = ([name, *map(escape, cells)] for name, *cells in rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rules, *finished])


def _claim(claim: ClaimCard) -> str:
    outcome = claim.outcome
    parts = [f"### {outcome.sign} {code(claim.name)}: {escape(outcome.word.lower())}, {claim.grade}"]
    if claim.title:
        parts.append(escape(claim.title))
    if claim.unjudged:
        parts.append(_verdicts(claim.unjudged))
    if claim.reported:
        parts.append(_reported(claim))
    parts += [_execution(run) for run in claim.executions]
    gaps = [f"{axis.name} ({axis.state})" for axis in claim.axes if not axis.is_stated]
    stated = f"**Axes:** {claim.stated} of {len(claim.axes)} stated"
    parts.append(f"{stated}; {', '.join(gaps)}." if gaps else f"{stated}.")
    return "\n\n".join(parts)


def _verdicts(rows: Iterable[VerdictRow]) -> str:
    return table(
        ("Assertion", "Outcome", "Expected", "Method", "Interval", "Needs n"),
        (
            (
                code(row.assertion) + (f": {prose(row.because)}" if row.because else ""),
                f"{row.outcome.sign} {row.outcome.word}",
                row.expected,
                row.method,
                row.interval,
                row.needs,
            )
            for row in rows
        ),
        texts=4,
    )


def _execution(run: Execution) -> str:
    parts = [f"**Measured** {escape(run.at)} on {escape(run.machine)}.", _verdicts(run.verdicts)]
    if run.hidden:
        listed = [
            f"{code(row.stratum)} loses {escape(row.loss)}{f' of {code(row.metric)}' if row.metric else ''}"
            for row in run.hidden
        ]
        parts.append(f"**Hidden loss** while the whole holds its bound: {', '.join(listed)}.")
    parts += [_score(score) for score in run.scores]
    if run.physical:
        rows = (
            (
                escape(row.quantity) + (f" on {code(row.on)}" if row.on else ""),
                row.baseline,
                row.quantized,
                row.ratio,
                row.interval,
            )
            for row in run.physical
        )
        parts.append(table(("Quantity", "Baseline", "Quantized", "Ratio", "Interval"), rows))
    if run.notes:
        parts.append("\n".join(f"- {escape(note)}" for note in run.notes))
    return "\n\n".join(parts)


def _score(score: Score) -> str:
    """The whole, and of many strata those whose intervals allow the greatest losses."""
    whole = [row for row in score.rows if not row.key]
    strata = sorted((row for row in score.rows if row.key), key=lambda row: -row.upper)
    kept = strata[:MOST_STRATA]
    rows = (
        (
            code(row.key) if row.key else "all examples",
            row.n,
            row.baseline,
            row.quantized,
            row.loss,
            row.interval,
        )
        for row in (*whole, *kept)
    )
    title = code(score.term) + (f" on {code(score.on)}" if score.on else "")
    if len(strata) > len(kept):
        title += f", and the {len(kept)} of {len(strata)} strata that may lose most"
    return f"{title}:\n\n" + table(("Stratum", "n", "Baseline", "Quantized", "Loss", "Interval"), rows)


def _reported(claim: ClaimCard) -> str:
    rows = (
        (code(row.quantity), row.stratum or "\u2013", row.baseline, row.quantized, row.figure, row.n)
        for row in claim.reported
    )
    return table(("As reported", "Stratum", "Baseline", "Quantized", "Figure", "n"), rows, texts=2)


def _suite(suite: SuiteCard) -> str:
    listed = ", ".join(
        f"{code(name)} {outcome.sign} {escape(outcome.word)}" for name, outcome in suite.claims
    )
    title = f" {escape(suite.title)}" if suite.title else ""
    outcome = f"{suite.outcome.sign} {escape(suite.outcome.word.lower())}"
    return f"**Suite** {code(suite.name)}: {outcome}.{title}\n\n{listed or 'No claims.'}"


def _document(document: DocumentCard) -> str:
    lines = [
        f"- {row.severity} {code(row.code)}: {prose(row.message)} ({code(row.place)})"
        for row in document.findings
    ]
    lines += [
        f"- allowed {code(row.code)}: {prose(row.message)} Because: {escape(row.allowed)}"
        for row in document.suppressed
    ]
    repeat = [f"Repeat with {code(document.repeat)}."] if document.can_run else []
    return "\n\n".join([*map(_suite, document.suites), *repeat, *(["\n".join(lines)] if lines else [])])
