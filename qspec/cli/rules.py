"""`qspec rules`: the rules of the checker, by family and profile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from qspec.cli import _inputs, command
from qspec.errors import QSpecError

if TYPE_CHECKING:
    from qspec.checks.rule import Rule

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@command("rules", example="qspec rules --family QS3")
@click.option("--family", metavar="CODE", help="Only codes that begin so, for example QS4.")
@click.option("--axis", metavar="NAME", help="Only rules that speak of this axis.")
@click.option("--profile", metavar="NAME", help="Only rules that are on under this profile.")
@click.option("--fixable", is_flag=True, help="Only rules that offer a fix.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="A list, or data.")
def rules(
    family: str | None, axis: str | None, profile: str | None, fixable: bool, output_format: str
) -> int:
    """List the rules of the checker: code, name, severity, fix, and what each finds.

    `qspec explain CODE` says more of one.
    """
    from qspec.checks.axis import AXES
    from qspec.checks.rules import registry
    from qspec.checks.settings import PROFILES, Settings

    if profile is not None and profile not in PROFILES:
        raise QSpecError(f"There is no profile `{profile}`.", hint=f"profiles are {', '.join(PROFILES)}")
    name = axis.replace("-", "_") if axis is not None else None
    if name is not None and name not in AXES:
        raise QSpecError(f"There is no axis `{axis}`.", hint=f"axes are {', '.join(AXES)}")
    settings = Settings()
    found = [
        rule
        for rule in registry
        if (family is None or rule.code.startswith(family.upper()))
        and (name is None or name in rule.axes)
        and (profile is None or settings.is_on(rule, profile))
        and (rule.fix or not fixable)
    ]
    if family is not None and not found and not any(r.code.startswith(family.upper()) for r in registry):
        raise QSpecError(f"No rule has a code that begins with `{family}`.", hint="families are QS0 to QS9")
    if output_format == "json":
        click.echo(json.dumps({"rules": [_data(rule) for rule in found]}, indent=2, ensure_ascii=False))
        return 0
    _print(found)
    return 0


def _data(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "title": rule.title,
        "severity": rule.severity.value,
        "axes": list(rule.axes),
        "profiles": list(rule.profiles),
        "fix": rule.fix,
        "gap": rule.gap,
        "aliases": list(rule.aliases),
        "url": rule.url,
    }


def _print(found: list[Rule]) -> None:
    colour = _inputs.colour()
    width = max((len(rule.name) for rule in found), default=0)
    for rule in found:
        severity = click.style(f"{rule.severity.value:<7}", fg=_COLOURS[rule.severity.value])
        fix = {"safe": "fix ", "unsafe": "fix!"}.get(rule.fix or "", "    ")
        click.echo(f"{rule.code}  {severity}  {fix}  {rule.name:<{width}}  {rule.title}", color=colour)
