"""Files that a document declares: there, as pinned, readable, and with the columns and rows that it speaks of."""

from __future__ import annotations

from pathlib import Path

from qspec.data.paths import inside, verify_digest
from qspec.data.source import open_dataset, open_table
from qspec.data.splits import split_indices
from qspec.data.table import Table
from qspec.execute.plan import relative_to
from qspec.execute.preflight.collector import Collector
from qspec.lang.diagnostic import Edit, Fix
from qspec.lang.load import Loaded
from qspec.lang.resolve import Origin
from qspec.lang.source import Span
from qspec.model.artifact import Dataset, ModelFile
from qspec.quantize.graph import load_model


def check_files(loaded: Loaded, root: Path, found: Collector) -> None:
    """Open every model and data set that one file declares and that lies beside it; addresses are left alone."""
    for name, model in loaded.document.models.items():
        where = Origin(loaded, ("models", name))
        _model(model.file, model.sha256, where, root, found)
        if isinstance(model.quantized, ModelFile):
            _model(model.quantized.file, model.quantized.sha256, where.at("quantized"), root, found)
    for name, dataset in loaded.document.datasets.items():
        _dataset(dataset, Origin(loaded, ("datasets", name)), root, found)


def is_here(text: str | None) -> bool:
    """Whether a spec names a file beside it, and no address."""
    return text is not None and "://" not in text


def _model(file: str | None, sha256: str | None, where: Origin, root: Path, found: Collector) -> None:
    if file is None or not is_here(file):
        return
    path = relative_to(root, where.loaded.folder / file)
    opened = found.attempt("QS900", where.at("file"), lambda: load_model(path, root, sha256))
    if opened is not None and sha256 is None:
        _pin(file, opened.sha256, where.at("file"), found)


def _dataset(dataset: Dataset, where: Origin, root: Path, found: Collector) -> None:
    folder = where.loaded.folder
    if dataset.tables is not None:
        for key in ("corpus", "queries", "relevance"):
            text = getattr(dataset.tables, key)
            if is_here(text):
                path = relative_to(root, folder / text)
                found.attempt("QS900", where.at("tables", key), lambda path=path: open_table(root, path))  # type: ignore[misc]
    if dataset.source is None or not is_here(dataset.source):
        return
    placed = dataset.model_copy(update={"source": relative_to(root, folder / dataset.source)})
    table = found.attempt("QS900", where.at("source"), lambda: open_dataset(placed, root))
    if table is None:
        return
    _columns(dataset, table, where, found)
    _splits(placed, table, where, root, found)
    if dataset.sha256 is None:
        file = inside(root, str(placed.source), what="data file", folders=True)
        _pin(dataset.source, verify_digest(file, None), where.at("source"), found)


def _columns(dataset: Dataset, table: Table, where: Origin, found: Collector) -> None:
    for name, column in (dataset.inputs.members if dataset.inputs else {}).items():
        found.attempt("QS903", where.at("inputs", name), lambda column=column: table.require(column))  # type: ignore[misc]
    if dataset.label is not None:
        label = dataset.label
        found.attempt("QS903", where.at("label"), lambda: table.require(label))


def _splits(dataset: Dataset, table: Table, where: Origin, root: Path, found: Collector) -> None:
    for name, rule in (dataset.splits.members if dataset.splits else {}).items():
        here = where.at("splits", name)
        if not isinstance(rule, str):
            found.attempt("QS904", here, lambda name=name: split_indices(dataset, table, name))  # type: ignore[misc]
        elif is_here(rule):
            path = relative_to(root, where.loaded.folder / rule)
            found.attempt("QS900", here, lambda path=path: open_table(root, path))  # type: ignore[misc]


def _pin(file: str, digest: str, where: Origin, found: Collector) -> None:
    """The note that a file is named without its digest, which is offered where the document is in the language itself."""
    fixes: tuple[Fix, ...] = ()
    if not where.loaded.source.path.endswith((".json", ".yaml", ".yml")):
        at = where.span.end
        edit = Edit(Span(at, at), f', sha256: "{digest}"')
        fixes = (Fix("Pin the file that is there", (edit,)),)
    hint = f'add `sha256: "{digest}"`, if this is the file that is meant'
    found.add(
        "QS907",
        where,
        f"`{file}` is named without its digest, so that another file may take its place.",
        hint,
        fixes,
    )
