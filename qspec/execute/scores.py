"""What an evaluation leaves behind: per example and metric the columns of both models, answers, strata, units."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.strata import Stratified
from qspec.errors import QSpecError
from qspec.execute.arrays import load_arrays, save_arrays
from qspec.execute.refusals import Refusals

DRAW = "calibration seed "
"""What begins the names of the models that another draw of the calibration sample gave; no executor is called so."""
REFERENCE = ".pt2"
"""The key under which `Scores.others` holds the reference model's columns; no executor can be called so."""
_META = "scores.json"
_ARRAYS = "scores.npz"


@dataclass(frozen=True)
class Scores:
    """The scores of one evaluation. Columns are float64 of shape (examples, columns), by metric as written."""

    n: int
    baseline: dict[str, NDArray[np.float64]]
    quantized: dict[str, NDArray[np.float64]]
    answers: tuple[NDArray[Any], NDArray[Any]] | None = None
    """What both models answered, shape (examples, …), where the task has answers that can be told apart."""
    strata: list[Stratified] = field(default_factory=list)
    units: NDArray[np.int64] | None = None
    """Number of the independent unit of each example; None when every example is one."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the record keeps of the run: batch, padding, probes."""
    others: dict[str, dict[str, NDArray[np.float64]]] = field(default_factory=dict)
    """Columns of the models of other executors that the claim compares with, by executor and metric, and of the reference
    that the baseline was exported from, under `REFERENCE`."""

    def without(self, refusals: Refusals) -> Scores:
        """These scores without the metrics that were left out, for any of the models, and with the reasons."""
        return replace(
            self,
            baseline=refusals.without(self.baseline),
            quantized=refusals.without(self.quantized),
            others={name: refusals.without(columns) for name, columns in self.others.items()},
            facts=self.facts | refusals.facts(),
        )

    def changed(self) -> NDArray[np.bool_] | None:
        """Which examples got another answer."""
        if self.answers is None:
            return None
        one, other = self.answers
        differs = np.asarray(one != other).reshape(len(one), -1)
        return np.asarray(differs.any(axis=1))

    def save(self, folder: Path) -> None:
        """Write into a folder, columnar and without pickles."""
        arrays: dict[str, NDArray[Any]] = {}
        for side, columns in (("baseline", self.baseline), ("quantized", self.quantized)):
            for number, values in enumerate(columns.values()):
                arrays[f"{side}.{number}"] = values
        if self.answers is not None:
            arrays["answers.baseline"], arrays["answers.quantized"] = self.answers
        if self.units is not None:
            arrays["units"] = self.units
        for place, columns in enumerate(self.others.values()):
            for number, name in enumerate(self.baseline):
                arrays[f"other.{place}.{number}"] = columns[name]
        for number, strata in enumerate(self.strata):
            arrays[f"strata.{number}"] = strata.codes
        save_arrays(folder / _ARRAYS, arrays)
        meta = {
            "n": self.n,
            "metrics": list(self.baseline),
            "strata": [{"name": s.name, "labels": list(s.labels)} for s in self.strata],
            "facts": self.facts,
            "others": list(self.others),
        }
        (folder / _META).write_text(json.dumps(meta, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Scores:
        """Read what `save` wrote; raises `QSpecError` when it is not whole."""
        try:
            meta: Mapping[str, Any] = json.loads((folder / _META).read_text(encoding="utf-8"))
            arrays = load_arrays(folder / _ARRAYS)
            sides = {
                side: {name: arrays[f"{side}.{i}"] for i, name in enumerate(meta["metrics"])}
                for side in ("baseline", "quantized")
            }
            answers = None
            if "answers.baseline" in arrays:
                answers = (arrays["answers.baseline"], arrays["answers.quantized"])
            others = {
                other: {name: arrays[f"other.{place}.{i}"] for i, name in enumerate(meta["metrics"])}
                for place, other in enumerate(meta["others"])
            }
            strata = [
                Stratified(entry["name"], arrays[f"strata.{i}"], tuple(entry["labels"]))
                for i, entry in enumerate(meta["strata"])
            ]
            return cls(
                int(meta["n"]),
                sides["baseline"],
                sides["quantized"],
                answers,
                strata,
                arrays.get("units"),
                meta["facts"],
                others,
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise QSpecError(
                f"The stored scores in {folder.name} cannot be read: {error}.", hint="run again with --fresh"
            ) from error
