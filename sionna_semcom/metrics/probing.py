# SPDX-License-Identifier: Apache-2.0
"""What classifiers can read from frozen representations, linear ones and others."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_NEGLIGIBLE = 1 - 1e-6  # share of the variance beyond which the rest is rounding


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

    Scikit-learn's regression on standardized or whitened representations. Of the inverse
    ``strengths`` of its regularization the one counts that is best on validation samples, with
    which it is fitted again to training samples. They are tried in their order until two in
    succession are worse than the best so far by more than its standard error.

    Parameters
    ----------
    train, test : ([num_samples, dim], [num_samples]), `float` and `int`
        Representations and classes
    validation : `None` | as ``train``
        Samples that select; without them a share of the training samples
    strengths : sequence of `float`
        Inverse strengths of regularization, ascending: weak regularization takes longest to fit
    held_out : `float`
        Share of the training samples that selects where there is no validation
    whiten : `bool`
        Whether representations are whitened rather than standardized. It is the same then in
        whatever basis and scale they come, and is fitted in a small part of the time where they
        are wide and ill-conditioned
    seed : `int`
        Seed of that share

    Raises
    ------
    ValueError
        If representations and classes do not match, or there are less than two classes
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    _check(train, test, *([validation] if validation else []))
    # Sums of variances in single precision do not tell which directions are rounding
    train, test = ((np.asarray(x, np.float64), y) for x, y in (train, test))
    fitting = train
    if validation is None:
        order = np.random.default_rng(seed).permutation(len(train[1]))
        cut = max(1, round(held_out * len(order)))
        validation = (train[0][order[:cut]], train[1][order[:cut]])
        fitting = (train[0][order[cut:]], train[1][order[cut:]])

    def fitted(strength: float, samples: tuple[Array, Array]) -> Any:
        scaled = PCA(_NEGLIGIBLE, whiten=True) if whiten else StandardScaler()
        model = make_pipeline(scaled, LogisticRegression(C=strength, max_iter=500))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of convergence, where regularization is weak
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

    It may find what is there, but not linearly; what it does not find may be there all the same.
    Scikit-learn's ``MLPClassifier`` on standardized representations, trained for at most 200 epochs
    or until ten in succession are no better on the samples held out, and as it was when it was
    best on them.

    Parameters
    ----------
    train, test : ([num_samples, dim], [num_samples]), `float` and `int`
        Representations and classes
    hidden : sequence of `int`
        Units of the hidden layers
    held_out : `float`
        Share of the training samples that says when to stop, and is not fitted
    seed : `int`
        Seed of that share, of initial weights and of the order of samples

    Raises
    ------
    ValueError
        If representations and classes do not match, or there are less than two classes
    """
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    _check(train, test)
    network = MLPClassifier(
        tuple(hidden), early_stopping=True, validation_fraction=held_out, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of epochs that run out
        return float(make_pipeline(StandardScaler(), network).fit(*train).score(*test))


def _check(train: tuple[Array, Array], *others: tuple[Array, Array]) -> None:
    for x, y in (train, *others):
        if x.ndim != 2 or y.shape != x.shape[:1] or not len(y):
            raise ValueError(
                "Representations must be [num_samples, dim] with a class each. "
                f"Received: {x.shape} and {y.shape}"
            )
        if not np.isfinite(x).all():
            raise ValueError("Representations must be finite. Received: NaN or infinity")
    if len(np.unique(train[1])) < 2:
        raise ValueError("A probe needs samples of two classes or more. Received: one class")
