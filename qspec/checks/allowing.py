"""Finds the comment that allows a finding, in a time that does not grow with the number of comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from qspec.checks.suppress import Suppression
from qspec.errors import LimitError, cap
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.source import Source

MAX_WIDE = 200
"""Comments that allow something in a block or a file; those for one line are not counted."""


class Allowing:
    """The suppressions of one file, by the word they name and the line they stand for."""

    def __init__(self, suppressions: Iterable[Suppression], source: Source) -> None:
        """Raises `LimitError` for more suppressions of blocks and files than the cap."""
        self._source = source
        self._lines: defaultdict[tuple[str, int], list[tuple[int, Suppression]]] = defaultdict(list)
        self._wide: defaultdict[str, list[tuple[int, Suppression]]] = defaultdict(list)
        wide, most = 0, cap("suppressions", MAX_WIDE)
        for order, one in enumerate(suppressions):
            first, _ = source.position(one.covers.start)
            last, _ = source.position(max(one.covers.end - 1, one.covers.start))
            wide += first != last
            if wide > most:
                what = "The document allows findings in more blocks than a spec may"
                raise LimitError.over("suppressions", most, what, place=source.place(one.span.start))
            for word in dict.fromkeys(one.codes):
                if first == last:
                    self._lines[word, first].append((order, one))
                else:
                    self._wide[word].append((order, one))

    def first(self, finding: Diagnostic) -> Suppression | None:
        """The first comment, in the order of the file, that allows the finding."""
        if not self._lines and not self._wide:
            return None
        line, _ = self._source.position(finding.span.start)
        words = {finding.rule, *(finding.code[:length] for length in range(1, len(finding.code) + 1))}
        found = [
            pair
            for word in words
            for pair in (*self._lines.get((word, line), ()), *self._wide.get(word, ()))
            if pair[1].allows(finding)
        ]
        return min(found, key=lambda pair: pair[0])[1] if found else None
