"""The command line: one file a command, each reading arguments, calling one function, and rendering."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from qspec._version import __version__
from qspec.cli._interrupt import watch_interrupts
from qspec.cli._stream import harmless_streams
from qspec.errors import QSpecError
from qspec.registry import Registry

EXIT_ERROR, EXIT_INTERRUPTED = 2, 130

registry: Registry[click.Command] = Registry(
    "command", "qspec.cli", title=lambda command: command.get_short_help_str(limit=120)
)


def command(name: str, *, example: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Decorator that makes a function a command; its docstring is the help, and `example` closes it."""

    def wrap(function: Callable[..., Any]) -> click.Command:
        made = click.command(name, epilog=f"Example: {example}")(function)
        return registry.register(name, module=function.__module__)(made)

    return wrap


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; their one-line help comes from a table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return registry.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        return registry.get(cmd_name) if cmd_name in registry else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; an unknown one is answered with the nearest."""
        name = args[0]
        if name not in registry and not name.startswith("-"):
            near = registry.suggest(name)
            hint = f" Did you mean `qspec {near}`?" if near else " See `qspec --help`."
            raise click.UsageError(f"There is no command `{name}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(registry.titles().items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean or as expected, 1 findings or refuted, 2 misuse or broken input, 3 undecided.",
)
@click.version_option(__version__, prog_name="qspec", message="%(prog)s %(version)s")
def group() -> None:
    """Write, check and execute accuracy claims about quantized models.

    A claim is written in a .qspec file. `qspec check` says what it leaves open; `qspec execute` runs it on this
    machine and fills in what it measured.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; every failure ends in a sentence and an exit status, never in a traceback."""
    # Plugins of pydantic's are for programs that want them; to look for some reads the metadata of all that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with harmless_streams(), watch_interrupts() as interrupted:
        status = _run(arguments, interrupted)
    sys.exit(status if isinstance(status, int) else 0)


def _run(arguments: list[str] | None, interrupted: Callable[[], bool]) -> Any:
    try:
        return group.main(arguments, prog_name="qspec", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except BrokenPipeError:
        # Whoever read our output has gone; closing it here keeps the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # Libraries wrap the interruption of their own work into errors of their own.
        return _interrupted() if interrupted() else _failed(error)


def _interrupted() -> int:
    click.echo("interrupted; no file is half written", err=True)
    return EXIT_INTERRUPTED


def _failed(error: Exception) -> int:
    """Tell an error in a sentence; returns the exit status."""
    if isinstance(error, QSpecError):
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return 0
    if isinstance(error, click.ClickException):
        error.show()
        return EXIT_ERROR
    if isinstance(error, MemoryError):
        click.echo("error: The machine has too little memory for this.", err=True)
        return EXIT_ERROR
    if isinstance(error, OSError) and error.strerror:
        click.echo(f"error: {error.filename or 'A file'}: {error.strerror}.", err=True)
        return EXIT_ERROR
    if os.environ.get("QSPEC_DEBUG"):
        raise error
    click.echo(
        f"error: This is a fault in qspec itself ({type(error).__name__}: {error}).\n"
        "  help: run again with QSPEC_DEBUG=1 and report what it prints",
        err=True,
    )
    return EXIT_ERROR
