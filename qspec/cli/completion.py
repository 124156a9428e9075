"""`qspec completion`: a script with which a shell completes commands and options."""

from __future__ import annotations

import click

from qspec.cli import command, group

_VARIABLE = "_QSPEC_COMPLETE"


@command("completion", example='eval "$(qspec completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print a script that makes a shell complete commands, options and their values.

    Put the example's line into ~/.bashrc or ~/.zshrc (with zsh), or the script of fish into
    ~/.config/fish/completions/qspec.fish.
    """
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(group, {}, "qspec", _VARIABLE)
    # The base's own method: that of bash starts a shell to ask for its version.
    click.echo(ShellComplete.source(made))
    return 0
