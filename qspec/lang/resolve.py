"""Names to what they name: the executor of a claim with everything it inherits and refers to."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

from qspec.lang.diagnostic import Diagnostic, Severity
from qspec.lang.load import Collection, Loaded, Workspace
from qspec.lang.lower import Path
from qspec.lang.source import Span
from qspec.model.artifact import Dataset, Model
from qspec.model.base import kebab
from qspec.model.claim import Claim
from qspec.model.evaluation import TestSet
from qspec.model.executor import Baseline, Executor
from qspec.model.expression import Pinned
from qspec.model.hardware import Hardware, Runtime

MAX_EXTENDS = 64


@dataclass(frozen=True)
class Origin:
    """Where something stands: a file and a path in its document."""

    loaded: Loaded
    path: Path

    @property
    def span(self) -> Span:
        """The place of the value."""
        return self.loaded.positions.of(self.path)

    @property
    def key(self) -> Span:
        """The place of the words that name it."""
        return self.loaded.positions.key(self.path)

    def at(self, *more: str | int) -> Origin:
        """A place further in."""
        return Origin(self.loaded, (*self.path, *more))


@dataclass
class ResolvedExecutor:
    """An executor with what it extends merged in and its names looked up.

    `origins` tells, for each field of the executor by its name in the language, where it was said.
    """

    name: str | None
    executor: Executor
    origin: Origin
    origins: dict[str, Origin] = field(default_factory=dict)
    hardware: Hardware | None = None
    runtime: Runtime | None = None
    model: Model | None = None
    model_origin: Origin | None = None

    def where(self, key: str) -> Origin:
        """Where `key` was said, or the executor itself when nobody said it."""
        return self.origins.get(key, self.origin)


@dataclass
class ResolvedClaim:
    """A claim, where it stands, and its executor; `executor` is None when it names none that exists."""

    name: str
    claim: Claim
    origin: Origin
    workspace: Workspace
    executor: ResolvedExecutor | None
    errors: list[Diagnostic] = field(default_factory=list)

    def dataset(self, data: Pinned | None) -> tuple[Dataset, str, str | None, Origin] | None:
        """The data set that `data` names: `digits.test` is the set `digits` and its split `test`."""
        if data is None:
            return None
        return find_dataset(self.workspace, data.name)


def find_dataset(workspace: Workspace, name: str) -> tuple[Dataset, str, str | None, Origin] | None:
    """A declared data set by `name` or `name.split`: the set, its name, the split and where it is declared."""
    whole = workspace.find("datasets", name)
    if whole is not None:
        return whole[0], name, None, Origin(whole[1], ("datasets", name))
    stem, dot, split = name.rpartition(".")
    found = workspace.find("datasets", stem) if dot else None
    return (found[0], stem, split, Origin(found[1], ("datasets", stem))) if found else None


class Resolver:
    """Resolves the claims of a workspace; errors are collected, each once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.errors: list[Diagnostic] = []
        self._executors: dict[str, ResolvedExecutor | None] = {}

    def claims(self) -> list[ResolvedClaim]:
        """The claims of the document that was asked for."""
        main = self.workspace.main
        for suite, declared in main.document.suites.items():
            for number, name in enumerate(declared.claims):
                self._find("claims", name, Origin(main, ("suites", suite, "claims", number)))
        return [self.claim(name, claim, main) for name, claim in main.document.claims.items()]

    def claim(self, name: str, claim: Claim, loaded: Loaded) -> ResolvedClaim:
        """One claim with its executor."""
        origin = Origin(loaded, ("claims", name))
        executor: ResolvedExecutor | None = None
        if claim.executor is not None:
            executor = self._resolve(None, claim.executor, origin.at("executor"), ())
        elif claim.on is not None:
            executor = self.executor(claim.on, origin)
        return ResolvedClaim(name, claim, origin, self.workspace, executor)

    def executor(self, name: str, user: Origin, trail: tuple[str, ...] = ()) -> ResolvedExecutor | None:
        """The executor called `name`; `user` is where the name was used."""
        if name in trail:
            self._error(
                "QS008",
                "cycle",
                f"`{name}` extends itself: {' from '.join([*trail, name])}.",
                user,
                "remove one `from`",
            )
            return None
        if name not in self._executors:
            found = self._find("executors", name, user)
            self._executors[name] = (
                self._resolve(name, found[0], Origin(found[1], ("executors", name)), (*trail, name))
                if found
                else None
            )
        return self._executors[name]

    def _resolve(
        self, name: str | None, executor: Executor, origin: Origin, trail: tuple[str, ...]
    ) -> ResolvedExecutor:
        own = {field for field in executor.model_fields_set if field != "from_"}
        origins = {kebab(field): origin.at(kebab(field)) for field in own}
        if executor.from_ is not None and len(trail) > MAX_EXTENDS:
            self._error(
                "QS008",
                "cycle",
                f"More than {MAX_EXTENDS} executors extend each other here.",
                origin.at("from"),
                "let fewer of them do so",
            )
        elif executor.from_ is not None:
            parent = self.executor(executor.from_, origin.at("from"), trail)
            if parent is not None:
                changes: dict[str, Any] = {field: getattr(executor, field) for field in own}
                for labelled in ("evaluations", "loads"):
                    changes[labelled] = {**getattr(parent.executor, labelled), **getattr(executor, labelled)}
                executor = parent.executor.model_copy(update=changes)
                origins = {**parent.origins, **origins}
        resolved = ResolvedExecutor(name, executor, origin, origins)
        self._refer(resolved)
        return resolved

    def _refer(self, resolved: ResolvedExecutor) -> None:
        executor = resolved.executor
        resolved.hardware = self._lookup("hardware", executor.hardware, resolved)
        resolved.runtime = self._lookup("runtimes", executor.runtime, resolved, key="runtime")
        model = executor.model
        resolved.model_origin = resolved.where("model")
        if isinstance(model, str):
            found = self._find("models", model, resolved.where("model"))
            if found:
                resolved.model, resolved.model_origin = found[0], Origin(found[1], ("models", model))
        elif isinstance(model, Model):
            resolved.model = model
        baseline = executor.baseline
        if isinstance(baseline, Baseline) and baseline.kind != "precision":
            collection: Collection = "executors" if baseline.kind == "executor" else "models"
            self._find(collection, baseline.name, resolved.where("baseline"))

    def _lookup(
        self, collection: Collection, value: Any, resolved: ResolvedExecutor, key: str | None = None
    ) -> Any:
        if not isinstance(value, str):
            return value if isinstance(value, Hardware | Runtime) else None
        found = self._find(collection, value, resolved.where(key or collection))
        return found[0] if found else None

    def _find(self, collection: Collection, name: str, user: Origin) -> tuple[Any, Loaded] | None:
        found = self.workspace.find(collection, name)
        if found is None:
            near = difflib.get_close_matches(name, self.workspace.names(collection), n=1, cutoff=0.6)
            singular = {"hardware": "hardware", "datasets": "data set"}.get(
                collection, collection.rstrip("s")
            )
            hint = (
                f"did you mean `{near[0]}`?"
                if near
                else f"declare it: `{collection.rstrip('s')} {name} {{ … }}`, or `use` the file that does"
            )
            self._error("QS006", "unresolved-name", f"No {singular} is called `{name}`.", user, hint)
        return found

    def _error(self, code: str, rule: str, message: str, where: Origin, hint: str) -> None:
        error = Diagnostic(code, rule, Severity.ERROR, message, where.span, where.loaded.source, help=hint)
        if error not in self.errors:
            self.errors.append(error)


def test_split(test_set: TestSet, resolved: ResolvedClaim) -> str | None:
    """The split that a test set names, in itself or through its data set."""
    if isinstance(test_set.split, str):
        return test_set.split
    if isinstance(test_set.data, Pinned):
        found = resolved.dataset(test_set.data)
        return found[2] if found else None
    return None
