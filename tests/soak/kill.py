"""Kill a run at random moments and run again: the record must be that of a run that nothing disturbed.

`make soak`, or `python tests/soak/kill.py --kills 20 --seed 0`. The quickstart is executed by the command line in a process
of its own, with an empty cache each time; SIGKILL falls at a moment drawn from the time an undisturbed run takes. Then the
same command runs to its end, over whatever was left. Its record, and the spec with its measured block, must be the
undisturbed one's byte for byte, but for what a clock or a meter says: those fields are cut out of both by their names.
Nothing half-written may be left beside the spec, and every entry of the cache must be whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPECS = Path(__file__).resolve().parents[2] / "specs"
CLAIM = "under-one-point"

TIMED = frozenset({"throughput", "latency", "energy", "power", "memory"})
"""Quantities that a clock or a meter measures: their results and verdicts differ from run to run."""
OF_TIME = frozenset({"at", "activity", "timings", "content-digest", "spec-sha256", "outcome", "exit"})
"""Fields that hold a time or how busy the machine is, a digest over one, or an outcome that a timed assertion may sway."""


@dataclass(frozen=True)
class Run:
    """One folder with the spec, and the cache that its runs share."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, *, timed: bool = True) -> Run:
        """A copy of the quickstart in a new folder; without its load where times are of no interest."""
        folder.mkdir(parents=True)
        for name in ("data", "models"):
            shutil.copytree(SPECS / name, folder / name)
        text = (SPECS / "quickstart.qspec").read_text(encoding="utf-8")
        if not timed:
            text = "".join(
                line
                for line in text.splitlines(keepends=True)
                if not line.lstrip().startswith(("load ", "throughput "))
            )
        (folder / "spec.qspec").write_text(text, encoding="utf-8")
        return cls(folder)

    def start(self) -> subprocess.Popen[bytes]:
        """The command, in a process of its own and the leader of its group."""
        command = [sys.executable, "-m", "qspec.cli", "execute", "spec.qspec", "--quiet", "--timing", "quick"]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, "QSPEC_CACHE": str(self.folder / "cache")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self) -> None:
        """Run to the end; raises where the command says that something was wrong."""
        process = self.start()
        _, errors = process.communicate()
        if process.returncode not in (0, 1, 3):
            raise AssertionError(f"The run ended with {process.returncode}: {errors.decode()}")

    def kill_after(self, seconds: float) -> bool:
        """Start, and kill the process and its children after so long; False where it had ended by then."""
        process = self.start()
        try:
            process.wait(seconds)
            return False
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return True
        finally:
            process.communicate()

    def record(self) -> str:
        """The record without what a clock said, as text."""
        return json.dumps(timeless(json.loads((self.folder / "spec.record.json").read_bytes())), indent=1)

    def spec(self) -> bytes:
        """The spec outside its measured block, which the record holds too."""
        text = (self.folder / "spec.qspec").read_bytes()
        start = text.index(b"  measured {")
        return text[:start] + text[text.index(b"\n  }\n", start) :]

    def faults(self, other: Run) -> list[str]:
        """What sets this run apart from one that nothing disturbed."""
        found = []
        if self.record() != other.record():
            found.append(f"the record differs, first at {_difference(self.record(), other.record())}")
        if self.spec() != other.spec():
            found.append("the spec differs outside its measured block")
        left = sorted(p.name for p in self.folder.iterdir())
        if left != sorted(p.name for p in other.folder.iterdir()):
            found.append(f"the folder holds {', '.join(left)}")
        from qspec.execute.store import Store

        if damaged := Store(self.folder / "cache").verify():
            found.append(f"{len(damaged)} entries of the cache are damaged")
        return found


def timeless(value: Any) -> Any:
    """A record without its times: fields that hold one, and results and verdicts about what is timed."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in OF_TIME and not _timed(key)}
    if isinstance(value, list):
        return [timeless(item) for item in value if not _is_timed_result(item) and not _is_timed_note(item)]
    return value


def _timed(label: str) -> bool:
    return any(label.startswith(quantity) for quantity in TIMED) and any(sign in label for sign in "<>")


def _is_timed_result(item: Any) -> bool:
    quantity = item.get("quantity") if isinstance(item, dict) else None
    return isinstance(quantity, dict) and quantity.get("name") in TIMED


def _is_timed_note(item: Any) -> bool:
    return isinstance(item, str) and any(word in item for word in ("timings", "busy", "load average", "CPU"))


def _difference(one: str, other: str) -> str:
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"{a.strip()!r} beside {b.strip()!r}" for a, b in lines if a != b), "the end")


def soak(folder: Path, kills: int, seed: int, *, timed: bool = True) -> list[str]:
    """The faults of so many killed runs, each finished by a second one, beside an undisturbed run."""
    calm = Run.at(folder / "calm", timed=timed)
    started = time.monotonic()
    calm.finish()
    lasting = time.monotonic() - started
    moments, faults = random.Random(seed), []
    for number in range(kills):
        run = Run.at(folder / f"killed-{number}", timed=timed)
        after = moments.uniform(0.0, lasting)
        killed = run.kill_after(after)
        run.finish()
        found = run.faults(calm)
        said = "; ".join(found) or "the same record"
        print(
            f"{number + 1:3d}: {'killed' if killed else 'over'} after {after:.2f} of {lasting:.2f} s: {said}"
        )
        faults += [f"kill {number + 1} after {after:.2f} s: {fault}" for fault in found]
        shutil.rmtree(run.folder)
    return faults


def main() -> int:
    """Print each kill; exit with 1 where a record differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        faults = soak(Path(folder), given.kills, given.seed)
    print(f"{given.kills} kills, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
