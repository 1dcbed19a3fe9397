# SPDX-License-Identifier: Apache-2.0
"""Linear and nonlinear probes of scores in frozen representations."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .probing import Array, check_samples, scaler

_STRENGTHS = tuple(10.0 ** np.arange(-1.0, 6.5, 0.5))


def linear_score_probe(
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    *,
    strengths: Sequence[float] = _STRENGTHS,
    whiten: bool = False,
) -> Array:
    r"""Scores that ridge regression predicts from representations.

    With standardized or whitened representations :math:`\mathbf{x}_i` and scores :math:`y_i`,

    .. math:: \min_{\mathbf{w}, b} \sum_i
              \left(y_i - \mathbf{w}^\mathsf{T} \mathbf{x}_i - b\right)^2
              + \alpha \|\mathbf{w}\|^2 .

    The strength :math:`\alpha` with the smallest mean squared error of leave-one-out predictions is
    selected from ``strengths`` (scikit-learn's ``RidgeCV``).

    Source: A. E. Hoerl and R. W. Kennard, *Ridge Regression: Biased Estimation for Nonorthogonal
    Problems*, Technometrics, 1970.

    Parameters
    ----------
    train, test : ([num_samples, dim], [num_samples]), `float`
        Representations and scores. The scores of ``test`` are not used
    strengths : sequence of `float`
        Strengths of regularization
    whiten : `bool`
        Whether representations are whitened instead of standardized

    Output
    ------
    : [num_test], `np.float64`
        Predicted scores of the test samples

    Raises
    ------
    ValueError
        If representations and scores do not match or are not finite, or all scores are equal
    """
    from sklearn.linear_model import RidgeCV

    check_scores(train, test)
    return _predicted(RidgeCV(list(strengths)), whiten, train, test)


def perceptron_score_probe(
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    *,
    hidden: Sequence[int] = (256,),
    held_out: float = 0.2,
    seed: int = 0,
) -> Array:
    """Scores that a multilayer perceptron predicts from representations.

    Scikit-learn's ``MLPRegressor`` is trained on the squared error of standardized representations
    as in :func:`perceptron_probe`. It stops when the coefficient of determination on held-out
    samples does not improve.

    Parameters
    ----------
    train, test : ([num_samples, dim], [num_samples]), `float`
        Representations and scores. The scores of ``test`` are not used
    hidden, held_out, seed
        See :func:`perceptron_probe`

    Output
    ------
    : [num_test], `np.float64`
        Predicted scores of the test samples

    Raises
    ------
    ValueError
        As in :func:`linear_score_probe`
    """
    from sklearn.neural_network import MLPRegressor

    check_scores(train, test)
    network = MLPRegressor(
        hidden_layer_sizes=tuple(hidden),
        early_stopping=True,
        validation_fraction=held_out,
        random_state=seed,
    )
    return _predicted(network, False, train, test)


def check_scores(train: tuple[Array, Array], test: tuple[Array, Array]) -> None:
    """Check that representations match scores, which are finite and not all equal.

    Raises
    ------
    ValueError
        If they do not match
    """
    check_samples("score", train, test)
    for _, scores in (train, test):
        if not np.issubdtype(scores.dtype, np.number) or not np.isfinite(scores).all():
            raise ValueError(f"Scores must be finite numbers. Received: dtype={scores.dtype}")
    if np.ptp(train[1]) == 0:
        raise ValueError("A probe needs scores that differ. Received: equal scores")


def _predicted(
    model: Any, whiten: bool, train: tuple[Array, Array], test: tuple[Array, Array]
) -> Array:
    """Predictions of scikit-learn's ``model`` in double precision."""
    from sklearn.pipeline import make_pipeline

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the maximum number of epochs
        fitted = make_pipeline(scaler(whiten), model).fit(
            np.asarray(train[0], np.float64), np.asarray(train[1], np.float64)
        )
    return np.asarray(fitted.predict(np.asarray(test[0], np.float64)))
