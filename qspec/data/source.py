"""Opening a declared data set: its path, its digest, its reader."""

from __future__ import annotations

from pathlib import Path

from qspec.data.limits import DEFAULT_LIMITS, Limits
from qspec.data.paths import inside, verify_digest
from qspec.data.readers import registry
from qspec.data.readers.images import number_classes, read_images
from qspec.data.table import Table, listed
from qspec.errors import QSpecError, breaking
from qspec.model.artifact import Dataset


def open_dataset(dataset: Dataset, root: Path, *, limits: Limits = DEFAULT_LIMITS) -> Table:
    """The data set's table, its file under `root` verified against the declared sha256.

    Raises `QSpecError` when no source is declared, the path leaves the root, the digest differs, or no reader
    knows the extension; `LimitError` when a cap is exceeded.
    """
    if dataset.source is None:
        raise QSpecError("The data set declares no source, so there is nothing to read.", hint="add `source`")
    table = open_table(root, dataset.source, sha256=dataset.sha256, limits=limits)
    if dataset.classes and (root / dataset.source).is_dir():
        number_classes(table, dataset.classes)
    if dataset.label is not None:
        # Strata and splits say `label`, whatever the file calls the column with the answer.
        table.alias("label", dataset.label)
    return table


def open_table(
    root: Path, source: str, *, sha256: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Table:
    """The table in the file `source` under `root`, opened by the reader of its extension; a folder holds images."""
    with breaking("QS900"):
        path = inside(root, source, what="data file", folders=True)
        if path.is_dir():
            verify_digest(path, sha256, what="data folder")
            return read_images(path, root.resolve(), limits)
        limits.check("file_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
        verify_digest(path, sha256, what="data file")
        extension = path.suffix.lower().removeprefix(".")
        if extension not in registry:
            raise QSpecError(
                f"No reader knows files such as {path.name}.",
                hint=f"the formats read are {listed(registry.names())}",
            )
        table = registry.get(extension)(path, limits)
        limits.check("rows", table.rows, f"The number of rows of {path.name}")
        return table
