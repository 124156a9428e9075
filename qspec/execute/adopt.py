"""Writes an executor for this machine beside one that declares other hardware, and its claims again on that executor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qspec.checks.compare import compare, elsewhere
from qspec.execute.blocks import hardware_block, runtime_block
from qspec.execute.machine import found
from qspec.execute.options import Options
from qspec.lang.claims import resolve_claims
from qspec.lang.diagnostic import Edit
from qspec.lang.edit import append_section, rewrite, verified
from qspec.lang.load import Loaded, load, load_one
from qspec.lang.resolve import ResolvedClaim, ResolvedExecutor
from qspec.lang.source import read_source
from qspec.lang.twin_edit import is_twin, put
from qspec.model.claim import Claim
from qspec.model.executor import Executor
from qspec.model.hardware import Runtime
from qspec.model.spelling import inner_word

HERE = "-here"


@dataclass(frozen=True)
class Adopted:
    """The claims to execute instead, and the names of those that were written."""

    claims: list[str]
    written: list[str]


def adopt_hardware(
    path: Path, options: Options, claims: Sequence[str] = (), suites: Sequence[str] = ()
) -> Adopted:
    """Give every claim whose declared hardware is not this machine a twin that declares this machine.

    The twin is called `NAME-here` and stands on `executor EXECUTOR-here from EXECUTOR { hardware …, runtime … }`; both
    are appended to the spec, nothing else of which is changed. A twin that is there already is taken as it is.
    """
    source = original = read_source(path)
    names, written = [], []
    for resolved in resolve_claims(load(path), claims, suites):
        executor = resolved.executor
        runtime = (
            _runtime(executor, options) if executor is not None and _is_elsewhere(executor, options) else None
        )
        if executor is None or runtime is None:
            names.append(resolved.name)
            continue
        loaded = load_one(source)
        twin = resolved.name + HERE
        names.append(twin)
        if twin in loaded.document.claims:
            continue
        executors, claim = _twin(resolved, executor, runtime, options)
        new = {name: noun for name, noun in executors.items() if name not in loaded.document.executors}
        document = loaded.document.model_copy(
            update={
                "executors": {**loaded.document.executors, **new},
                "claims": {**loaded.document.claims, twin: claim},
            }
        )
        source = verified(source, _declared(loaded, new, twin, claim), document)
        written.append(twin)
    if written:
        rewrite(path, original, source)
    # A twin that was there already stands for its claim and, where every claim is asked for, for itself.
    return Adopted(list(dict.fromkeys(names)), written)


def _declared(loaded: Loaded, executors: dict[str, Executor], name: str, claim: Claim) -> list[Edit]:
    """The edits that append declarations to a spec or its twin."""
    if is_twin(loaded.source):
        nouns = [*((("executors", one), noun) for one, noun in executors.items()), (("claims", name), claim)]
        return [put(loaded, path, noun.to_json()) for path, noun in nouns]
    sections = [*((f"executor {inner_word(one)}", noun) for one, noun in executors.items())]
    return [
        append_section(loaded.source, loaded.tree, loaded.tree.root, keyword, noun)
        for keyword, noun in (*sections, (f"claim {inner_word(name)}", claim))
    ]


def _provider(executor: ResolvedExecutor, options: Options) -> str:
    return options.provider or (executor.runtime.provider if executor.runtime else None) or "cpu"


def _is_elsewhere(executor: ResolvedExecutor, options: Options) -> bool:
    return elsewhere(compare(executor, found(_provider(executor, options)))) is not None


def _runtime(executor: ResolvedExecutor, options: Options) -> Runtime:
    """The declared runtime, with the engine, version and provider that are here; threads stay as they are declared."""
    here = runtime_block(found(_provider(executor, options)))
    declared = executor.runtime or Runtime()
    return declared.model_copy(
        update={"name": here.name, "version": here.version, "provider": here.provider, "affinity": None}
    )


def _twin(
    resolved: ResolvedClaim, executor: ResolvedExecutor, runtime: Runtime, options: Options
) -> tuple[dict[str, Executor], Claim]:
    hardware = hardware_block(found(_provider(executor, options)))
    claim = resolved.claim
    # What others reported, and where, was not said of this machine; what is asserted is asked of it.
    copy = Claim(title=claim.title, profile=claim.profile, assertions=claim.assertions)
    if claim.on is None and claim.executor is not None:
        inline = claim.executor.model_copy(update={"hardware": hardware, "runtime": runtime})
        return {}, copy.model_copy(update={"executor": inline})
    name = f"{claim.on}{HERE}"
    own = Executor(from_=claim.on, hardware=hardware, runtime=runtime)
    return {name: own}, copy.model_copy(update={"on": name})
