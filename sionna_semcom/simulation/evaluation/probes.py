# SPDX-License-Identifier: Apache-2.0
"""Probes: predictors and discriminators trained on frozen representations of a system."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from ... import metrics
from ..._messages import listed, shortened
from ...datasets import Data
from ...datasets.data import is_score
from ...semantics import Task
from ...systems.base.contract import Representing
from ..results.curves import Estimate
from .graphs import converted

BATCH_SIZE = 500
_RECEIVED = "received"
_DEPENDENCE = ("bce_", "jsd_")
Parts = dict[str, np.ndarray]
Probe = Literal["linear", "whitened", "perceptron"]

_CLASSIFIERS: dict[Probe, Callable[..., float]] = {
    "linear": metrics.linear_probe,
    "whitened": functools.partial(metrics.linear_probe, whiten=True),
    "perceptron": metrics.perceptron_probe,
}
_REGRESSIONS: dict[Probe, Callable[..., np.ndarray]] = {
    "linear": metrics.linear_score_probe,
    "whitened": functools.partial(metrics.linear_score_probe, whiten=True),
    "perceptron": metrics.perceptron_score_probe,
}


def probe(
    system: Any,
    data: Data,
    batches: Iterable[Any],
    snr_db: float,
    present: Sequence[str] | None = None,
    kind: Probe = "linear",
) -> dict[str, Estimate]:
    """Evaluate representations of ``system`` with newly trained classifiers and discriminators.

    - ``bce_<a>_<b>`` and ``jsd_<a>_<b>``, in nats: dependence of the latents of two modalities,
      estimated by discriminators that are trained on latents of ``batches``
      (:func:`~sionna_semcom.metrics.fresh_dependence`);
    - ``<part>_in_<where>``: accuracy of a classifier that predicts a known part of a sample
      (``data.parts``) from the latent of a modality, or from the received representation at
      ``snr_db``. Classifiers are trained on ``data.probing``;
    - ``<part>_<metric>_in_<where>`` if the part is a score: metrics of
      :class:`~sionna_semcom.semantics.Task` for a regression, such as ``label_mae_in_received``.

    The estimates have no interval. The interval of a study is over the models of its seeds.

    Parameters
    ----------
    system : system with ``representations(batch, snr_db, present)``
        A trained system
    data : :class:`~sionna_semcom.datasets.Data`
        Data set with training samples for the classifiers
    batches : `tf.data.Dataset` | iterable
        Samples that were not used in training
    snr_db : `float`
        SNR [dB] of the received representation
    present : `None` (all) | sequence of `str`
        Modalities that are available at the transmitter
    kind : "linear" (default) | "whitened" | "perceptron"
        Classifier: :func:`~sionna_semcom.metrics.linear_probe` of standardized or of whitened
        representations, or :func:`~sionna_semcom.metrics.perceptron_probe`. For scores,
        :func:`~sionna_semcom.metrics.linear_score_probe` or
        :func:`~sionna_semcom.metrics.perceptron_score_probe`

    Output
    ------
    : `dict` of :class:`Estimate`
        Metrics by name

    Raises
    ------
    ValueError
        If ``system`` has no representations, or ``kind`` is unknown
    FloatingPointError
        If a representation is not finite
    """
    return Probing(system, data, batches, present, kind).at(snr_db)


class Probing:
    """Metrics of :func:`probe` for one system at several SNRs.

    Latents of modalities do not depend on the SNR. Metrics of their discriminators and classifiers
    are therefore computed only once. Create a new object after the weights of the system change.

    Parameters
    ----------
    system, data, batches, present, kind
        See :func:`probe`

    Raises
    ------
    ValueError
        If ``system`` has no representations, or ``kind`` is unknown
    """

    def __init__(
        self,
        system: Any,
        data: Data,
        batches: Iterable[Any],
        present: Sequence[str] | None = None,
        kind: Probe = "linear",
    ) -> None:
        if kind not in _CLASSIFIERS:
            raise ValueError(f"`kind` must be one of {', '.join(_CLASSIFIERS)}. Received: {kind!r}")
        if not isinstance(system, Representing):
            raise ValueError(f"probes need a system with representations. Received: {system.name}")
        self._data, self._batches = data, batches
        self._classify, self._regress = _CLASSIFIERS[kind], _REGRESSIONS[kind]
        read = converted(functools.partial(system.representations, present=present))
        self._read = tf.function(read, autograph=False, reduce_retracing=True)
        self._known: dict[str, Any] = {}

    def at(self, snr_db: float) -> dict[str, Estimate]:
        """Metrics at ``snr_db``; see :func:`probe`.

        Raises
        ------
        FloatingPointError
            If a representation is not finite
        """
        test, right = _collect(self._read, self._batches, snr_db, self._data.parts)
        figures: dict[str, float] = {}
        for one, other in combinations((name for name in test if name != _RECEIVED), 2):
            pair = f"{one}_{other}"
            compute = functools.partial(metrics.fresh_dependence, test[one], test[other])
            found = self._once(pair, compute)
            values = found.bce, found.jsd_bound
            figures |= {f"{kind}{pair}": x for kind, x in zip(_DEPENDENCE, values, strict=True)}
        if right:
            batches = self._data.probing(BATCH_SIZE)
            train, answers = _collect(self._read, batches, snr_db, self._data.parts)
            for part, where in product(right, test):
                samples = (train[where], answers[part]), (test[where], right[part])
                fit = functools.partial(self._predict, part, where, *samples)
                name = f"{part}_in_{where}"
                figures |= fit() if where == _RECEIVED else self._once(name, fit)
        count = len(next(iter(test.values())))
        classes = {f"{part}_in_{where}" for part, where in product(right, test)}
        return {
            name: Estimate(value, np.nan, np.nan, count, name in classes)
            for name, value in figures.items()
        }

    def _predict(
        self, part: str, where: str, train: tuple[Any, Any], test: tuple[Any, Any]
    ) -> dict[str, float]:
        """Metrics of a predictor of ``part`` that is trained on ``train``."""
        if not is_score(test[1]):
            return {f"{part}_in_{where}": self._classify(train, test)}
        found = _score_figures(test[1], self._regress(train, test))
        return {f"{part}_{name}_in_{where}": value for name, value in found.items()}

    def _once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Result of ``compute``, which is called at the first SNR only."""
        if name not in self._known:
            self._known[name] = compute()
        return self._known[name]


def _score_figures(label: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Metrics of predicted ``scores`` [num_samples], which are limited to [-3, 3]."""
    task, predicted = Task(0), tf.constant(scores, tf.float32)
    found = task.measure(tf.constant(label, tf.float32), task.outputs_of(predicted))
    means = {name: np.asarray(np.mean(values, 0, np.float64)) for name, values in found.items()}
    return {name: task.aggregates.get(name, float)(mean) for name, mean in means.items()}


def of_probes(name: str) -> bool:
    """Whether a metric has a name of :func:`probe`."""
    return "_in_" in name or name.startswith(_DEPENDENCE)


def check_probed(data: Data, names: Iterable[str]) -> None:
    """Check that ``names`` of metrics of probes fit the parts of ``data``.

    Raises
    ------
    ValueError
        If a name ``<part>_in_<where>`` is of a part that the data do not have, of a class although
        the part is a score, or of a score although the part is a class
    """
    named = [name for name in names if "_in_" in name]
    known = _probed(data) if named else []
    for name in named:
        part, _, where = name.rpartition("_in_")
        if part not in known:
            raise ValueError(
                "Probes must be named after parts of the data: "
                f"{listed((f'{one}_in_{where}' for one in known), 40) or 'there are none'}. "
                f"Received: {shortened(name)}"
            )


def _probed(data: Data) -> list[str]:
    """Names before ``_in_`` in metrics of probes of ``data``: classes, and metrics of scores."""
    batch = next(iter(data.probing(1)))
    parts = data.parts({name: values.numpy() for name, values in batch.items()})
    known: list[str] = []
    for part, values in parts.items():
        known += [f"{part}_{one}" for one in Task(0).metric_names] if is_score(values) else [part]
    return known


def _collect(
    read: Any, batches: Iterable[Any], snr_db: float, parts: Callable[[Any], Parts]
) -> tuple[Parts, Parts]:
    """Representations and known ``parts`` of all samples of ``batches``."""
    rows: list[Mapping[str, tf.Tensor]] = []
    known: list[Parts] = []
    for batch in batches:
        rows.append(read(batch, tf.constant(snr_db, tf.float32)))
        known.append(parts({k: v.numpy() for k, v in batch.items()}))
    found = _joined(rows)
    for name, values in found.items():
        bad = np.count_nonzero(~np.isfinite(values).reshape(len(values), -1).all(-1))
        if bad:
            raise FloatingPointError(
                f"The representation {name!r} is not finite for {bad} of {len(values)} samples at "
                f"an SNR of {snr_db:g} dB"
            )
    return found, _joined(known)


def _joined(rows: Sequence[Mapping[str, Any]]) -> Parts:
    return {name: np.concatenate([np.asarray(row[name]) for row in rows]) for name in rows[0]}


class LinearProbes(keras.callbacks.Callback):
    """Callback that adds metrics of :func:`probe` to the training logs as ``val_<part>_in_...``.

    Over a noisy link, probing draws from the same random generator as training. Training with this
    callback therefore uses other random draws than training without it.

    Parameters
    ----------
    data : :class:`~sionna_semcom.datasets.Data`
        Probes are trained on its training samples and evaluated on its validation samples
    every : `int`
        Number of epochs between evaluations
    snr_db : `float`
        SNR [dB] of the received representation. The default is noiseless.

    Raises
    ------
    ValueError
        If ``every`` is not positive
    """

    def __init__(self, data: Data, every: int = 1, snr_db: float = math.inf) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"`every` must be at least 1. Received: {every}")
        self.data, self.every, self.snr_db = data, every, snr_db

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Probe the representations of the system."""
        if (epoch + 1) % self.every == 0 and logs is not None:
            found = probe(self.model, self.data, self.data.validation(BATCH_SIZE), self.snr_db)
            logs.update({f"val_{name}": estimate.mean for name, estimate in found.items()})
