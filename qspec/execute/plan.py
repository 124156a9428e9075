"""What a claim asks to be run: files, digests, splits, batches, provider, all decided before anything runs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from qspec import canonical
from qspec.data import hub
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.loads import check_load
from qspec.execute.located import located
from qspec.execute.options import Options
from qspec.execute.questions import refuse_unread
from qspec.lang.resolve import Origin, ResolvedClaim, ResolvedExecutor, Resolver, test_split
from qspec.metrics.bind import bind
from qspec.metrics.tasks import TASKS, find_task, suggest_task
from qspec.model.artifact import Dataset, ModelFile
from qspec.model.evaluation import Calibration, Evaluated, Load, TestSet
from qspec.model.executor import Baseline
from qspec.model.expression import Pinned, Term
from qspec.model.measurand import measurand
from qspec.model.precision import Precision
from qspec.model.quantity import Quantity
from qspec.model.shorthand import expand

DEFAULT_BATCH = 32


@dataclass(frozen=True)
class DataPlan:
    """A split of a declared data set: which file, which rows, and where the spec says so."""

    dataset: Dataset
    name: str
    split: str | None
    folder: Path
    """Folder the source path starts from."""
    origin: Origin
    """Where the spec asks for it."""
    declared: Origin
    """Where the data set is declared."""

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.name}.{self.split}" if self.split else self.name


@dataclass(frozen=True)
class EvaluationPlan:
    """One evaluation: a task and its metrics on a split."""

    name: str
    evaluation: Evaluated
    task: str
    metrics: list[Term]
    data: DataPlan
    origin: Origin


@dataclass(frozen=True)
class ModelPlan:
    """One side of the pair: a file, and the precision it is brought to (None when it is run as it is)."""

    path: Path
    sha256: str | None
    precision: Precision | None
    calibration: Calibration | None
    data: DataPlan | None
    origin: Origin
    precision_origin: Origin
    label: str
    """What people call this side: a precision, or the name of the file."""
    arrived: Precision | None = None
    """The precision that a file which arrived quantized is declared to have; it is run as it is."""
    address: str | None = None
    """Where the file is fetched from, where it is a hub's; `path` is its place once it is here."""


@dataclass(frozen=True)
class Plan:
    """Everything that determines a run of one claim, and nothing that was computed."""

    resolved: ResolvedClaim
    baseline: ModelPlan
    quantized: ModelPlan
    evaluations: list[EvaluationPlan]
    loads: list[tuple[str, Load]]
    provider: str
    threads: int | None
    inter_threads: int
    graph_optimization: str
    provider_options: dict[str, Any]
    batch: int
    root: Path
    options: Options
    affinity: str | None = None
    """Processors that the threads are bound to, as the kernel lists them: `0-3,8`."""
    reference: ModelPlan | None = None
    """The exported program that the baseline is held against, where the model names one."""
    notes: list[str] = field(default_factory=list)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the plan fixes."""
        return canonical.digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """The plan as plain data; paths are told by the digests of what they hold."""
        return {
            "claim": self.resolved.name,
            "baseline": _side(self.baseline),
            "quantized": _side(self.quantized),
            "evaluations": [
                {
                    "name": e.name,
                    "task": e.task,
                    "metrics": [str(m) for m in e.metrics],
                    "data": e.data.label,
                }
                for e in self.evaluations
            ],
            "loads": [{"name": name, **load.to_json()} for name, load in self.loads],
            "provider": self.provider,
            "threads": self.threads,
            "inter_threads": self.inter_threads,
            "graph_optimization": self.graph_optimization,
            "options": {k: str(v) for k, v in self.provider_options.items()},
            "batch": self.batch,
            **({"affinity": self.affinity} if self.affinity else {}),
            **({"reference": self.reference.sha256} if self.reference else {}),
        }


def _side(side: ModelPlan) -> dict[str, Any]:
    return {
        "sha256": side.sha256,
        "precision": side.precision.to_json() if side.precision else None,
        "arrived": side.arrived.to_json() if side.arrived else None,
        "calibration": side.calibration.to_json() if side.calibration else None,
    }


def make_plan(resolved: ResolvedClaim, options: Options) -> Plan:
    """The plan of one claim; raises `QSpecError` with a place for whatever is missing or cannot be run here."""
    executor = resolved.executor
    if executor is None:
        with located(resolved.origin):
            raise QSpecError(
                f"The claim `{resolved.name}` names no executor, so there is nothing to run.",
                hint="write `claim NAME on EXECUTOR { … }`",
            )
    return _Planner(resolved, executor, options).plan()


class _Planner:
    def __init__(self, resolved: ResolvedClaim, executor: ResolvedExecutor, options: Options) -> None:
        self.resolved, self.executor, self.options = resolved, executor, options
        self.root = resolved.workspace.root

    def plan(self) -> Plan:
        declared = self.executor.executor
        runtime = self.executor.runtime
        with located(self.executor.where("runtime")):
            if runtime is not None and runtime.name not in (None, "onnxruntime"):
                raise NotExecutableError(
                    f"The runtime `{runtime.name}` is not run here; specs are executed on onnxruntime.",
                    hint="declare `name: onnxruntime` to realize the claim on it",
                )
        for index, assertion in enumerate(self.resolved.claim.assertions):
            with located(self.resolved.origin.at("assertions", index)):
                refuse_unread(assertion, measurand(assertion.quantity))
        evaluations = [self._evaluation(name, evaluation) for name, evaluation in declared.each_evaluation()]
        loads = list(declared.each_load())
        for name, load in loads:
            with located(self.executor.where("loads").at(name) if name else self.executor.where("load")):
                check_load(load)
        quantized = self._quantized()
        return Plan(
            self.resolved,
            self._baseline(),
            quantized,
            evaluations,
            loads,
            provider=self.options.provider or (runtime.provider if runtime else None) or "cpu",
            threads=self.options.threads or _count(runtime.threads if runtime else None),
            inter_threads=_count(runtime.inter_threads if runtime else None) or 1,
            graph_optimization=(runtime.graph_optimization if runtime else None) or "all",
            provider_options={
                key: str(value)
                for key, value in (runtime.options.members if runtime and runtime.options else {}).items()
            },
            batch=next((b for _, load in loads if (b := _count(load.batch))), None) or DEFAULT_BATCH,
            root=self.root,
            options=self.options,
            affinity=runtime.affinity if runtime else None,
            reference=self._reference(),
        )

    # The pair --------------------------------------------------------------------------------

    def _base_file(self, executor: ResolvedExecutor) -> tuple[str, str | None, Origin]:
        origin = executor.model_origin or executor.where("model")
        model = executor.model
        name = model.base.name if model is not None and isinstance(model.base, Pinned) else None
        if model is not None and model.file is None and name is not None:
            declared = self._declared_file(name)
            if declared is not None:
                return declared
        with located(origin):
            if model is None or model.file is None:
                raise NotExecutableError(
                    f"The model {f'`{name}` ' if name else ''}is not given as a file, so it cannot be run here.",
                    hint='add `file: "models/NAME.onnx"` and its `sha256` to the model',
                )
            return model.file, model.sha256, origin

    def _declared_file(self, name: str) -> tuple[str, str | None, Origin] | None:
        """The file of the model declared under `name`, its digest, and where it is declared; None without one."""
        found = self.resolved.workspace.find("models", name)
        if found is None or found[0].file is None:
            return None
        return found[0].file, found[0].sha256, Origin(found[1], ("models", name))

    def _quantized(self) -> ModelPlan:
        executor, model = self.executor, self.executor.model
        origin = executor.model_origin or executor.where("model")
        precision = executor.executor.precision
        if model is not None and isinstance(model.quantized, ModelFile):
            arrived = model.quantized
            with located(origin):
                if arrived.file is None:
                    raise QSpecError(
                        "The quantized model names no file.", hint='add `file: "…"` and `sha256`'
                    )
            path, address = _placed(origin.loaded.folder, arrived.file)
            return ModelPlan(
                path,
                arrived.sha256,
                None,
                None,
                None,
                origin,
                executor.where("precision"),
                Path(arrived.file).name,
                _declared(precision, executor.where("precision")),
                address,
            )
        with located(executor.where("precision")):
            if not isinstance(precision, Precision):
                raise QSpecError(
                    "The executor declares no precision, so there is nothing to realize.",
                    hint="add `precision { method: ptq-static, weights: int8, activations: uint8 }`",
                )
            file, sha256, origin = self._base_file(executor)
            return self._side(file, sha256, expand(precision), origin, "quantized")

    def _side(
        self, file: str, sha256: str | None, precision: Precision | None, origin: Origin, label: str
    ) -> ModelPlan:
        calibration = self.executor.executor.calibration if precision is not None else None
        stated = calibration if isinstance(calibration, Calibration) else None
        data = None
        if stated is not None and isinstance(stated.data, Pinned):
            data = self._data(stated.data, None, self.executor.where("calibration").at("data"))
        where = self.executor.where("precision")
        path, address = _placed(origin.loaded.folder, file)
        return ModelPlan(path, sha256, precision, stated, data, origin, where, label, address=address)

    def _baseline(self) -> ModelPlan:
        declared = self.executor.executor.baseline
        where = self.executor.where("baseline")
        with located(where):
            if not isinstance(declared, Baseline):
                raise QSpecError(
                    "The executor declares no baseline, and a loss is relative to one.",
                    hint="add `baseline: fp32`",
                )
            if declared.kind == "executor":
                other = Resolver(self.resolved.workspace).executor(declared.name, where)
                if other is None:
                    raise QSpecError(
                        f"No executor is called `{declared.name}`.", hint="declare it, or name a precision"
                    )
                side = _Planner(self.resolved, other, self.options)._quantized()
                return ModelPlan(**{**side.__dict__, "label": declared.name})
            if declared.kind == "model":
                found = self._declared_file(declared.name)
                if found is None:
                    raise QSpecError(
                        f"No model file is declared under the name `{declared.name}`.",
                        hint="add the model, with its `file`",
                    )
                file, sha256, origin = found
                path, address = _placed(origin.loaded.folder, file)
                return ModelPlan(
                    path, sha256, None, None, None, origin, where, declared.name, address=address
                )
            file, sha256, origin = self._base_file(self.executor)
            path, address = _placed(origin.loaded.folder, file)
            precision = (
                None if declared.name in {"fp32", "float32"} else expand(Precision(shorthand=declared.name))
            )
            return ModelPlan(
                path, sha256, precision, None, None, origin, where, declared.name, address=address
            )

    def _reference(self) -> ModelPlan | None:
        """The exported program that the model's file was made from, where the spec names one."""
        declared = self.executor.model.reference if self.executor.model is not None else None
        if declared is None:
            return None
        origin = (self.executor.model_origin or self.executor.where("model")).at("reference")
        with located(origin):
            if declared.file is None or not declared.file.endswith(".pt2"):
                raise QSpecError(
                    f"A reference model is an exported program, a `.pt2` file, and not {declared.file or 'nothing'}.",
                    hint="`torch.export.save` writes one; .pt and .pth files hold pickles, which may run code",
                )
        path, address = _placed(origin.loaded.folder, declared.file)
        where = self.executor.where("model")
        return ModelPlan(path, declared.sha256, None, None, None, origin, where, path.name, address=address)

    # The data --------------------------------------------------------------------------------

    def _evaluation(self, name: str, evaluation: Evaluated) -> EvaluationPlan:
        where = self.executor.origin if not name else self.executor.where("evaluations").at(name)
        with located(self.executor.where("task") if not name else where):
            if not isinstance(evaluation.task, str):
                raise QSpecError(
                    "No task is declared.", hint="add `task: image-classification`, or another task"
                )
            if find_task(evaluation.task) is None:
                near = suggest_task(evaluation.task)
                raise QSpecError(
                    f"There is no task called `{evaluation.task}`.",
                    hint=f"did you mean `{near}`?" if near else f"tasks are {', '.join(TASKS)}",
                )
        with located(self.executor.where("metrics") if not name else where):
            if not isinstance(evaluation.metrics, list) or not evaluation.metrics:
                raise QSpecError("No metric is declared.", hint="add `metrics: [top1]`, or others")
            for term in evaluation.metrics:
                bind(term, task=evaluation.task)
            metrics = list({str(term): term for term in evaluation.metrics}.values())  # each is computed once
        test_set = evaluation.test_set
        origin = self.executor.where("test-set") if not name else where.at("test-set")
        with located(origin):
            if not isinstance(test_set, TestSet) or not isinstance(test_set.data, Pinned):
                raise QSpecError(
                    "No test set is declared, so there is nothing to evaluate on.",
                    hint="add `test-set { data: NAME.SPLIT }`",
                )
            data = self._data(test_set.data, test_split(test_set, self.resolved), origin.at("data"))
        return EvaluationPlan(name, evaluation, evaluation.task, metrics, data, where)

    def _data(self, pinned: Pinned, split: str | None, origin: Origin) -> DataPlan:
        with located(origin):
            found = self.resolved.dataset(pinned)
            if found is None:
                raise NotExecutableError(
                    f"The data set `{pinned.name}` is named and not declared, so its file is not known.",
                    hint=f"declare it: `dataset {pinned.name.partition('.')[0]} {{ source: …, splits {{ … }} }}`",
                )
        dataset, name, own_split, declared = found
        return DataPlan(dataset, name, own_split or split, declared.loaded.folder, origin, declared)


def _placed(folder: Path, text: str) -> tuple[Path, str | None]:
    """The path of what a spec names as a model's file, and its address where that is a hub's."""
    if text.startswith(hub.SCHEME):
        return hub.place(text), text
    return folder / text, None


def _declared(precision: object, where: Origin) -> Precision | None:
    with located(where):
        return expand(precision) if isinstance(precision, Precision) else None


def _count(value: Quantity | None) -> int | None:
    if value is None:
        return None
    if value.value != value.value.to_integral_value() or value.value < 1 or value.value > 10**9:
        raise QSpecError(f"`{value}` is not a count.", hint="write a whole number of at least 1")
    return int(value.value)


def relative_to(root: Path, path: Path) -> str:
    """The path from the root, links unresolved, so that the check for leaving the root sees what was written."""
    return os.path.relpath(os.path.abspath(path), os.path.abspath(root.resolve()))  # noqa: PTH100
