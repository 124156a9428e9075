"""The measured block: made from verdicts, and spliced into the claim in the author's own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qspec._version import __version__
from qspec.errors import QSpecError
from qspec.execute.judge.figures import count
from qspec.execute.judge.judge import Verdicts
from qspec.lang.diagnostic import Edit
from qspec.lang.digests import assertions_digest, content_digest, executor_digest
from qspec.lang.edit import append_section, find_section, replace_section, rewrite, verified
from qspec.lang.load import Loaded, load_one
from qspec.lang.new_file import write_new
from qspec.lang.resolve import ResolvedClaim
from qspec.lang.source import Source, read_source
from qspec.lang.tree import Section
from qspec.lang.twin_edit import is_twin, put
from qspec.model.measured import JUDGE_VERSION, Artifacts, Census, Found, Measured

TOOL = f"qspec {__version__}"


@dataclass(frozen=True)
class Facts:
    """What a measured block says beside verdicts."""

    at: str
    """UTC, ISO 8601."""
    found: Found
    quantizer: str | None
    census: Mapping[str, Census]
    artifacts: Mapping[str, str]
    plan: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejudged:
    """One measured block of a claim with its verdicts brought up to date."""

    resolved: ResolvedClaim
    verdicts: Verdicts
    measured: Measured


def measured_block(resolved: ResolvedClaim, verdicts: Verdicts, facts: Facts) -> Measured:
    """The block, with its three digests."""
    block = Measured(
        at=facts.at,
        tool=TOOL,
        judge_version=count(JUDGE_VERSION),
        executor=facts.found,
        quantizer=facts.quantizer,
        census=dict(facts.census),
        results=verdicts.results,
        hidden=verdicts.hidden,
        draws=verdicts.draws,
        verdicts={str(one.assertion): one.noun() for one in verdicts.judged},
        outcome=verdicts.outcome.value,
        notes=[*facts.notes, *verdicts.notes],
        artifacts=Artifacts(dict(facts.artifacts)),
        plan=facts.plan,
        executor_digest=executor_digest(resolved),
        assertions_digest=assertions_digest(resolved),
        content_digest="",
    )
    return block.model_copy(update={"content_digest": content_digest(block)})


def fill(path: Path, blocks: Mapping[str, Measured], *, output: Path | None = None) -> Source:
    """Write measured blocks, by claim, into the spec at `path` (or to `output`), every other byte kept.

    A block for the same machine and provider is replaced, any other kept. The file is read again first and written
    by one rename; raises `QSpecError` and writes nothing when the result would not say what it should.
    """
    source = original = read_source(path)
    for claim, block in blocks.items():
        source = _splice(source, claim, block)
    if output is None:
        rewrite(path, original, source)
    else:
        write_new(output, source.text)
    return source


def _splice(source: Source, claim: str, block: Measured) -> Source:
    loaded = load_one(source)
    changed = loaded.document.claims.get(claim)
    if changed is None:
        raise QSpecError(f"The claim `{claim}` is no longer in {source.path}.", hint="run the command again")
    kept = [m for m in changed.measured if not _replaces(block, m)]
    index = next((i for i, m in enumerate(changed.measured) if _replaces(block, m)), len(kept))
    measured = [*kept[:index], block, *kept[index:]]
    if is_twin(source):
        edit = put(loaded, ("claims", claim, "measured"), [one.to_json() for one in measured])
    else:
        edit = _section(loaded, claim, block)
    claims = {**loaded.document.claims, claim: changed.model_copy(update={"measured": measured})}
    return verified(source, [edit], loaded.document.model_copy(update={"claims": claims}))


def _section(loaded: Loaded, claim: str, block: Measured) -> Edit:
    """The block in the place of the one it replaces, or at the end of its claim."""
    section = find_section(loaded.tree.root, "claim", claim)
    assert section is not None, "the document was read from this tree"
    old = _same_machine(loaded, section, claim, block)
    if old is not None:
        return replace_section(loaded.source, loaded.tree, old, "measured", block)
    return append_section(loaded.source, loaded.tree, section.block, "measured", block)


def _replaces(new: Measured, old: Measured) -> bool:
    here, there = new.executor, old.executor
    return (here.machine, here.provider) == (there.machine, there.provider)


def _same_machine(loaded: Loaded, section: Section, claim: str, block: Measured) -> Section | None:
    """The section of the block that this one replaces."""
    blocks = loaded.document.claims[claim].measured
    sections = [i for i in section.block.items if isinstance(i, Section) and i.head.name.text == "measured"]
    if len(sections) != len(blocks):
        raise QSpecError(
            f"A measured block of `{claim}` cannot be read, so it is not known which one to replace.",
            place=loaded.source.place(section.start),
            hint="repair or remove it; it is written by `qspec execute`",
        )
    return next((s for s, m in zip(sections, blocks, strict=True) if _replaces(block, m)), None)
