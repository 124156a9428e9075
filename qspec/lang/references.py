"""Where the names of a workspace are declared and used, as paths into the data of its documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qspec.lang.positions import Path

Data = dict[str, Any]
"""A document as plain data (`Noun.to_json`), whose paths are those of `Positions`."""

COLLECTIONS = {
    "model": "models",
    "dataset": "datasets",
    "hardware": "hardware",
    "runtime": "runtimes",
    "executor": "executors",
    "claim": "claims",
    "deployment": "deployments",
    "suite": "suites",
}
"""The kinds that a document declares, and the field that holds each."""

_EXECUTORS = ("executors/*", "claims/*/executor")
_EVALUATED = (*_EXECUTORS, *(f"{executor}/evaluations/*" for executor in _EXECUTORS))
_FIGURES = ("assertions/*", "reported/figures/*")
_DATA = (
    *(f"{place}/test-set/data/name" for place in _EVALUATED),
    *(f"{place}/threshold/from/name" for place in _EVALUATED),
    *(f"{executor}/calibration/data/name" for executor in _EXECUTORS),
)
_USES = {
    "model": tuple(f"{executor}/{key}" for executor in _EXECUTORS for key in ("model", "baseline/name")),
    "hardware": (*(f"{executor}/hardware" for executor in _EXECUTORS), "deployments/*/hardware"),
    "runtime": (*(f"{executor}/runtime" for executor in _EXECUTORS), "deployments/*/runtime"),
    "executor": (
        "claims/*/on",
        *(f"{executor}/{key}" for executor in _EXECUTORS for key in ("from", "baseline/name")),
        *(f"claims/*/{figure}/quantity/named/from" for figure in _FIGURES),
    ),
    "claim": ("suites/*/claims/*",),
}
_INNER = {
    "evaluation": ("evaluations",),
    "load": ("loads",),
    "strata": ("strata", "evaluations/*/strata"),
}


@dataclass(frozen=True)
class Declared:
    """Something that bears a name: its kind, the name, and what declares it, where that is not the document.

    The inner kinds are `split` (of a data set), `evaluation`, `load` and `strata` (of an executor, or of the claim in
    which the executor stands). Executors that extend each other share their inner names, and the first one owns them.
    """

    kind: str
    name: str
    owner: Path = ()

    def __str__(self) -> str:
        return "/".join([*(str(part) for part in self.owner[1:2]), self.kind, self.name])


@dataclass(frozen=True)
class Change:
    """A text at a path that becomes another; `key` for the name of what stands there rather than its value."""

    path: Path
    old: str
    new: str
    key: bool = False


class References:
    """The names of several documents that see each other."""

    def __init__(self, documents: Sequence[Data]) -> None:
        self.documents = documents
        self._family = _families(documents)

    def declared(self) -> list[Declared]:
        """Everything that bears a name, once."""
        found: dict[Declared, None] = {}
        for data in self.documents:
            for kind, collection in COLLECTIONS.items():
                found |= {Declared(kind, name): None for name in data.get(collection, {})}
            for path, _ in _at(data, "datasets/*/splits/*"):
                found[Declared("split", str(path[-1]), path[:2])] = None
            for executor, owner in self._executors(data):
                for kind, tails in _INNER.items():
                    blocks = (one for tail in tails for one in _at(data, executor, tail, "*"))
                    # A block; where nothing is stated there is a text.
                    found |= {
                        Declared(kind, str(p[-1]), owner): None for p, it in blocks if isinstance(it, dict)
                    }
        return list(found)

    def changes(self, data: Data, target: Declared, new: str) -> Iterator[Change]:
        """What changes in one of the documents when `target` is called `new`."""
        if target.kind in COLLECTIONS:
            if target.name in data.get(COLLECTIONS[target.kind], {}):
                yield Change((COLLECTIONS[target.kind], target.name), target.name, new, key=True)
            yield from self._outer_uses(data, target, new)
        elif target.kind == "split":
            yield from self._split(data, target, new)
        else:
            yield from self._inner(data, target, new)

    def _outer_uses(self, data: Data, target: Declared, new: str) -> Iterator[Change]:
        if target.kind == "dataset":
            for path, value in _texts(data, _DATA):
                if value == target.name or self._splits(value, target.name):
                    yield Change(path, value, new + value[len(target.name) :])
        for path, value in _texts(data, _USES.get(target.kind, ())):
            if value == target.name and _is_name_of(target.kind, data, path):
                yield Change(path, value, new)

    def _splits(self, value: str, dataset: str) -> bool:
        """Whether a text names a split of a data set, rather than a data set with a dot in its name."""
        whole = any(value in data.get("datasets", {}) for data in self.documents)
        return value.rpartition(".")[0] == dataset and not whole

    def _split(self, data: Data, target: Declared, new: str) -> Iterator[Change]:
        dataset = str(target.owner[1])
        declared = (*target.owner, "splits", target.name)
        if _value(data, declared) is not None:
            yield Change(declared, target.name, new, key=True)
        for path, value in _texts(data, _DATA):
            if value == f"{dataset}.{target.name}" and self._splits(value, dataset):
                yield Change(path, value, f"{dataset}.{new}")
            apart = (*path[:-2], "split")
            if value == dataset and _value(data, apart) == target.name:
                yield Change(apart, target.name, new)

    def _inner(self, data: Data, target: Declared, new: str) -> Iterator[Change]:
        """The evaluations, loads or strata of executors that extend each other, and of the claims on them."""
        for executor, owner in self._executors(data):
            for tail in _INNER[target.kind] if owner == target.owner else ():
                for path, block in _at(data, executor, tail, (target.name,)):
                    if isinstance(block, dict):
                        yield Change(path, target.name, new, key=True)
                crossed = _texts(data, ["*/cross/*"], executor, tail) if target.kind == "strata" else ()
                yield from (Change(path, value, new) for path, value in crossed if value == target.name)
        keys = ("for-each", "for") if target.kind == "strata" else ("on",)
        uses = [f"{figure}/{key}" for figure in _FIGURES for key in keys]
        for name, claim in data.get("claims", {}).items():
            executor = ("executors", claim["on"]) if "on" in claim else ("claims", name, "executor")
            if self._family.get(executor) == target.owner:
                found = _texts(data, uses, ("claims", name))
                yield from (Change(path, value, new) for path, value in found if value == target.name)

    def _executors(self, data: Data) -> Iterator[tuple[Path, Path]]:
        """The path of every executor, and of the one that owns its inner names."""
        for path, _ in _each_executor(data):
            yield path, self._family[path]


def _is_name_of(kind: str, data: Data, path: Path) -> bool:
    """Whether a place that may hold the name of a kind does: a baseline says which, of quantities one names any."""
    if path[-2] == "baseline":
        return bool(_value(data, (*path[:-1], "kind")) == kind)
    return path[-2] != "named" or bool(_value(data, (*path[:-2], "name")) == "recovered")


def _each_executor(data: Data) -> Iterator[tuple[Path, Any]]:
    for pattern in _EXECUTORS:
        yield from _at(data, pattern)


def _families(documents: Sequence[Data]) -> dict[Path, Path]:
    """For every executor the first of those that it extends or that extend it, directly or through others."""
    first: dict[Path, Path] = {}

    def root(path: Path) -> Path:
        while first.setdefault(path, path) != path:
            path = first[path]
        return path

    for data in documents:
        for path, executor in _each_executor(data):
            parent = executor.get("from")
            mine = root(path)
            if parent is not None:
                first[mine] = root(("executors", parent))
    return {path: root(path) for path in list(first)}


# Places ------------------------------------------------------------------------------------------


def _at(data: Data, *pattern: str | Path) -> Iterator[tuple[Path, Any]]:
    """What stands where a pattern fits: texts are keys joined by `/`, `*` for any; a path is taken as it is."""
    parts: list[Any] = []
    for part in pattern:
        parts += [None if key == "*" else key for key in part.split("/")] if isinstance(part, str) else part
    return _fit(data, parts, ())


def _fit(value: Any, parts: Sequence[Any], path: Path) -> Iterator[tuple[Path, Any]]:
    if len(path) == len(parts):
        yield path, value
        return
    wanted = parts[len(path)]
    there: Collection[Any] = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in there if wanted is None else [wanted] if wanted in there else []:
        yield from _fit(value[key], parts, (*path, key))


def _texts(data: Data, patterns: Iterable[str], *head: str | Path) -> Iterator[tuple[Path, str]]:
    """The texts among what stands where the patterns fit, each behind the same head."""
    for pattern in patterns:
        yield from ((path, value) for path, value in _at(data, *head, pattern) if isinstance(value, str))


def _value(data: Any, path: Path) -> Any:
    """What stands at a path, or None."""
    return next((value for _, value in _at(data, path)), None)
