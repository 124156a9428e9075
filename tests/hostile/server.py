"""Forks a process for every attack, with limits of its own, so that no attack pays for importing a runtime again.

Reads one JSON object a line: `arguments`, `folder`, `memory` (bytes above what is imported) and `seconds`. Answers with
`code` (negative for a signal), `seconds` of processor time and the `peak` of memory above what was imported.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from pathlib import Path

import qspec.execute.run
import qspec.execute.tasks.classification  # noqa: F401
from qspec.checks.rules import registry
from qspec.cli import main
from qspec.cli import registry as commands
from qspec.lang.load import load_one
from qspec.lang.source import Source


def _status(field: str) -> int:
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(field))


def _child(order: dict) -> None:
    os.chdir(order["folder"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{order['streams']}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(order["environment"])
    most = _status("VmSize") + order["memory"]
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(order["arguments"])


def _attack(order: dict) -> dict:
    before = _status("VmRSS")
    child = os.fork()
    if child == 0:
        code = 70
        try:
            signal.alarm(4 * order["seconds"])  # what sleeps uses no processor time
            _child(order)
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": used.ru_utime + used.ru_stime,
        "peak": max(0, used.ru_maxrss * 1024 - before),
    }


if __name__ == "__main__":
    for table in (registry, commands):
        for name in table.names():
            table.get(name)
    load_one(Source("warm.qspec", "qspec 1\nclaim a { }\n"))
    for line in sys.stdin:
        print(json.dumps(_attack(json.loads(line))), flush=True)
