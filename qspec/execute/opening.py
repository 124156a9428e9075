"""Opens what an evaluation reads, its test split and the split thresholds are chosen on, and holds it against the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.chat import ChatTemplate, open_chat
from qspec.data.nature import Nature
from qspec.data.paths import inside
from qspec.data.source import open_table
from qspec.data.splits import overlap
from qspec.data.table import Table
from qspec.data.tokenizer import Tokenizer
from qspec.data.transforms import VERSION
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.correctness import are_flips
from qspec.execute.evaluate import Column
from qspec.execute.located import located
from qspec.execute.plan import DataPlan, EvaluationPlan, Plan
from qspec.execute.realize import data_digest, open_data
from qspec.execute.scoring import Sessions, everything
from qspec.execute.sources import find, locate, name_of, sibling, steps
from qspec.execute.tasks import Opener
from qspec.execute.tasks import registry as tasks
from qspec.execute.tasks.runner import TaskData
from qspec.lang.resolve import Origin
from qspec.metrics.bind import BoundMetric, bind
from qspec.metrics.deciding import Decision, decisions
from qspec.metrics.definition import Availability, Family
from qspec.metrics.parameters import spoken
from qspec.metrics.predictions import Predictions
from qspec.model.measurand import MeasurandKind, measurand
from qspec.quantize.ending import ending
from qspec.quantize.graph import open_model
from qspec.registry import UnknownNameError

_FROM_PREDICTIONS = frozenset({"kl", "cosine"})
"""Distances that need more of a model than its answers, so that they are kept while it runs."""


@dataclass(frozen=True)
class Opening:
    """One planned evaluation on its way to being run."""

    plan: Plan
    sessions: Sessions
    evaluation: EvaluationPlan

    def opener(self) -> Opener:
        """What opens the task; raises `NotExecutableError` for one that the language does not know."""
        try:
            return tasks.get(self.evaluation.task)
        except UnknownNameError:
            raise NotExecutableError(
                f"No task is called `{self.evaluation.task}`.",
                hint=f"tasks that run are {', '.join(sorted([*tasks.names(), *tasks.aliases()]))}",
            ) from None

    def metrics(self) -> list[BoundMetric]:
        """The declared metrics that running a model gives, and the distances that the claim bounds beside them.

        Raises `NotExecutableError` where none of them can be had so.
        """
        given = [one for one in self._declared if one.unavailable is None]
        if not given:
            refused = all(one.metric.availability is Availability.REFUSED for one in self._declared)
            raise NotExecutableError(
                f"Running a model does not give {spoken([str(one) for one in self._declared])}.",
                hint="it can be stated and checked, and is judged by people"
                if refused
                else "judge what was made elsewhere: `qspec judge SPEC --scores FILE`",
            )
        undecided = {name: how for name, how in self.decisions.items() if how.because is not None}
        here = [one for one in given if str(one) not in undecided]
        if not here:
            first = undecided[str(given[0])]
            raise NotExecutableError(str(first.because), hint=first.hint)
        # Flips follow from the scores of a metric that is 0 or 1; where there is none, from the answers themselves.
        scored = any(one.family is Family.BINARY for one in here)
        return [one for one in here + self.distances() if not (scored and are_flips(one))]

    @cached_property
    def _declared(self) -> list[BoundMetric]:
        return [bind(term, task=self.evaluation.task) for term in self.evaluation.metrics]

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """How the declared metrics that are decided at a threshold come to it."""
        return decisions(self._declared, self.evaluation.evaluation.threshold)

    def distances(self) -> list[BoundMetric]:
        """Distances that the claim bounds here, the evaluation does not declare, and stored answers do not give."""
        found: dict[str, BoundMetric] = {}
        declared = {str(term) for term in self.evaluation.metrics}
        for assertion in self.plan.resolved.claim.assertions:
            subject = measurand(assertion.quantity)
            if subject.kind is not MeasurandKind.DISTANCE or subject.metric is None:
                continue
            here = assertion.on in (None, self.evaluation.name) and str(subject.metric) not in declared
            if not here:
                continue
            bound = bind(subject.metric)
            kept = bound.name in _FROM_PREDICTIONS or are_flips(bound)
            if kept and self.evaluation.task in bound.metric.tasks:
                found[str(subject.metric)] = bound
        return list(found.values())

    def task_data(
        self, data: DataPlan, table: Table, rows: NDArray[np.int64], metrics: Sequence[BoundMetric]
    ) -> TaskData:
        """What the task is given of a split."""
        executor = self.plan.resolved.executor
        assert executor is not None
        return TaskData(
            self.evaluation.evaluation,
            data.dataset,
            table,
            rows,
            steps(self.plan, self.evaluation),
            tuple(executor.model.outputs) if executor.model is not None else (),
            tuple(metrics),
            {port.name: port for port in self.sessions[0].inputs},
            lambda source: open_table(*locate(self.plan, data.folder, source)),
            self.tokenizer,
            self.chat,
            self.ends,
        )

    def ends(self, name: str, place: int) -> Nature:
        """What the numbers of an output are, as the baseline's graph ends, for both models alike."""
        natures = self._natures
        known = name if name in natures else list(natures)[min(place, len(natures) - 1)]
        if natures[known] is not Nature.SCORES:
            self._told[known] = natures[known].value
        return natures[known]

    @cached_property
    def _natures(self) -> dict[str, Nature]:
        """What each output of the baseline's graph holds, in order; the graph itself is not kept."""
        graph = open_model(self.sessions[0].path)
        return {port.name: ending(graph.proto, port.name) for port in graph.outputs}

    @cached_property
    def _told(self) -> dict[str, str]:
        return {}

    def facts(self) -> dict[str, Any]:
        """What the record keeps of how outputs were read: those that the graph ends in something else than scores."""
        return {"outputs": dict(self._told)} if self._told else {}

    @cached_property
    def _named(self) -> tuple[Origin, str] | None:
        """Where the model names its tokenizer, and how."""
        executor = self.plan.resolved.executor
        if executor is None or executor.model is None or executor.model.tokenizer is None:
            return None
        return executor.model_origin or executor.where("model"), str(executor.model.tokenizer)

    @cached_property
    def tokenizer(self) -> Tokenizer | None:
        """The model's tokenizer, opened; None where the spec names none."""
        if self._named is None:
            return None
        origin, text = self._named
        with located(origin):
            root, path = locate(self.plan, origin.loaded.folder, text)
            return Tokenizer(inside(root, path, what="tokenizer"))

    @cached_property
    def chat(self) -> ChatTemplate | None:
        """The chat template beside the tokenizer, where the prompt declares one and it is there."""
        prompt = self.evaluation.evaluation.prompt
        if self._named is None or prompt is None or not prompt.chat_template:
            return None
        origin, text = self._named
        with located(origin):
            return open_chat(lambda name: find(self.plan, origin.loaded.folder, sibling(text, name)))

    def texts_read(self) -> dict[str, str]:
        """The files that make texts of token numbers, by path below the root or address in a hub, with their SHA-256."""
        if self._named is None or self.tokenizer is None:
            return {}
        origin, text = self._named
        read = {text: self.tokenizer.sha256}
        if self.chat is not None:
            read |= {sibling(text, name): sha256 for name, sha256 in self.chat.files.items()}
        return {name_of(self.plan, origin.loaded.folder, one): sha256 for one, sha256 in read.items()}

    def check(self, inputs: Mapping[str, Column]) -> None:
        """Raise `QSpecError` where the inputs do not fit one of the models."""
        first = {name: np.asarray(column[0:1]) for name, column in inputs.items()}
        for session in self.sessions:
            wrong = session.check_inputs(
                {name: (None, *array.shape[1:]) for name, array in first.items()},
                {name: array.dtype.name for name, array in first.items()},
            )
            if wrong:
                raise QSpecError(
                    wrong[0],
                    hint="the data set's `inputs` map an input of the model to a column of the data",
                    rule="QS902",
                )

    def tuning(
        self, metrics: Sequence[BoundMetric], tested: NDArray[np.int64], batch: int
    ) -> tuple[Predictions, Predictions]:
        """Both models' predictions on the split that thresholds are chosen on; never one that shares rows with the test.

        Raises `QSpecError` for a split that is not declared or overlaps.
        """
        data = self.tuning_plan()
        assert data is not None
        table, rows = open_data(self.plan, data)
        test = self.evaluation.data
        if data.name == test.name and (shared := overlap(rows, tested)):
            raise QSpecError(
                f"The split {data.split or data.name} that thresholds are chosen on shares {shared} rows with the test set.",
                hint="choose thresholds on a split of its own",
                rule="QS906",
            )
        with located(data.declared):
            runner = self.opener()(self.task_data(data, table, rows, metrics))
            self.check(runner.inputs())
            first, second = (everything(runner, session, batch) for session in self.sessions)
        return first, second

    def tuning_plan(self) -> DataPlan | None:
        """The split that thresholds are chosen on; None where the evaluation chooses none.

        Raises `QSpecError` for a data set that is not declared.
        """
        declared = self.evaluation.evaluation.threshold
        executor = self.plan.resolved.executor
        if declared is None or declared.from_ is None or executor is None:
            return None
        where = executor.where("threshold")
        with located(where):
            found = self.plan.resolved.dataset(declared.from_)
            if found is None:
                raise QSpecError(
                    f"The data set `{declared.from_.name}` that thresholds are chosen on is not declared.",
                    hint="name a split of a declared data set: `threshold { from: NAME.SPLIT }`",
                )
        dataset, name, split, origin = found
        return DataPlan(dataset, name, split, origin.loaded.folder, where, origin)

    def splits(self) -> dict[str, DataPlan]:
        """The splits that are read: the test split, and the one that thresholds are chosen on, if any."""
        tuning = self.tuning_plan()
        return {"test": self.evaluation.data, **({"tuning": tuning} if tuning is not None else {})}

    def data_digest(self) -> dict[str, Any]:
        """Everything that determines which examples are read."""
        found: dict[str, Any] = {}
        if used := steps(self.plan, self.evaluation).used:
            found["pipeline"] = used | {"transforms": str(VERSION)}
        if self.tokenizer is not None:
            found["tokenizer"] = {"sha256": self.tokenizer.sha256, "version": self.tokenizer.version}
        if self.chat is not None:
            found["chat-template"] = self.chat.files
        for role, data in self.splits().items():
            found[role] = {
                "data": data.dataset.to_json(),
                "split": data.split,
                "file": data_digest(self.plan, data),
            }
        return found
