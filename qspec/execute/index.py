"""What a run left in the store, found again by what the measured block says, so that it can be judged again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qspec import canonical
from qspec.errors import QSpecError
from qspec.execute.arrays import load_arrays
from qspec.execute.fill import Facts
from qspec.execute.judge.judge import Evidence
from qspec.execute.judge.performance import Pair
from qspec.execute.rounds import Apart
from qspec.execute.scores import Scores
from qspec.execute.store import Store
from qspec.execute.timings import Timings
from qspec.model.measured import Census, Found, Measured

_FILE = "run.json"
TIMINGS, TIMINGS_FACTS = "timings.npz", "timings.json"
APART, APART_FACTS = "apart.npz", "apart.json"


@dataclass(frozen=True)
class Remembered:
    """Everything that verdicts and a measured block are made from."""

    evidence: Evidence
    facts: Facts


def run_key(plan: str, executor: str, found: Found) -> str:
    """The key of a run: its plan, its executor, and the machine and provider it ran on."""
    return canonical.digest(
        {
            "kind": "run",
            "plan": plan,
            "executor": executor,
            "machine": found.machine,
            "provider": found.provider,
        }
    )


def remember(
    store: Store,
    key: str,
    scores: Mapping[str, str],
    timings: Mapping[str, str],
    apart: str | None,
    evidence: Evidence,
    facts: Facts,
) -> None:
    """Keep under `key` which entries hold the scores, timings and `apart`, and all that is not an array."""
    record: dict[str, Any] = {
        "scores": dict(scores),
        "timings": dict(timings),
        "size": [evidence.size.baseline, evidence.size.quantized] if evidence.size else None,
        "apart": apart,
        "elsewhere": evidence.elsewhere,
        "census": {name: census.to_json() for name, census in evidence.census.items()},
        "at": facts.at,
        "found": facts.found.to_json(),
        "quantizer": facts.quantizer,
        "artifacts": dict(facts.artifacts),
        "plan": facts.plan,
        "notes": list(facts.notes),
    }
    store.remove(key)
    store.put(key, lambda folder: _write(folder, record))


def _write(folder: Path, record: dict[str, Any]) -> None:
    (folder / _FILE).write_text(json.dumps(record, indent=1), encoding="utf-8")


def recall(store: Store, block: Measured) -> Remembered:
    """What the run behind a measured block left; raises `QSpecError` when the store no longer has it."""
    gone = QSpecError(
        "The scores behind this measured block are not in the store of this machine.",
        hint="`qspec execute` measures again; scores made elsewhere are judged with --scores",
    )
    entry = store.get(run_key(block.plan or "", block.executor_digest, block.executor))
    if entry is None:
        raise gone
    record = json.loads(entry.file(_FILE).read_text(encoding="utf-8"))
    scores, timings = {}, {}
    for name, key in record["scores"].items():
        stored = store.get(key)
        if stored is None:
            raise gone
        scores[name] = Scores.load(stored.folder)
    for name, key in record["timings"].items():
        stored = store.get(key)
        if stored is None:
            raise gone
        timings[name] = read_timings(stored.folder)
    census = {name: Census.model_validate(value) for name, value in record["census"].items()}
    apart = Apart()
    if key := record.get("apart"):
        stored = store.get(key)
        if stored is None:
            raise gone
        apart = read_apart(stored.folder)
    size = Pair(*record["size"]) if record["size"] else None
    evidence = Evidence(scores, timings, size, census, apart, record["elsewhere"])
    facts = Facts(
        record["at"],
        Found.model_validate(record["found"]),
        record["quantizer"],
        census,
        record["artifacts"],
        record["plan"],
        tuple(record["notes"]),
    )
    return Remembered(evidence, facts)


def read_timings(folder: Path) -> Timings:
    """Timings as a stage stored them."""
    facts = json.loads((folder / TIMINGS_FACTS).read_text(encoding="utf-8"))
    return Timings.of(load_arrays(folder / TIMINGS), facts)


def read_apart(folder: Path) -> Apart:
    """What was measured in processes of their own, as a stage stored it."""
    facts = json.loads((folder / APART_FACTS).read_text(encoding="utf-8"))
    return Apart.of(load_arrays(folder / APART), facts)
