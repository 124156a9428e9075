"""What is looked at on a few examples before all are run: collapse, and answers that change when nothing should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.execute.collapse import Answer, collapse
from qspec.execute.determinism import Determinism, determinism
from qspec.execute.evaluate import Rows
from qspec.execute.refusals import refused
from qspec.execute.sessions import Arrays, Session
from qspec.execute.tasks.runner import Gatherer, TaskRunner
from qspec.execute.units import BATCH

SAMPLE = 64
"""Examples that are looked at."""


def probe(runner: TaskRunner | Gatherer, sessions: tuple[Session, Session], batch: int) -> dict[str, Any]:
    """What the record keeps of the probes; nothing for a task whose model does not run on its inputs as they are."""
    answer, parts = _answer(runner), _answer(runner, parts=True)
    among = runner.among if isinstance(runner, Gatherer) else 1
    if answer is None and isinstance(runner, Gatherer) and type(runner).run is not Gatherer.run:
        return {}
    inputs = runner.inputs()
    found: dict[str, Any] = {
        "collapse": collapse(sessions, inputs, parts, batch=batch, sample=SAMPLE, among=among).facts()
    }
    if answer is not None:
        one, other = (
            determinism(s, inputs, answer, batch=batch, sample=SAMPLE, among=among) for s in sessions
        )
        found["determinism"] = {**_facts(other), "baseline": _facts(one)}
    return found


def batch_matters(facts: dict[str, Any]) -> bool:
    """Whether an answer of either model depended on the examples beside it."""
    seen = facts.get("determinism") or {}
    return bool(seen.get("rebatched") or seen.get("baseline", {}).get("rebatched"))


def told(facts: dict[str, Any]) -> Iterator[str]:
    """What the probes saw, for people: a sentence on the determinism of either model, and one on collapse."""
    for name, nature in (facts.get("outputs") or {}).items():
        yield f"the output {name} holds {nature}, by the operator that its graph ends in, and is scored as such"
    for metric, reason in refused(facts).items():
        yield f"{metric} was left out: {reason}"
    seen = facts.get("determinism") or {}
    for model, one in (("quantized", seen), ("baseline", seen.get("baseline") or {})):
        if one.get("repeated"):
            yield f"{one['repeated']} of {one['sample']} answers of the {model} model changed between two equal runs"
        if one.get("rebatched"):
            yield f"{one['rebatched']} of {one['sample']} answers of the {model} model changed at batch {one['other_batch']}"
    if facts.get("unit") == BATCH:
        yield f"the batch is the unit: examples were {facts['order']} and run in batches of {facts['batch']}"
    elif batch_matters(facts):
        yield f"results hold for batches of {facts['batch']} in this order, since the batch is not the unit"
    if seen and not seen.get("repeated") and not batch_matters(facts):
        where = f", nor at batch {seen['other_batch']}" if seen.get("other_batch") else ""
        yield f"no answer of {seen['sample']} that were probed changed between two equal runs{where}"
    look = facts.get("collapse") or {}
    figures = []
    if "entropy" in look:
        bits = look["entropy"]
        figures.append(f"answers of {bits['baseline']:.2f} and {bits['quantized']:.2f} bits")
        figures.append(f"agreement {look['agreement']:.1%}")
    if "signal-to-noise" in look:
        ratio = look["signal-to-noise"]
        figures.append(f"signal-to-noise {ratio} dB" if ratio != "infinite" else "equal outputs")
    if figures:
        yield f"a look at {look['sample']} examples before the run saw {', '.join(figures)}"
    if look.get("suspicions"):
        yield suspicion(facts) or ""


def suspicion(facts: dict[str, Any]) -> str | None:
    """A sentence where the quantized model seems to have collapsed."""
    look = facts.get("collapse") or {}
    if not look.get("suspicions"):
        return None
    return f"the quantized model seems to have collapsed: of {look['sample']} examples, {'; '.join(look['suspicions'])}"


def _facts(one: Determinism) -> dict[str, Any]:
    return {key: value for key, value in asdict(one).items() if key != "batch"}


def _answer(runner: TaskRunner | Gatherer, *, parts: bool = False) -> Answer | None:
    """What answers are compared by, as a whole or part by part; None where they are not discrete."""
    if isinstance(runner, Gatherer):
        if type(runner).probe is Gatherer.probe:
            return None
        items = runner

        def item(outputs: Arrays, rows: Rows) -> NDArray[Any]:
            found = items.probe(outputs, rows)
            return found if found is not None else np.zeros(len(rows), np.int8)

        return item
    if type(runner).answers is TaskRunner.answers:
        return None
    examples, answers = runner, runner.parts if parts else runner.answers

    def example(outputs: Arrays, rows: Rows) -> NDArray[Any]:
        found = answers(examples.predictions(outputs, rows))
        return found if found is not None else np.zeros(len(rows), np.int8)

    return example
