"""Logistic regression with a ridge, by Newton's method: the second of the two models, after running rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
RIDGE = 2.0
STEPS = 60
DIGITS = 9
"""Significant digits that are kept, so that the same data gives the same bytes on another machine."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """P = 1 / (1 + exp(-(intercept + weights . (x - centre) / scale)))."""

    intercept: float
    weights: tuple[float, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]

    def probabilities(self, rows: Matrix) -> Matrix:
        standard = (rows - np.array(self.centre)) / np.array(self.scale)
        return sigmoid(self.intercept + standard @ np.array(self.weights))


def sigmoid(x: Matrix) -> Matrix:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0)))


def fit(rows: Matrix, late: Matrix, trust: Matrix, *, ridge: float = RIDGE) -> Logistic:
    """The weights that explain ``late`` (0 or 1) best; ``trust`` weighs the rows.

    A row about which little was known teaches little: early running rates are noise.
    """
    trust = trust + 1e-9
    centre = np.average(rows, axis=0, weights=trust)
    scale = np.sqrt(np.average((rows - centre) ** 2, axis=0, weights=trust)) + 1e-9
    design = np.column_stack([np.ones(len(rows)), (rows - centre) / scale])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-6
    beta = _newton(design, late, trust, penalty)
    return Logistic(rounded(beta[0]), _tuple(beta[1:]), _tuple(centre), _tuple(scale))


def _newton(design: Matrix, late: Matrix, trust: Matrix, penalty: Matrix) -> Matrix:
    beta: Matrix = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = sigmoid(design @ beta)
        slope = design.T @ (trust * (late - p)) - penalty * beta
        curve = (design * (trust * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return beta


def rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _tuple(values: Sequence[float] | Matrix) -> tuple[float, ...]:
    return tuple(rounded(float(value)) for value in values)
