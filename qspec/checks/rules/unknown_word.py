"""A word stands where the language keeps a list, and the list does not hold it.

What it finds
-------------
A task, method, composition, scenario, provider, profile, expected outcome, or kind of evidence outside the words that the
language knows; a number format or a shorthand for a precision that nobody writes; words behind a number format, which are
items of its block. Lists that can never be complete (runtimes, procedures of calibration) are asked about only where a word
looks misspelt.

Why it matters
--------------
Rules, metrics and execution go by these words. A misspelt one turns them off without a sound.

Example:
-------
    qspec 1
    executor small {
      task: image-clasification
      baseline: fp32
    }

Use instead
-----------
    qspec 1
    executor small {
      task: image-classification
      baseline: fp32
    }

References:
----------
The word lists in the language reference.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from qspec.checks import words
from qspec.checks.nodes import nouns
from qspec.checks.rule import Finding, Visit, rule
from qspec.errors import QSpecError
from qspec.lang.diagnostic import Edit, Fix, Severity
from qspec.lang.load import Loaded, Workspace
from qspec.lang.lower import Path
from qspec.lang.resolve import Origin
from qspec.lang.source import Span
from qspec.model.base import kebab
from qspec.model.number_format import FORMATS, find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.model.shorthand import expand
from qspec.model.spelling import value_word
from qspec.model.vocabulary import OPEN, VOCABULARIES, synonym, vocabulary_fields

_ITEMS = {
    **{f"per-{axis}": f"granularity: per-{axis}" for axis in ("tensor", "channel", "token")},
    "symmetric": "symmetric: true",
    "asymmetric": "symmetric: false",
}
"""Words that people write behind a number format, as the items that they are."""
_SURE = 0.8
"""Likeness from which a word is taken for a misspelling."""


@rule("QS010", "unknown-word", severity=Severity.WARNING, visits=Visit.DOCUMENT, fix="safe")
def unknown_word(workspace: Workspace) -> Iterator[Finding]:
    """A word outside its list."""
    loaded = workspace.main
    for noun, path in nouns(loaded.document):
        for field, vocabulary in vocabulary_fields(type(noun)).items():
            value = getattr(noun, field)
            many = isinstance(value, list)
            for number, word in enumerate(value if many else [value]):
                if isinstance(word, str):
                    where = (*path, kebab(field), number) if many else (*path, kebab(field))
                    yield from _word(loaded, where, vocabulary, word)
        if isinstance(noun, Precision) and noun.shorthand is not None:
            yield from _shorthand(loaded, path, noun)
        if isinstance(noun, TensorFormat) and len(noun.type.split()) > 1:
            yield from _words_behind(loaded, path, noun)


def _word(loaded: Loaded, path: Path, vocabulary: str, word: str) -> Iterator[Finding]:
    known = _known(vocabulary)
    if word in known or (words.is_vague_task(word) if vocabulary == "task" else words.is_vague(word)):
        return
    if vocabulary == "number-format" and (find_format(word) or words.is_number_format(word)):
        return
    plain = "-".join(word.lower().replace("_", " ").replace("-", " ").split())
    meant = plain if plain in known else synonym(vocabulary, word.lower())
    near = difflib.get_close_matches(plain, known, n=1, cutoff=_SURE if vocabulary in OPEN else 0.6)
    guess = meant or (near[0] if near else None)
    if guess is None and vocabulary in OPEN:
        return
    sure = meant is not None or difflib.SequenceMatcher(a=plain, b=guess or "").ratio() >= _SURE
    name = vocabulary.replace("-", " ")
    yield Finding(
        f"`{word}` is no {name} that the language knows.",
        Origin(loaded, path),
        help=f"did you mean `{guess}`?" if guess else f"words are {', '.join(f'`{w}`' for w in known)}",
        fixes=(_respell(loaded, path, word, value_word(guess), sure),) if guess else (),
    )


def _words_behind(loaded: Loaded, path: Path, given: TensorFormat) -> Iterator[Finding]:
    """Words behind a number format, which are items of its block: `int8 per-channel symmetric`."""
    first, *rest = given.type.split()
    if find_format(given.type) or not find_format(first):
        return
    items = [_ITEMS.get(word.lower()) for word in rest]
    meant = f"{first} {{ {', '.join(item for item in items if item)} }}"
    alone = all(items) and given.model_fields_set == {"type"}
    yield Finding(
        f"`{given.type}` is a number format with words behind it that nothing reads.",
        Origin(loaded, (*path, "type")),
        help=f"write `{meant}`"
        if alone
        else "say them as items of its block (`granularity`, `symmetric`, `range`), or as the precision's `method`",
        fixes=(_respell(loaded, (*path, "type"), given.type, meant, True),) if alone else (),
    )


def _known(vocabulary: str) -> list[str]:
    if vocabulary == "task":
        from qspec.metrics.tasks import TASKS

        return list(TASKS)
    return list(VOCABULARIES.get(vocabulary, FORMATS))


def _respell(loaded: Loaded, path: Path, word: str, meant: str, sure: bool) -> Fix:
    """The edit that replaces the word where it stands, quoted or bare, by what is meant, as it is written."""
    place, text = loaded.positions.of(path), loaded.source.text
    start, length = text.find(f'"{word}"', place.start, place.end), len(word) + 2
    if start < 0:
        start, length = text.rfind(word, place.start, place.end), len(word)
    span = Span(start, start + length) if start >= 0 else place
    return Fix(f"Write `{meant}`", (Edit(span, meant),), safe=sure)


def _shorthand(loaded: Loaded, path: Path, precision: Precision) -> Iterator[Finding]:
    if words.is_vague(precision.shorthand or ""):
        return
    try:
        expand(precision)
    except QSpecError as error:
        origin = Origin(loaded, path)
        message = f"`{precision.shorthand}` is no precision that the language knows."
        yield Finding(message, origin, help=error.hint)
