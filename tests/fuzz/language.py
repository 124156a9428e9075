"""The long run of the language's properties: `make fuzz`.

100,000 generated documents are kept by every form of the language, and 100,000 mutations of real ones are read or
refused by a sentence. No text may take a second of processor time, or bring its process to 200 MB.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import FrameType

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lang"))

from mutate import mutated
from properties import is_kept, read_or_refused, survives
from strategies import documents

from qspec.lang.load import load_one
from qspec.lang.source import Source, read_source
from qspec.lang.twin import Format, write_twin
from qspec.lang.write import write_document
from qspec.model.document import Document

TESTS = Path(__file__).resolve().parents[1]
MOST_SECONDS = 1.0
MOST_BYTES = 200_000_000
BATCH = 1_000


@dataclass
class Worst:
    """What the costliest text of a run took: seconds of processor time, and the peak of its whole process in bytes."""

    seconds: float = 0.0
    memory: int = 0

    @contextmanager
    def within_limits(self, text: str) -> Iterator[None]:
        """Fail where reading takes too long, in the midst of it, or too much memory."""
        start = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        self.seconds = max(self.seconds, time.process_time() - start)
        self.memory = max(self.memory, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        assert self.memory <= MOST_BYTES, f"{self.memory / 1e6:.0f} MB after a text of {len(text)} characters"


def _too_long(number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"a text took more than {MOST_SECONDS} s of processor time")


def real_documents() -> list[Source]:
    """Every specification of the repository, whoever wrote it."""
    paths = [*(TESTS.parent / "specs").rglob("*.qspec"), *TESTS.rglob("*.qspec")]
    return [read_source(path) for path in sorted(paths)]


def generated(number: int, examples: int) -> Worst:
    """One batch of documents out of nothing, each taken through the language and a twin, and mutated."""
    worst = Worst()

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],
    )
    @given(documents, st.integers(0, 2**32))
    def one(document: Document, accident: int) -> None:
        text = write_document(document)
        with worst.within_limits(text):
            is_kept(document, ("yaml",) if accident % 10 == 0 else ("json",))
        if accident % 4 == 0:
            broken = mutated(text, random.Random(accident))
            with worst.within_limits(broken):
                survives(broken)

    one()
    return worst


def accidents(number: int, examples: int) -> Worst:
    """One batch of real documents after small accidents; every twentieth is a twin of one."""
    worst, rng, sources = Worst(), random.Random(number), real_documents()
    for turn in range(examples):
        source = rng.choice(sources)
        form: Format | None = rng.choice(("json", "yaml")) if turn % 20 == 0 else None
        text = mutated(write_twin(load_one(source).document, form) if form else source.text, rng)
        try:
            with worst.within_limits(text):
                if form:
                    read_or_refused(f"x.{form}", text)
                else:
                    survives(text)
        except BaseException as error:
            error.add_note(f"{source.path}, after its accident:\n{text}")
            raise
    return worst


def batch(kind: str, number: int, examples: int) -> tuple[Worst, str]:
    """One batch in a process of its own, and what went wrong in it."""
    import traceback

    signal.signal(signal.SIGPROF, _too_long)
    try:
        return (generated if kind == "generated" else accidents)(number, examples), ""
    except Exception:
        return Worst(), traceback.format_exc()


def main() -> int:
    """Run batches, say how many texts were tried and what the costliest took; exit 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000, help="how many of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many batches at once")
    chosen = parser.parse_args()
    began, done, failed, worst = time.monotonic(), {"generated": 0, "mutated": 0}, 0, Worst()
    sizes = [min(BATCH, chosen.documents - start) for start in range(0, chosen.documents, BATCH)]
    jobs = [(kind, chosen.seed + n, size) for n, size in enumerate(sizes) for kind in done]
    with ProcessPoolExecutor(chosen.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for (kind, number, size), (read, problem) in zip(
            jobs, pool.map(batch, *zip(*jobs, strict=True)), strict=True
        ):
            done[kind] += size
            worst = Worst(max(worst.seconds, read.seconds), max(worst.memory, read.memory))
            if problem:
                failed += 1
                print(f"{kind} batch {number} failed:\n{problem}", flush=True)
            print(
                f"{done['generated']:,} documents and {done['mutated']:,} mutations in {time.monotonic() - began:.0f} s; "
                f"at most {worst.seconds:.2f} s of processor time and {worst.memory / 1e6:.0f} MB",
                flush=True,
            )
    print(f"{failed} of {len(jobs)} batches failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
