"""Learning which weights to round up, by gradient descent on the error of a layer's products."""

from __future__ import annotations

import numpy as np

from qspec.quantize.grams import Doubles

RATE = 0.03
PENALTY = 1.0
"""Weight of an undecided rounding, in units of the mean error that rounding to nearest makes of a weight."""

WARM = 0.2
"""Share of the iterations before roundings are pushed to a decision."""

SHARPNESS = (20.0, 2.0)
"""The beta of the penalty, annealed from the first to the second."""

STRETCH = (1.1, -0.1)
"""The zeta and gamma of the rectified sigmoid."""

_NEAR = 1e-3
"""Distance from a code, in steps, under which a weight stays on it."""


def learn(
    scaled: Doubles, steps: Doubles, gram: Doubles, span: tuple[float, float], iterations: int
) -> Doubles:
    """Codes in `span` for weights divided by their `steps`, both (outputs, inputs), under second moments `gram`.

    Minimizes the error of the products, over that of rounding to nearest, plus the penalty on what is undecided.
    """
    low, high = span
    nearest = np.clip(np.rint(scaled), low, high)
    floor = np.clip(np.floor(scaled), low, high)
    settled = (np.abs(scaled - nearest) < _NEAR) | (floor >= high) | (scaled <= low)

    def errors(codes: Doubles) -> Doubles:
        """Squared error of each row's products."""
        off = (codes - scaled) * steps
        squared: Doubles = np.einsum("ij,ij->i", off @ gram, off)
        return squared

    before = errors(nearest)
    scale = float(before.sum()) / max(scaled.size, 1)
    if scale <= 0:
        return nearest
    zeta, gamma = STRETCH
    part = np.clip((scaled - floor - gamma) / (zeta - gamma), 1e-4, 1 - 1e-4)
    variable = np.log(part / (1 - part))
    adam = _Adam(variable.shape)
    for step in range(iterations):
        sigmoid = 1 / (1 + np.exp(-variable))
        share = np.clip(sigmoid * (zeta - gamma) + gamma, 0, 1)
        off = np.where(settled, nearest - scaled, floor + share - scaled) * steps
        gradient = 2 * (off @ gram) * steps / scale
        gradient += PENALTY * _pushed(share, step / iterations)
        inside = (share > 0) & (share < 1) & ~settled
        gradient *= np.where(inside, sigmoid * (1 - sigmoid) * (zeta - gamma), 0)
        variable -= adam.step(gradient)
    share = np.clip((zeta - gamma) / (1 + np.exp(-variable)) + gamma, 0, 1)
    learned = np.where(settled, nearest, np.clip(floor + (share >= 0.5), low, high))
    better = errors(learned) < before
    return np.where(better[:, np.newaxis], learned, nearest)


def _pushed(share: Doubles, done: float) -> Doubles:
    """Gradient of 1 - |2h - 1|^beta at the shares h, once the warm-up is over."""
    if done < WARM:
        return np.zeros_like(share)
    start, end = SHARPNESS
    left = 1 - (done - WARM) / (1 - WARM)
    beta = end + (start - end) * left
    away = 2 * share - 1
    gradient: Doubles = -2 * beta * np.sign(away) * np.abs(away) ** (beta - 1)
    return gradient


class _Adam:
    """Steps of Adam (Kingma and Ba, ICLR 2015), its usual moments."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._mean, self._square, self._count = np.zeros(shape), np.zeros(shape), 0

    def step(self, gradient: Doubles) -> Doubles:
        """What to subtract for this gradient."""
        self._count += 1
        self._mean = 0.9 * self._mean + 0.1 * gradient
        self._square = 0.999 * self._square + 0.001 * gradient**2
        mean = self._mean / (1 - 0.9**self._count)
        step: Doubles = RATE * mean / (np.sqrt(self._square / (1 - 0.999**self._count)) + 1e-8)
        return step
