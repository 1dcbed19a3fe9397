# SPDX-License-Identifier: Apache-2.0
"""Linear and nonlinear probes of frozen representations."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_NEGLIGIBLE = 1 - 1e-6  # fraction of the variance; the rest is rounding error


def linear_probe(
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    validation: tuple[Array, Array] | None = None,
    *,
    strengths: Sequence[float] = (1e-3, 1e-2, 1e-1, 1.0, 10.0),
    held_out: float = 0.2,
    whiten: bool = False,
    seed: int = 0,
) -> float:
    """Accuracy of a logistic regression from representations to classes.

    Scikit-learn's regression is fitted to standardized or whitened representations. The inverse
    strength of its regularization is selected from ``strengths`` on validation samples, and the
    regression is then fitted again to the training samples. Strengths are tried in their order
    until two successive accuracies are lower than the best accuracy by more than its standard
    error.

    Parameters
    ----------
    train, test : ([num_samples, dim], [num_samples]), `float` and `int`
        Representations and classes
    validation : `None` | as ``train``
        Samples for the selection; by default a fraction of the training samples
    strengths : sequence of `float`
        Inverse strengths of regularization, ascending, because weak regularization takes longest
    held_out : `float`
        Fraction of the training samples for the selection if ``validation`` is `None`
    whiten : `bool`
        Whether representations are whitened instead of standardized. The accuracy is then
        independent of their basis and scale, and the fit is much faster if they are wide and
        ill-conditioned
    seed : `int`
        Seed for the held-out samples

    Output
    ------
    : `float`
        Accuracy on the test samples

    Raises
    ------
    ValueError
        If representations and classes do not match, there are less than two classes, or scores
        are given instead of classes
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    _check(train, test, *([validation] if validation else []))
    # Single precision is not sufficient to separate weak directions from rounding errors
    train, test = ((np.asarray(x, np.float64), y) for x, y in (train, test))
    fitting = train
    if validation is None:
        order = np.random.default_rng(seed).permutation(len(train[1]))
        cut = max(1, round(held_out * len(order)))
        validation = (train[0][order[:cut]], train[1][order[:cut]])
        fitting = (train[0][order[cut:]], train[1][order[cut:]])

    def fitted(strength: float, samples: tuple[Array, Array]) -> Any:
        model = make_pipeline(scaler(whiten), LogisticRegression(C=strength, max_iter=500))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about convergence with weak regularization
            return model.fit(*samples)

    best, highest, worse = strengths[0], -1.0, 0
    for strength in strengths:
        score = fitted(strength, fitting).score(*validation)
        error = math.sqrt(max(0.0, highest * (1 - highest)) / len(validation[1]))
        worse = worse + 1 if score < highest - error else 0
        if worse == 2:
            break
        if score > highest:
            best, highest = strength, score
    return float(fitted(best, train).score(*test))


def perceptron_probe(
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    *,
    hidden: Sequence[int] = (256,),
    held_out: float = 0.2,
    seed: int = 0,
) -> float:
    """Accuracy of a multilayer perceptron from representations to classes.

    The perceptron can also find information that is not linearly decodable. A low accuracy does not
    prove that the information is absent. Scikit-learn's ``MLPClassifier`` is trained on
    standardized representations for at most 200 epochs, or until ten successive epochs do not
    improve the accuracy on held-out samples. The weights with the best accuracy on these are used.

    Parameters
    ----------
    train, test : ([num_samples, dim], [num_samples]), `float` and `int`
        Representations and classes
    hidden : sequence of `int`
        Units of the hidden layers
    held_out : `float`
        Fraction of the training samples that is used only for early stopping
    seed : `int`
        Seed for the held-out samples, the initial weights and the order of samples

    Output
    ------
    : `float`
        Accuracy on the test samples

    Raises
    ------
    ValueError
        If representations and classes do not match, there are less than two classes, or scores
        are given instead of classes
    """
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline

    _check(train, test)
    network = MLPClassifier(
        tuple(hidden), early_stopping=True, validation_fraction=held_out, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the maximum number of epochs
        return float(make_pipeline(scaler(), network).fit(*train).score(*test))


def scaler(whiten: bool = False) -> Any:
    """Scikit-learn transformation that standardizes or whitens representations."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    return PCA(_NEGLIGIBLE, whiten=True) if whiten else StandardScaler()


def check_samples(target: str, *samples: tuple[Array, Array]) -> None:
    """Check that representations are finite, and that each has a ``target`` (class or score).

    Raises
    ------
    ValueError
        If they do not match
    """
    for x, y in samples:
        if x.ndim != 2 or y.shape != x.shape[:1] or not len(y):
            raise ValueError(
                f"Representations must be [num_samples, dim] with a {target} each. "
                f"Received: {x.shape} and {y.shape}"
            )
        if not np.isfinite(x).all():
            raise ValueError("Representations must be finite. Received: NaN or infinity")


def _check(train: tuple[Array, Array], *others: tuple[Array, Array]) -> None:
    check_samples("class", train, *others)
    for _, classes in (train, *others):
        if np.issubdtype(classes.dtype, np.floating) and not np.all(classes == np.round(classes)):
            raise ValueError(
                "Classes must be integers; linear_score_probe and perceptron_score_probe are for "
                f"scores. Received: dtype={classes.dtype}"
            )
    if len(np.unique(train[1])) < 2:
        raise ValueError("A probe needs samples of two classes or more. Received: one class")
