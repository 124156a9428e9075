"""What the rules of missing axes share: the finding for an axis, or a part of one, that is not stated."""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Edit, Fix, Severity
from qspec.lang.source import Span


def gap(
    claim: ClaimView,
    axis: str,
    *,
    asks: str,
    template: str | None = None,
    part: str | None = None,
    severity: Severity | None = None,
) -> Iterator[Finding]:
    """The finding for an axis that is missing, unstated or vague; `asks` is the question left to the reader.

    `template` is a line to add to the executor, offered as an unsafe fix in a comment where the axis is missing.
    """
    found = claim.axes[axis]
    state = found.parts.get(part, found.state) if part else found.state
    if state in {"stated", "not-applicable"} or found.origin is None:
        return
    name = f"`{axis}`" + (f" ({part})" if part else "")
    if state == "missing":
        message = f"{name} is not mentioned: {found.why or asks}"
    elif state == "unstated":
        message = f"{name} is unstated in the source: {asks}"
    else:
        message = f"{name} is vague: {found.why or asks}"
    if not message.endswith("?"):
        message += "."
    fixes: tuple[Fix, ...] = ()
    here = claim.executor is not None and claim.executor.origin.loaded is claim.origin.loaded
    if state == "missing" and template and here:  # an edit is made in the file of the claim
        fixes = (_template(claim, axis, template),)
    yield Finding(message, found.origin, help=template, fixes=fixes, severity=severity)


def _template(claim: ClaimView, axis: str, template: str) -> Fix:
    """An edit that adds the line, as a comment, to the executor; above it where it stands on one line."""
    assert claim.executor is not None
    origin = claim.executor.origin
    source, start = origin.loaded.source, origin.span.start
    at = source.text.find("{", start) + 1
    line, column = source.position(start)
    margin = source.line(line)[: len(source.line(line)) - len(source.line(line).lstrip())]
    title = f"Add `{axis.replace('_', '-')}` as a comment to fill in"
    behind = source.text[at : source.text.find("\n", at) if "\n" in source.text[at:] else None].lstrip()
    if behind and not behind.startswith("#"):  # a comment there would swallow the rest of the line
        above = start - column + 1
        return Fix(title, (Edit(Span(above, above), f"{margin}# {template}\n"),))
    return Fix(title, (Edit(Span(at, at), f"\n{margin}  # {template}"),))
