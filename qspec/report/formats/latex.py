"""LaTeX tables in the style of the booktabs package, one for the verdicts of every claim and one for its figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qspec.report.formats import registry
from qspec.report.text import one_line
from qspec.report.view import ClaimCard, Page

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\char34{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "-{}",
    "\u2212": "$-$", "\u00d7": r"$\times$", "\u00b5": r"\textmu{}", "\u202f": r"\,", "\u2013": "--",
    "\u00b7": r"\textperiodcentered{}",
    "\u00b1": r"$\pm$", "\u2192": r"$\rightarrow$", "\u2026": r"\dots{}", "\u00a0": "~", "\ufffd": "?",
}  # fmt: skip


@registry.register("latex", aliases=("tex",))
def latex(page: Page) -> str:
    """The tables, for a document that loads booktabs and textcomp to `input`."""
    tables = [text for claim in page.claims for text in _claim(claim)]
    head = f"% Made by {page.tool}; needs \\usepackage{{booktabs}} and \\usepackage{{textcomp}}.\n"
    return head + "\n".join(tables)


def escape(text: str) -> str:
    """Foreign text that LaTeX prints and does not obey."""
    return "".join(_ESCAPES.get(character, character) for character in one_line(text))


def _code(text: str) -> str:
    return rf"\texttt{{{escape(text)}}}"


def _claim(claim: ClaimCard) -> Iterable[str]:
    grade = f"{claim.grade}, {claim.stated} of {len(claim.axes)} axes stated"
    for verdicts, at in [(claim.unjudged, "")] * bool(claim.unjudged) + [
        (run.verdicts, f" Measured {escape(run.at)} on {escape(run.machine)}.") for run in claim.executions
    ]:
        yield _table(
            f"Claim {_code(claim.name)} ({grade}): {claim.outcome.word.lower()}.{at}",
            "llrlr",
            ("Assertion", "Outcome", "Interval", "Method", "Needs $n$"),
            [
                (
                    _code(row.assertion),
                    escape(row.outcome.word),
                    escape(row.interval),
                    escape(row.method),
                    escape(row.needs),
                )
                for row in verdicts
            ],
        )
    for run in claim.executions:
        figures = [
            (
                _code(row.key) if row.key else _code(score.term),
                row.n,
                row.baseline,
                row.quantized,
                row.loss,
                row.interval,
            )
            for score in run.scores
            for row in score.rows
        ]
        figures += [
            (escape(row.quantity), "\u2013", row.baseline, row.quantized, row.ratio, row.interval)
            for row in run.physical
        ]
        yield _table(
            f"Figures of claim {_code(claim.name)}: losses of metrics, positive is worse; ratios of times and sizes.",
            "lrrrrr",
            ("", "$n$", "Baseline", "Quantized", "Loss or ratio", "Interval"),
            [(name, *(escape(cell) for cell in cells)) for name, *cells in figures],
        )


def _table(caption: str, columns: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f"    {' & '.join(cells)} \\\\\n" for cells in rows)
    return (
        "\\begin{table}\n  \\centering\n"
        f"  \\caption{{{caption}}}\n  \\begin{{tabular}}{{{columns}}}\n    \\toprule\n"
        f"    {' & '.join(head)} \\\\\n    \\midrule\n{body}    \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}\n"
    )
