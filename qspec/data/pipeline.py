"""A declared pipeline, made ready: each step looked up, its arguments judged, before anything is read."""

from __future__ import annotations

from collections.abc import Sequence

from qspec.data.table import Array, listed
from qspec.data.transforms import VERSION, Arguments, Transform, registry
from qspec.errors import QSpecError
from qspec.model.evaluation import Pipeline
from qspec.model.expression import Term


class Steps:
    """The transforms of a pipeline, before and after the graph."""

    def __init__(self, pipeline: Pipeline | None) -> None:
        """Raises `QSpecError` for an unknown transform or argument, or another version of the transform list."""
        given = pipeline or Pipeline()
        if given.version is not None and given.version.value != VERSION:
            raise QSpecError(
                f"The pipeline asks for version {given.version} of the transforms, and this program has version {VERSION}.",
                hint="results of another version are not comparable; install the program that has it",
            )
        self._before = [_step(term, "pre") for term in given.pre]
        self._after = [_step(term, "post") for term in given.post]

    def before(self, feeds: dict[str, Array]) -> dict[str, Array]:
        """The inputs after the `pre` steps; a step with `input: NAME` touches that input only, others all of them."""
        for only, transform in self._before:
            if only is not None and only not in feeds:
                raise QSpecError(f"A transform is for the input {only}, and the inputs are {listed(feeds)}.")
            feeds = {
                name: transform(array) if only in (None, name) else array for name, array in feeds.items()
            }
        return feeds

    def after(self, output: Array) -> Array:
        """The output after the `post` steps, first axis the examples."""
        for _, transform in self._after:
            output = transform(output)
        return output


def _step(term: Term, stage: str) -> tuple[str | None, Transform]:
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
    arguments = Arguments(term)
    only = arguments.word("input", None) if stage == "pre" else None
    transform = entry.make(arguments)
    arguments.finish()
    return only, transform


def post_terms(terms: Sequence[Term]) -> Steps:
    """Steps of the given `post` terms alone."""
    return Steps(Pipeline(post=list(terms)))
