"""The long run of the language's properties: `make fuzz` (100,000 documents and as many accidents)."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "lang"))

from mutate import mutated
from properties import is_kept, read_or_refused, survives
from strategies import documents

from qspec.lang.twin import write_twin
from qspec.lang.write import write_document
from qspec.model.document import Document


def run(number: int, examples: int) -> None:
    """One batch of documents, each kept, mutated, and mutated as a twin."""

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
        rng = random.Random(accident)
        is_kept(document, ("yaml",) if accident % 10 == 0 else ("json",))
        survives(mutated(write_document(document), rng))
        if accident % 20 == 0:
            read_or_refused("x.json", mutated(write_twin(document, "json"), rng))
            read_or_refused("x.yaml", mutated(write_twin(document, "yaml"), rng))

    one()


def main() -> None:
    """Run batches and say how many texts were tried."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--documents", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=0)
    given_arguments = arguments.parse_args()
    batch, began = 1_000, time.monotonic()
    for number in range(max(given_arguments.documents // batch, 1)):
        run(given_arguments.seed + number, batch)
        done = (number + 1) * batch
        print(f"{done:,} documents and {done:,} accidents in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
