"""Runs one model in a process of its own: for its peak memory, and for latencies that owe nothing to this process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import qspec
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.arrays import load_arrays, save_arrays
from qspec.execute.arrivals import Clock, in_a_row, poisson_arrivals, serve
from qspec.execute.memory import device_memory, peak_memory, resident_memory
from qspec.execute.sessions import Arrays, Session, open_session
from qspec.execute.timings import Seconds

_REQUEST, _INPUTS, _RESULT, _TIMES = "request.json", "inputs.npz", "result.json", "times.npz"


@dataclass(frozen=True, slots=True)
class Alone:
    """One run in a process of its own.

    `seconds`: each call, in order, shape (calls,). In bytes: `peak`, the most resident memory; `before`, what was
    resident before the model was loaded, so that `peak - before` is the model's and the runtime's own; `device`,
    device memory in use by the process. None where the system does not tell. `stretch` is wall over CPU time of the
    calls: on one thread, what is above 1 was spent waiting for a processor.
    """

    seconds: Seconds
    peak: int | None
    before: int | None
    device: int | None
    stretch: float | None = None


def run_alone(
    session: Session,
    feeds: Arrays,
    *,
    calls: int = 20,
    warm_up: int = 5,
    rate: float | None = None,
    seed: int = 0,
    most_seconds: float = 600,
) -> Alone:
    """Open the session's model again, with the same settings, in a new process, and call it `calls` times.

    With a `rate`, calls arrive at random times, that many a second, and times are from arrival to answer. Raises
    QSpecError when that process fails, runs out of memory or takes longer than `most_seconds`.
    """
    if calls < 1:
        raise QSpecError(f"A model must be called at least once to be measured, not {calls} times.")
    request = {
        "model": str(session.path.resolve()),
        "settings": session.settings,
        "calls": calls,
        "warm_up": warm_up,
        "rate": rate,
        "seed": seed,
    }
    with tempfile.TemporaryDirectory(prefix="qspec-") as name:
        folder = Path(name)
        (folder / _REQUEST).write_text(json.dumps(request), encoding="utf-8")
        save_arrays(folder / _INPUTS, feeds)
        _start(folder, session.path.name, most_seconds)
        result = json.loads((folder / _RESULT).read_text(encoding="utf-8"))
        if "error" in result:
            kind = NotExecutableError if result["exit_code"] == NotExecutableError.exit_code else QSpecError
            raise kind(result["error"], hint=result["hint"])
        seconds = load_arrays(folder / _TIMES)["seconds"]
    return Alone(seconds, result["peak"], result["before"], result["device"], result["stretch"])


def latency_rounds(
    session: Session, feeds: Arrays, *, rounds: int = 10, calls: int = 662, most_seconds: float = 600
) -> list[Seconds]:
    """Call times of `rounds` processes, one after another: what an absolute latency percentile is decided on."""
    return [run_alone(session, feeds, calls=calls, most_seconds=most_seconds).seconds for _ in range(rounds)]


def _start(folder: Path, model: str, most_seconds: float) -> None:
    # The package's own folder goes first on the path, and the working directory (-P) not at all.
    package = str(Path(next(iter(qspec.__path__))).parent)
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH")) if part)
    command = [sys.executable, "-P", "-m", "qspec.execute.alone", str(folder)]
    try:
        child = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=most_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise QSpecError(
            f"The model {model} did not finish within {most_seconds:g} s in a process of its own.",
            hint="allow more time, or ask for fewer calls",
        ) from error
    if child.returncode < 0:
        raise QSpecError(
            f"The process that ran {model} alone was killed by signal {-child.returncode}.",
            hint="it may have needed more memory than there is: take a smaller batch",
        )
    if child.returncode != 0 or not (folder / _RESULT).is_file():
        last = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise QSpecError(f"The process that ran {model} alone failed: {last or 'it said nothing'}.")


def _serve(folder: Path) -> dict[str, Any]:
    """What the child does: open, warm up, call, and say what it took."""
    request = json.loads((folder / _REQUEST).read_text(encoding="utf-8"))
    settings, feeds = request["settings"], load_arrays(folder / _INPUTS)
    before = resident_memory()
    session = open_session(
        Path(request["model"]),
        provider=settings["provider"],
        threads=settings["threads"],
        inter_threads=settings["inter_threads"],
        graph_optimization=settings["graph_optimization"],
        options={**settings["options"], **settings["session_options"]},
    )
    call = session.prepare(feeds)
    for _ in range(request["warm_up"]):
        call()
    if request["rate"] is not None:
        generator = np.random.default_rng(request["seed"])
        arrivals = poisson_arrivals(request["rate"], request["calls"], generator)
        latencies, wall, cpu = serve(call, arrivals, Clock())
        times = array("d", latencies)
    else:
        row = in_a_row(
            call, request["calls"], Clock(), session.timer.seconds if session.timer is not None else None
        )
        times, wall, cpu = row.seconds, row.wall, row.cpu
    device = None
    if session.timer is not None:
        # The driver counts the process's own memory, where it can tell processes apart; else all that is in use.
        device = device_memory() or session.timer.memory()
    save_arrays(folder / _TIMES, {"seconds": np.array(times)})
    stretch = wall / cpu if cpu > 0 else None
    return {"peak": peak_memory(), "before": before, "device": device, "stretch": stretch}


def _main(folder: Path) -> None:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            result = _serve(folder)
    except QSpecError as error:
        result = {"error": error.message, "hint": error.hint, "exit_code": error.exit_code}
    (folder / _RESULT).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
