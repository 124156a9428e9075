"""Whether two named pieces of data share examples, as far as their declarations tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qspec.checks.rule import Finding
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Related
from qspec.lang.resolve import Origin, ResolvedClaim
from qspec.model.artifact import Dataset
from qspec.model.expression import Pinned
from qspec.model.quantity import Range


@dataclass(frozen=True, slots=True)
class Piece:
    """A data set, or one split of it, as it is named; `dataset` is None for one that is not declared."""

    name: str
    split: str | None
    dataset: Dataset | None
    stem: str
    origin: Origin | None = None

    @property
    def rows(self) -> object:
        """What the split selects: a range, a predicate, a file, or None for all of it or for nobody knows."""
        if self.dataset is None or self.dataset.splits is None or self.split is None:
            return None
        return self.dataset.splits.members.get(self.split)

    def __str__(self) -> str:
        return f"{self.stem}.{self.split}" if self.split else self.stem


def piece(resolved: ResolvedClaim, data: Pinned, split: str | None = None) -> Piece:
    """What `data` names, with the split where it is given beside it."""
    found = resolved.dataset(data)
    if found is None:
        return Piece(data.name, split, None, data.name)
    return Piece(data.name, found[2] or split, found[0], found[1], found[3])


def overlap(first: Piece, second: Piece) -> str | None:
    """Why two pieces share examples, as a clause; None where they do not, or where nobody can tell."""
    if first.dataset is None or second.dataset is None:
        if first.dataset is not second.dataset or first.stem.lower() != second.stem.lower():
            return None
        same = first.split is not None and first.split == second.split
        return f"both are the split `{first.split}` of `{first.stem}`" if same else None
    why = _one_source(first, second)
    if why is None:
        return None
    if first.dataset.splits is None and second.dataset.splits is None:
        named = {first.split, second.split} - {None}
        return why if len(named) < 2 else None
    if first.split is None or second.split is None:
        return f"{why}, and `{first if first.split is None else second}` is all of it"
    one, other = first.rows, second.rows
    if one is None or other is None:
        return None
    if one == other:
        return f"{why}, with the same rows"
    if isinstance(one, Range) and isinstance(other, Range):
        low, high = max(one.low.value, other.low.value), min(one.high.value, other.high.value)
        return f"{why}, and rows {low}..{high} are in both" if low < high else None
    return None


def related(first: str, second: str) -> bool:
    """Whether two names look like one data set: they have a word in common."""
    one, other = (set(re.findall(r"[a-z]{4,}|\d{3,}", name.lower())) for name in (first, second))
    return bool(one & other)


def _one_source(first: Piece, second: Piece) -> str | None:
    one, other = first.dataset, second.dataset
    assert one is not None and other is not None
    if first.stem == second.stem:
        return f"both come from `{first.stem}`"
    if one.sha256 and one.sha256.lower() == (other.sha256 or "").lower():
        return f"`{first.stem}` and `{second.stem}` are one file, by its digest"
    if one.source and one.source == other.source and _folder(first) == _folder(second):
        return f"`{first.stem}` and `{second.stem}` are one file, `{one.source}`"
    return None


def _folder(side: Piece) -> object:
    return side.origin.loaded.folder if side.origin is not None else None


def tested_too(
    view: EvaluationView, data: Pinned | None, says: str, origin: Origin, *, help: str
) -> Iterator[Finding]:
    """The finding for data that something was chosen on and that are tested as well; `says` leads in their name."""
    if data is None or view.test_data is None:
        return
    chosen = piece(view.claim.resolved, data)
    tested = piece(view.claim.resolved, view.test_data, view.test_split)
    why = overlap(chosen, tested)
    if why is not None:
        where = view.where("test-set")
        related = Related(where.span, "the test set", where.loaded.source)
        yield Finding(
            f"{says} `{chosen}` and the test set is `{tested}`: {why}.", origin, help=help, related=(related,)
        )


def rows_in(side: Piece) -> int | None:
    """How many rows a split selects, where it is a range."""
    rows = side.rows
    return int(rows.high.value - rows.low.value) if isinstance(rows, Range) else None
