"""The long run of hostile inputs: `make fuzz`. Every case must end in an answer or a sentence, in bounded time and memory."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lang"))

from arrays import arrays
from harness import Target, lay, make, perform, run_cases
from models import models
from programs import prepare as export
from programs import programs
from records import prepare as execute
from records import records
from tables import tables
from twins import twins

TARGETS: dict[str, Target] = {
    "arrays": arrays,
    "models": models,
    "programs": programs,
    "records": records,
    "tables": tables,
    "twins": twins,
}

PREPARED = {"programs": export, "records": execute}
"""What is made once for a target, before children are forked."""


def warm() -> None:
    """Import what commands import when they are called, once and not in every child."""
    import qspec.execute.run
    import qspec.execute.tasks.classification  # noqa: F401
    from qspec.checks.rules import registry as rules
    from qspec.cli import registry as commands
    from qspec.report.formats import registry as formats

    for table in (rules, commands, formats):
        for name in table.names():
            table.get(name)


def one_case(name: str, seed: int, number: int, folder: Path) -> int:
    """Lay one case into a folder and run it in this process, its output shown."""
    folder.mkdir(parents=True, exist_ok=True)
    case = make(TARGETS[name], name, seed, number)
    lay(case, folder)
    print(f"the files of the case lie in {folder}")
    os.chdir(folder)
    for act in case.acts:
        print(act, perform(act, folder) or "ended as it must")
    return 0


def main() -> int:
    """Share the time out among the targets; exit 1 when anything was found."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, help="how long to run, all targets together")
    arguments.add_argument("--cases", type=int, help="how many cases of each target")
    arguments.add_argument(
        "--only", choices=sorted(TARGETS), action="append", help="a target; may be repeated"
    )
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--case", type=int, help="one case of one target, in this process")
    arguments.add_argument(
        "--folder", type=Path, help="where --case lays its files; a new folder unless given"
    )
    given = arguments.parse_args()
    names = given.only or list(TARGETS)
    if given.case is not None:
        folder = given.folder or Path(tempfile.mkdtemp(prefix="fuzz-")) / "case"
        return one_case(names[0], given.seed, given.case, folder.resolve())
    warm()
    seconds = (given.seconds if given.seconds or given.cases else 3000.0) or None
    found = []
    for name in names:
        began = time.monotonic()
        if name in PREPARED:
            PREPARED[name]()
        share = seconds / len(names) if seconds else None
        done, findings = run_cases(TARGETS[name], name, given.seed, seconds=share, cases=given.cases)
        found += findings
        print(
            f"{name}: {done:,} cases in {time.monotonic() - began:.0f} s, {len(findings)} findings",
            flush=True,
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
