"""What a run read: every file by its path below the spec's folder, or by its address in a hub, with its SHA-256."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qspec.data import hub
from qspec.data.paths import inside, verify_digest
from qspec.execute.opening import Opening
from qspec.execute.plan import DataPlan, Plan, relative_to
from qspec.execute.realize import Side
from qspec.execute.sources import files, locate, pipeline_folder, steps


def files_read(plan: Plan, sides: Iterable[Side], opened: Iterable[Opening]) -> dict[str, str]:
    """Digests of the models with their external data and tokenizers, of the data, and of the files that pipelines name."""
    found: dict[str, str] = {}
    root = plan.root.resolve()
    for path in (path for side in sides for path in side.read):
        if path.is_relative_to(root):
            found[path.relative_to(root).as_posix()] = verify_digest(path, None)
        elif (address := hub.address_of(path)) is not None:
            found[address] = verify_digest(path, None)
    for data in _splits(plan, opened):
        for text in files(data):
            where, name = locate(plan, data.folder, text)
            read = inside(where, name, what="data file", folders=True)
            found[text if text.startswith(hub.SCHEME) else name] = verify_digest(read, None)
    for one in opened:
        found |= one.texts_read()
        folder = pipeline_folder(plan, one.evaluation)
        for text, sha256 in steps(plan, one.evaluation).used.items():
            if (folder / text).is_file():  # the versions of packages are among what is used
                found[relative_to(plan.root, folder / text)] = sha256
    return dict(sorted(found.items()))


def _splits(plan: Plan, opened: Iterable[Opening]) -> Iterator[DataPlan]:
    """The splits that were read, of calibration too."""
    yield from (side.data for side in (plan.baseline, plan.quantized) if side.data is not None)
    for one in opened:
        yield from one.splits().values()
