"""The arguments of a command as they would be given again, to another process."""

from __future__ import annotations

import click


def arguments_again(context: click.Context, *, without: tuple[str, ...] = ()) -> list[str]:
    """The command and every argument it was given, spelled out, but for the parameters named in `without`."""
    options: list[str] = []
    operands: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        if name in without or value is None or value is False:
            continue
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(parameter, click.Argument):
            operands += [str(one) for one in values]
        elif isinstance(parameter, click.Option):
            for one in values:
                options += [parameter.opts[0]] if parameter.is_flag else [parameter.opts[0], str(one)]
    return [context.command.name or "", *options, "--", *operands]
