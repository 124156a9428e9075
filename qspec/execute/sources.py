"""Where what a spec names lies: below its root, or in a hub, from which it is fetched once with leave."""

from __future__ import annotations

from pathlib import Path

from qspec import canonical
from qspec.data import hub
from qspec.data.paths import inside, verify_digest
from qspec.data.pipeline import Steps
from qspec.data.transforms import Files
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.plan import DataPlan, EvaluationPlan, ModelPlan, Plan, relative_to


def locate(plan: Plan, folder: Path, text: str, sha256: str | None = None) -> tuple[Path, str]:
    """The root and the path below it of what `text` names, seen from `folder`.

    Raises `NotExecutableError` for a hub's file that is not here and may not be fetched.
    """
    if not text.startswith(hub.SCHEME):
        return plan.root, relative_to(plan.root, folder / text)
    path = hub.fetch(text, allow_network=plan.options.allow_network, sha256=sha256)
    return path.parent, path.name


def find(plan: Plan, folder: Path, text: str) -> Path | None:
    """The file that `text` would name, seen from `folder`; None where there is none.

    Raises `NotExecutableError` for a hub's file of which nobody knows yet whether it is there.
    """
    try:
        root, path = locate(plan, folder, text)
    except NotExecutableError:
        raise
    except QSpecError:  # the hub has none of that name
        return None
    return inside(root, path) if (root / path).exists() else None


def sibling(text: str, name: str) -> str:
    """What a spec would write for the file `name` that lies beside the one it calls `text`."""
    folder, slash, _ = text.rpartition("/")
    return f"{folder}{slash}{name}"


def name_of(plan: Plan, folder: Path, text: str) -> str:
    """What a record calls the file that is called `text` in `folder`: its address, or its path below the root."""
    return text if text.startswith(hub.SCHEME) else relative_to(plan.root, folder / text)


def locate_model(plan: Plan, side: ModelPlan) -> tuple[Path, str]:
    """The root and the path below it of a model's file; of a hub's, files of external data are fetched too."""
    if side.address is not None:
        root, name = locate(plan, plan.root, side.address, side.sha256)
        for location in _external(root / name):
            locate(plan, plan.root, sibling(side.address, location))
        return root, name
    return plan.root, relative_to(plan.root, side.path)


def _external(path: Path) -> list[str]:
    """The files that hold a model's weights beside it; none where the file is no model, which is said elsewhere."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load_model(path, format="protobuf", load_external_data=False).graph
    except DecodeError:
        return []
    entries = [entry for tensor in graph.initializer for entry in tensor.external_data]
    return sorted({entry.value for entry in entries if entry.key == "location"})


def split_file(data: DataPlan) -> str | None:
    """The file that the planned split is, where it is not rows of the data set's source."""
    members = data.dataset.splits.members if data.dataset.splits else {}
    rule = members.get(data.split or "")
    return rule if isinstance(rule, str) else None


def digest(plan: Plan, data: DataPlan) -> str | None:
    """SHA-256 of the file or folder that the split is read from, or of those of all its tables."""

    def of(text: str, declared: str | None = None) -> str:
        root, path = locate(plan, data.folder, text, declared)
        return verify_digest(inside(root, path, what="data file", folders=True), declared, what="data file")

    if split_file(data) is None and data.dataset.source is not None:
        return of(data.dataset.source, data.dataset.sha256)
    texts = files(data)
    if len(texts) < 2:
        return of(texts[0]) if texts else None
    return canonical.digest([of(one) for one in texts])


def files(data: DataPlan) -> list[str]:
    """What the spec calls the files that the split is read from: one, or three tables."""
    one = split_file(data) or data.dataset.source
    if one is not None:
        return [one]
    tables = data.dataset.tables
    return [tables.corpus, tables.queries, tables.relevance] if tables is not None else []


def steps(plan: Plan, evaluation: EvaluationPlan) -> Steps:
    """The transforms of an evaluation, with the files they name beside the spec."""
    return Steps(evaluation.evaluation.pipeline, Files(plan.root, pipeline_folder(plan, evaluation)))


def pipeline_folder(plan: Plan, evaluation: EvaluationPlan) -> Path:
    """The folder that paths in an evaluation's pipeline start from."""
    executor = plan.resolved.executor
    assert executor is not None
    where = evaluation.origin if evaluation.name else executor.where("pipeline")
    return where.loaded.folder
