"""A declared pipeline, made ready: each step looked up, its arguments judged, before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from qspec.data.limits import DEFAULT_LIMITS
from qspec.data.nature import Nature
from qspec.data.table import Array, listed
from qspec.data.transforms import VERSION, Arguments, Files, Masked, Pooling, Transform, registry
from qspec.errors import QSpecError
from qspec.model.evaluation import Pipeline
from qspec.model.expression import Term


class Steps:
    """The transforms of a pipeline, before and after the graph."""

    def __init__(self, pipeline: Pipeline | None, files: Files | None = None) -> None:
        """`files` says where transforms find the files they name.

        Raises `QSpecError` for an unknown transform or argument, or another version of the transform list.
        """
        given = pipeline or Pipeline()
        if given.version is not None and given.version.value != VERSION:
            raise QSpecError(
                f"The pipeline asks for version {given.version} of the transforms, and this program has version {VERSION}.",
                hint="results of another version are not comparable; install the program that has it",
            )
        self._before = [_step(term, "pre", files) for term in given.pre]
        self._after = [_step(term, "post", files) for term in given.post]
        self._leave = [registry.get(term.name).leaves for term in given.post]
        self._files = files

    @property
    def used(self) -> dict[str, str]:
        """The digests of the files and the versions of the packages that the transforms use."""
        return dict(self._files.used) if self._files is not None else {}

    def before(self, feeds: dict[str, Array]) -> dict[str, Array]:
        """The inputs after the `pre` steps; a step with `input: NAME` touches that input only, others all of them."""
        self.check_names(feeds)
        return {name: self.transformed(name, array) for name, array in feeds.items()}

    def check_names(self, inputs: Iterable[str]) -> None:
        """Raise `QSpecError` where a step is for an input that is none of these."""
        every = list(inputs)
        for only, _ in self._before:
            if only is not None and only not in every:
                raise QSpecError(f"A transform is for the input {only}, and the inputs are {listed(every)}.")

    def transformed(self, name: str, array: Array) -> Array:
        """One input after its steps; texts, which name images or become tokens, in blocks that bound memory."""
        steps = [transform for only, transform in self._before if only in (None, name)]
        if not steps or array.dtype.kind not in "US" or len(array) <= _BLOCK:
            return _run(steps, array)
        made: Array | None = None
        for start in range(0, len(array), _BLOCK):
            block = _run(steps, array[start : start + _BLOCK])
            if made is None:
                size = block.nbytes // len(block) * len(array)
                DEFAULT_LIMITS.check("decompressed_bytes", size, f"The input {name}, transformed, in bytes,")
                made = np.empty((len(array), *block.shape[1:]), block.dtype)
            if block.shape[1:] != made.shape[1:]:
                raise QSpecError(
                    f"The examples of the input {name} differ in shape: {block.shape[1:]} and {made.shape[1:]}.",
                    hint="add a transform that makes them alike, such as resize(224, 224) or center-crop(224)",
                )
            made[start : start + len(block)] = block
        assert made is not None
        return made

    def mask(self, name: str, array: Array) -> Array | None:
        """Where an input holds tokens and no padding; None where none of its steps makes tokens out of texts."""
        for only, transform in self._before:
            if only in (None, name):
                if isinstance(transform, Masked):
                    return transform.mask(array)
                array = transform(array)
        return None

    @property
    def pools(self) -> bool:
        """Whether one of the `post` steps makes one vector of those of tokens."""
        return any(isinstance(transform, Pooling) for _, transform in self._after)

    def after(self, output: Array, mask: Callable[[], Array | None] | None = None) -> Array:
        """The output after the `post` steps, first axis the examples.

        `mask` tells where tokens are and where padding, for steps that pool; None of tasks whose examples have no tokens.
        """
        for _, transform in self._after:
            if mask is not None and isinstance(transform, Pooling):
                output = transform.pooled(output, mask())
            else:
                output = transform(output)
        return output

    def leaves(self, nature: Nature) -> Nature:
        """What an output's numbers over classes are after the `post` steps, from what the graph gives."""
        for leave in self._leave:
            nature = leave(nature)
        return nature


_BLOCK = 64
"""Examples transformed at a time where each is a text."""


def _run(steps: Sequence[Transform], array: Array) -> Array:
    for transform in steps:
        array = transform(array)
    if array.dtype.kind == "O":
        raise QSpecError(
            "The images differ in size.", hint="add resize(224, 224), or resize(256) and center-crop(224)"
        )
    return array


def _step(term: Term, stage: str, files: Files | None = None) -> tuple[str | None, Transform]:
    if term.name not in registry:
        near = registry.suggest(term.name)
        raise QSpecError(
            f"There is no transform called {term.name!r}.",
            hint=f"did you mean {near}?" if near else f"transforms are {listed(registry.names(), 40)}",
        )
    entry = registry.get(term.name)
    if stage not in entry.stages:
        raise QSpecError(
            f"The transform {term.name} stands {' or '.join(entry.stages)} the graph, not in {stage}."
        )
    arguments = Arguments(term, files)
    only = arguments.word("input", None) if stage == "pre" else None
    transform = entry.make(arguments)
    arguments.finish()
    return only, transform
