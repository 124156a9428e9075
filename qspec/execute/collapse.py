"""Looks at a few examples before all of them are run: whether the quantized model still answers as the baseline does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.execute.evaluate import Column, Rows, evaluate
from qspec.execute.sessions import Arrays, Session

Answer = Callable[[Arrays, Rows], NDArray[Any]]
"""From the outputs of some examples and their row numbers to one answer for each, or several, negative where none counts;
to a score where answers are chosen among items."""

_LEAST_ENTROPY = 0.5
"""Share of the baseline's entropy below which the answers have collapsed onto few."""
_LEAST_AGREEMENT = 0.5
"""Agreement below which most answers are others."""
_ALIKE = 0.9
"""Agreement from which outputs on another scale are no sign of a collapse: the answers are read off them all the same."""
_LEAST_RATIO = 0.0
"""Decibels below which the difference of the outputs is larger than the outputs."""


@dataclass(frozen=True, slots=True)
class Collapse:
    """How far apart two models are on `sample` examples.

    `entropy` is that of the answers of baseline and quantized model, in bits, and `agreement` the share of equal
    answers, of all that count where an example has many (tokens, pixels); both None where answers are not discrete or
    none counts. `ratio` is the signal-to-noise ratio of the outputs in
    decibels, infinite for equal ones and None where no outputs of floats fit each other.
    """

    sample: int
    entropy: tuple[float, float] | None
    agreement: float | None
    ratio: float | None

    def suspicions(self) -> Iterator[str]:
        """What speaks for a collapse."""
        if self.entropy is not None and self.entropy[1] < _LEAST_ENTROPY * self.entropy[0]:
            yield f"its answers have an entropy of {self.entropy[1]:.2f} bits, the baseline's {self.entropy[0]:.2f}"
        if self.agreement is not None and self.agreement < _LEAST_AGREEMENT:
            yield f"it agrees with the baseline on {self.agreement:.0%} of the answers"
        alike = self.agreement is not None and self.agreement >= _ALIKE
        if self.ratio is not None and self.ratio < _LEAST_RATIO and not alike:
            yield f"its outputs differ from the baseline's by more than these measure ({self.ratio:.1f} dB)"

    def facts(self) -> dict[str, Any]:
        """As the record keeps it."""
        found: dict[str, Any] = {"sample": self.sample, "suspicions": list(self.suspicions())}
        if self.entropy is not None:
            found["entropy"] = {"baseline": round(self.entropy[0], 4), "quantized": round(self.entropy[1], 4)}
            found["agreement"] = self.agreement
        if self.ratio is not None:
            found["signal-to-noise"] = round(self.ratio, 2) if math.isfinite(self.ratio) else "infinite"
        return found


def collapse(
    sessions: tuple[Session, Session],
    inputs: Mapping[str, Column],
    answer: Answer | None,
    *,
    batch: int,
    sample: int,
    among: int = 1,
) -> Collapse:
    """Run both models on an evenly spaced sample and compare answers and outputs. Raises as `evaluate` does.

    Where an answer is chosen `among` several items that follow each other, the sample is of so many items each.
    """
    rows = spaced(len(next(iter(inputs.values()))), sample, among)
    energy, noise = [0.0], [0.0]
    waiting: list[Arrays] = [{}]

    def answers(outputs: Arrays, at: Rows) -> Arrays:
        return {"answer": answer(outputs, at)} if answer is not None else {}

    def baseline(outputs: Arrays, at: Rows) -> Arrays:
        waiting[0] = {name: array.copy() for name, array in outputs.items()}
        return answers(outputs, at)

    def quantized(outputs: Arrays, at: Rows) -> Arrays:
        for name, first in waiting[0].items():
            second = outputs.get(name)
            if second is None or first.dtype.kind != "f" or first.shape != second.shape:
                continue
            signal = first.astype(np.float64)
            inside = np.isfinite(signal) & np.isfinite(second)
            energy[0] += float(np.square(signal, where=inside, out=np.zeros_like(signal)).sum())
            noise[0] += float(np.square(signal - second, where=inside, out=np.zeros_like(signal)).sum())
        return answers(outputs, at)

    run = evaluate(*sessions, inputs, baseline, batch=batch, order=rows, reduce_quantized=quantized)
    entropy = agreement = None
    if answer is not None:
        one, other = (chosen(side["answer"], among) for side in (run.baseline, run.quantized))
        counted = one >= 0 if one.dtype.kind in "iu" else np.ones(one.shape, np.bool_)
        if counted.any():
            entropy = _entropy(one[counted]), _entropy(other[counted])
            agreement = float(np.mean(one[counted] == other[counted]))
    ratio = (
        10 * math.log10(energy[0] / noise[0]) if energy[0] and noise[0] else math.inf if energy[0] else None
    )
    return Collapse(len(rows) // among, entropy, agreement, ratio)


def spaced(count: int, sample: int, among: int = 1) -> Rows:
    """The places of at most `sample` of `count` examples, evenly spaced: data are often sorted by what they are of.

    Examples of `among` items each stay whole; `count` is of items then, and so are the places.
    """
    examples = count // among
    found = np.unique(np.linspace(0, examples - 1, min(sample, examples)).round().astype(np.intp))
    return (found[:, None] * among + np.arange(among)).reshape(-1)


def chosen(found: NDArray[Any], among: int) -> NDArray[Any]:
    """The answers as they were found, or for every `among` scores the place of the highest."""
    return found if among == 1 else found.reshape(-1, among).argmax(axis=1)


def _entropy(answers: NDArray[Any]) -> float:
    """Of the distribution of the answers, in bits."""
    _, counts = np.unique(answers, return_counts=True)
    share = counts / counts.sum()
    return abs(float(-(share * np.log2(share)).sum()))
