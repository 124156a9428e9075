"""Runs cases in child processes with limits, so that a crash, a hang or a bomb is a finding and not the end of the run."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import random
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from qspec.cli import main
from qspec.errors import QSpecError

GIB, MIB = 1 << 30, 1 << 20
BATCH = 50
"""Cases that one child runs before another takes its place."""
SECONDS = 20
"""Processor seconds that a case may take; what goes beyond is a finding."""
SILENCE = 300
"""Seconds without a word after which a child hangs, however busy the machine is."""
MEMORY = 2 * GIB
CAPS = "file-bytes=67108864 decompressed-bytes=67108864 text-bytes=67108864 rows=1000000 nodes=20000"
"""So that memory is a question of the caps: what needs more than `MEMORY` in spite of them is a finding."""
OBEYED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

Act = tuple[str, ...] | Callable[[Path], object]
"""Arguments of a command, run in the folder of the case; or a function of that folder, which may refuse."""


@dataclass
class Case:
    """Files of a folder, and what is done with them."""

    files: dict[str, bytes]
    acts: list[Act]
    extra: Callable[[Path], object] = field(default=lambda folder: None)
    """What else is laid into the folder, such as links."""


Target = Callable[[random.Random], Case]


@dataclass(frozen=True)
class Finding:
    """A case that did not end as every case must."""

    target: str
    seed: int
    number: int
    what: str

    def __str__(self) -> str:
        again = f"python tests/fuzz/run.py --only {self.target} --seed {self.seed} --case {self.number}"
        return f"{self.target}, case {self.number}: {self.what}\n  again: {again}"


class TooSlowError(BaseException):
    """A case used more processor time than it may; no handler of exceptions catches it."""


def make(target: Target, name: str, seed: int, number: int) -> Case:
    """The case of that number, always the same one."""
    return target(random.Random(f"{name} {seed} {number}"))


def run_cases(
    target: Target,
    name: str,
    seed: int,
    *,
    seconds: float | None = None,
    cases: int | None = None,
    first: int = 0,
) -> tuple[int, list[Finding]]:
    """Run cases until the time is over or their number is reached; how many were run, and the findings."""
    findings: list[Finding] = []
    ends = time.monotonic() + seconds if seconds is not None else float("inf")
    last = first + cases if cases is not None else sys.maxsize
    number = first
    with tempfile.TemporaryDirectory(prefix="qspec-fuzz-") as place:
        while number < last and time.monotonic() < ends:
            batch = range(number, min(number + BATCH, last))
            for done, what in _child(target, name, seed, batch, Path(place)):
                number = done + 1
                if what is not None:
                    findings.append(Finding(name, seed, done, what))
                    print(findings[-1], file=sys.stderr, flush=True)
    return number - first, findings


def _child(
    target: Target, name: str, seed: int, batch: range, place: Path
) -> Iterator[tuple[int, str | None]]:
    """The cases of a batch that were run, each with what was found; one that killed the child is the last."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        code = 1
        try:
            _work(target, name, seed, batch, place, theirs)
            code = 0
        finally:
            os._exit(code)
    os.close(theirs)
    current, text = batch.start, b""
    with open(ours, "rb", buffering=0) as stream:  # noqa: PTH123
        while True:
            ready, _, _ = select.select([stream], [], [], SILENCE)
            piece = stream.read(65536) if ready else None
            if piece is None:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                yield current, f"said nothing for {SILENCE} seconds"
                return
            if not piece:
                break
            *lines, text = (text + piece).split(b"\n")
            for line in lines:
                said = json.loads(line)
                current = said["case"]
                if said["done"]:
                    yield current, said["what"]
                    current += 1
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        yield (
            current,
            f"killed by {signal.Signals(-code).name}" if code < 0 else f"the child ended with {code}",
        )


def _work(target: Target, name: str, seed: int, batch: range, place: Path, pipe: int) -> None:
    def say(**what: object) -> None:
        os.write(pipe, json.dumps(what).encode() + b"\n")

    def too_slow(*_: object) -> None:
        raise TooSlowError

    faulthandler.disable()  # a crash is told by its signal
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):  # where processes in a sandbox write, and libraries by themselves
        os.dup2(os.open(place / "streams", os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    os.environ.update(QSPEC_CACHE=str(place / "cache"), QSPEC_DEBUG="1", QSPEC_LIMITS=CAPS)
    size = int(re.search(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, too_slow)
    outside = place / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "secret").write_text("secret")
    for number in batch:
        say(case=number, done=False)
        folder = place / "case"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        case = make(target, name, seed, number)
        what = None
        try:
            lay(case, folder)
            os.chdir(folder)
            os.truncate(place / "streams", 0)
            for act in case.acts:
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                what = perform(act, folder, place / "streams")
                signal.setitimer(signal.ITIMER_PROF, 0)
                if what is not None:
                    what = f"{act if isinstance(act, tuple) else act.__name__}: {what}"
                    break
        except TooSlowError:
            what = f"{act}: used more than {SECONDS} s of processor time"
        except BaseException:
            what = f"{act}: {traceback.format_exc()[-3000:]}"
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            os.chdir("/")
        if what is None and sorted(path.name for path in outside.iterdir()) != ["secret"]:
            what = "something was written outside the folder"
        say(case=number, done=True, what=what)


def lay(case: Case, folder: Path) -> None:
    """Write the files of a case."""
    for name, data in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    case.extra(folder)


def perform(act: Act, folder: Path, streams: Path | None = None) -> str | None:
    """Do it; what is wrong with how it ended, or None. Anything but a refusal is raised.

    `streams` is the file that other processes write to.
    """
    if not isinstance(act, tuple):
        try:
            act(folder)
        except QSpecError as error:
            return (
                None
                if error.message.rstrip("`\"'").endswith((".", "?", ")"))
                else f"no sentence: {error.message!r}"
            )
        return None
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(list(act))
        except SystemExit as ended:
            code = int(ended.code or 0)
    said = out.getvalue() + err.getvalue()
    others = streams.read_text(encoding="utf-8", errors="replace") if streams is not None else ""
    if "Traceback (most recent call last)" in others:
        return others[-3000:]
    if code not in {0, 1, 2, 3}:
        return f"exit {code}"
    if "too little memory" in said:
        return "memory ran out in spite of the caps"
    if obeyed := OBEYED.search(said):
        return f"printed U+{ord(obeyed[0]):04X}"
    if code == 2 and not (said + others).strip():
        return "refused without a word"
    return None
