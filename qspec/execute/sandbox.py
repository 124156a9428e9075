"""Runs a command of this program in a process with limits, so that what kills that process is a sentence in this one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import qspec
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.machine import memory

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a process may use: bytes of memory, seconds of processor time, and bytes of one file it writes."""

    memory: int
    seconds: int
    file_size: int = 16 * _GIB

    @property
    def elapsed(self) -> int:
        """Seconds after which it is ended, whatever it used: what waits for ever uses no processor time."""
        return 4 * self.seconds + 60

    @classmethod
    def of(cls, memory_gib: float | None, seconds: int | None, file_gib: float | None = None) -> Sandbox:
        """The limits asked for; unless they are, three quarters of the machine's memory, one hour, and 16 GiB a file."""
        most = memory() or 8 * _GIB
        return cls(
            int(memory_gib * _GIB) if memory_gib else most * 3 // 4,
            seconds or 3600,
            int(file_gib * _GIB) if file_gib else 16 * _GIB,
        )


def run_sandboxed(arguments: Sequence[str], limits: Sandbox, what: str) -> int:
    """Run `qspec ARGUMENTS…` under limits and return its exit status; its streams are this process's.

    Raises `QSpecError`, which names `what` was run, when the process is killed; `NotExecutableError` where the system
    has no such limits.
    """
    package = str(Path(next(iter(qspec.__path__))).parent)
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH")) if part)
    command = [sys.executable, "-P", "-m", "qspec", *arguments]
    return run_limited(command, limits, what, {**os.environ, "PYTHONPATH": path})


def run_limited(
    command: Sequence[str], limits: Sandbox, what: str, environment: dict[str, str] | None = None
) -> int:
    """Run a command under limits, as `run_sandboxed` does."""
    sys.stdout.flush()
    # In a group of its own, so that what it started ends with it.
    with subprocess.Popen(command, env=environment, preexec_fn=_limiting(limits), process_group=0) as child:
        try:
            status = child.wait(limits.elapsed)
        except subprocess.TimeoutExpired:
            raise QSpecError(
                f"{what} was ended in the sandbox after {limits.elapsed:,} s, in which it used less than its "
                f"{limits.seconds:,} s of processor time.",
                hint="it waits for something, or the machine is very busy; allow more with --sandbox-seconds",
            ) from None
        except KeyboardInterrupt:
            os.killpg(child.pid, signal.SIGINT)  # it says so itself
            child.wait()
            raise
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
    if status < 0:
        raise _killed(-status, limits, what)
    return status


def _limiting(limits: Sandbox) -> Callable[[], None]:
    """What sets the limits, called in the child before anything else of it runs."""
    try:
        import resource
    except ImportError:
        raise NotExecutableError(
            "This system cannot limit what a process uses, so nothing is run in a sandbox here.",
            hint="run without --sandbox, or in a container or virtual machine with limits of its own",
        ) from None
    # Of the address space a runtime reserves far more than it uses; where data are counted apart, they are limited.
    space = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    wanted = {
        space: limits.memory,
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_CORE: 0,
    }

    def limit() -> None:
        for kind, most in wanted.items():
            _, hard = resource.getrlimit(kind)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            # Above the soft limit of processor time comes SIGXCPU, above the hard one SIGKILL.
            later = 5 if kind == resource.RLIMIT_CPU else 0
            resource.setrlimit(kind, (most, most + later if hard == resource.RLIM_INFINITY else hard))

    return limit


def _killed(number: int, limits: Sandbox, what: str) -> QSpecError:
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    if name == "SIGXCPU":
        return QSpecError(
            f"{what} used more than the {limits.seconds:,} s of processor time it may have in the sandbox.",
            hint="allow more with --sandbox-seconds, or look at the model: it may loop without end",
        )
    if name == "SIGKILL":
        return QSpecError(
            f"{what} was killed in the sandbox: it used up its {limits.seconds:,} s, or the machine had no memory left.",
            hint="take a smaller batch or model, or allow less with --sandbox-memory, so that it ends in a sentence",
        )
    return QSpecError(
        f"{what} crashed the runtime ({name}) in the sandbox; nothing was written.",
        hint="the model may be damaged or hostile: export it again, try --provider or another version of the runtime",
    )
