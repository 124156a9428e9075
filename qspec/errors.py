"""The errors a user can meet: every one a sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from qspec.lang.diagnostic import Diagnostic
    from qspec.lang.source import Source, Span


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, as people count: line and column start at one."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


class QSpecError(Exception):
    """Misuse or unreadable input: ends a command with exit status 2 and one sentence, never a traceback.

    `message` says what is wrong, `place` where, `hint` what to do about it. `rule` is the code of the checker's rule
    that it breaks, where there is one: `qspec explain CODE` tells more.
    """

    exit_code = 2
    spot: tuple[Source, Span] | None = None
    """The characters of a document that asked for what failed, where some did."""

    def __init__(
        self, message: str, *, place: Place | None = None, hint: str | None = None, rule: str | None = None
    ) -> None:
        self.message, self.place, self.hint, self.rule = message, place, hint, rule
        super().__init__(message)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        rule = f"{self.rule}: " if self.rule else ""
        hint = f"\n  help: {self.hint}" if self.hint else ""
        return f"{where}{rule}{self.message}{hint}"


@contextmanager
def breaking(rule: str) -> Iterator[None]:
    """Give errors that name no rule the code of the one that they break."""
    try:
        yield
    except QSpecError as error:
        error.rule = error.rule or rule
        raise


class SpecSyntaxError(QSpecError):
    """A document that does not parse; `diagnostics` holds every error found, each with its place."""

    def __init__(self, diagnostics: list[Diagnostic], *, place: Place | None = None) -> None:
        self.diagnostics = diagnostics
        first = diagnostics[0]
        more = f" (and {len(diagnostics) - 1} more)" if len(diagnostics) > 1 else ""
        super().__init__(first.message + more, place=place, hint=first.help)


class LimitError(QSpecError):
    """An input over one of the caps that keep hostile files harmless; the message names the cap."""

    @classmethod
    def over(cls, cap: str, most: int, what: str, *, place: Place | None = None) -> LimitError:
        """The error for `what` (a sentence's beginning, such as `The file holds`) being over `most`."""
        return cls(
            f"{what}, over the cap {cap} of {most:,}.",
            place=place,
            hint=f"if you trust it, raise the cap: {LIMITS_VARIABLE}={cap}=NUMBER in the environment",
        )


def one_line(error: BaseException, most: int = 200) -> str:
    """What an error of a library says, on one line of at most so many characters, without its full stop; else its kind."""
    return " ".join(str(error).split())[:most].rstrip(".") or type(error).__name__


LIMITS_VARIABLE = "QSPEC_LIMITS"
"""Environment variable that raises caps: `decompressed-bytes=32_000_000_000 tokens=200_000`."""


def cap(name: str, usual: int) -> int:
    """The value of a cap: `usual`, unless the environment gives another; raises `QSpecError` for what is no number."""
    for part in re.split(r"[\s,]+", os.environ.get(LIMITS_VARIABLE, "")):
        key, _, value = part.partition("=")
        if key == name:
            if not re.fullmatch(r"[0-9_]{1,24}", value) or not value.strip("_"):
                raise QSpecError(
                    f"{LIMITS_VARIABLE} gives the cap {name} the value {value!r}.", hint="give a whole number"
                )
            return int(value.replace("_", ""))
    return usual


def worst_exit(codes: Collection[int]) -> int:
    """The exit status of several together: 2 (misuse) goes before 1 (refuted), and both before 3 (undecided)."""
    return next((code for code in (2, 1, 3) if code in codes), 0)


class NotExecutableError(QSpecError):
    """Something that was declared cannot be run here: a missing package, provider or licence to run code."""

    exit_code = 3


class ProviderMissingError(NotExecutableError):
    """A provider, asked for by name, that this machine's runtime does not hold: misuse, so that the exit is 2."""

    exit_code = 2


def runtime_message(error: Exception) -> str:
    """What the runtime said, without its error codes and source places, on one line."""
    text = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error))
    text = re.sub(r"/\S+?\.(?:cc|h|cpp):\d+\s*", "", text)
    return " ".join(text.split())[:600].rstrip(".")
