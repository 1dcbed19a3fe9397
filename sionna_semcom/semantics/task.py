# SPDX-License-Identifier: Apache-2.0
"""Decisions at the receiver: a score, one of two classes, or one of several classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from .. import metrics

SCORE_LIMIT = 3.0  # sentiment lies in [-3, 3]
_CERTAIN = 1.0 - 1e-6  # limit for the mean of predictions
Aggregate = Callable[[NDArray[np.float64]], float]


class Task:
    r"""Outputs, loss and metrics of a decision.

    ===========  ========  ===============================  =====================================
    classes      outputs   loss                             metrics
    ===========  ========  ===============================  =====================================
    0 (score)    1         mean absolute error              mae, correlation, acc2, acc2_nonzero,
                                                            acc5, acc7, f1
    2            1 logit   binary cross-entropy             acc2, f1
    3 and more   k logits  cross-entropy                    accuracy, f1
    ===========  ========  ===============================  =====================================

    ``acc2`` distinguishes negative and non-negative scores. ``acc2_nonzero`` distinguishes negative
    and positive scores and excludes samples with a score of zero. ``acc5`` and ``acc7`` round
    scores to integers from -2 to 2 and from -3 to 3. ``f1`` is weighted over the classes (the
    classes of ``acc2`` for scores).

    Source: Fu et al., section VI. Both binary accuracies follow the literature on CMU-MOSI.

    Parameters
    ----------
    num_classes : `int`
        Number of classes; zero for a score in [-3, 3]

    Raises
    ------
    ValueError
        If ``num_classes`` is one or negative
    """

    def __init__(self, num_classes: int) -> None:
        if num_classes < 0 or num_classes == 1:
            raise ValueError(
                f"`num_classes` must be 0 (a score), 2 or more. Received: {num_classes}"
            )
        self.num_classes = num_classes
        self.num_outputs = num_classes if num_classes > 2 else 1

    @property
    def aggregates(self) -> dict[str, Aggregate]:
        """Metrics that are functions of means over all samples."""
        if self.num_classes:
            return {"f1": metrics.f1_score}
        return {
            "f1": metrics.f1_score,
            "correlation": metrics.correlation,
            "acc2_nonzero": metrics.share,
        }

    @property
    def metric_names(self) -> list[str]:
        """Names of all metrics."""
        if not self.num_classes:
            return ["acc2", "acc5", "acc7", "mae", "f1", "correlation", "acc2_nonzero"]
        return ["acc2" if self.num_classes == 2 else "accuracy", "f1"]

    def loss(self, label: keras.KerasTensor, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Loss [batch] of ``outputs`` [batch, num_outputs]; cross-entropies in nats.

        Raises
        ------
        ValueError
            If ``label`` is not [batch], or contains scores where classes are decided
        """
        label = self._checked(label)
        if self.num_classes == 0:
            return ops.abs(self.score(outputs) - label)
        if self.num_classes == 2:
            signs = 1.0 - 2.0 * ops.cast(label, "float32")
            return ops.softplus(signs * outputs[:, 0])
        return ops.sparse_categorical_crossentropy(label, outputs, from_logits=True)

    def _checked(self, label: Any) -> Any:
        """Labels [batch]; scores as `float32`. A column would meet all outputs of the batch."""
        label = ops.convert_to_tensor(label)
        if len(label.shape) != 1:
            raise ValueError(
                f"`label` must be [batch], one number per sample. Received: {tuple(label.shape)}"
            )
        if not self.num_classes:
            return ops.cast(label, "float32")
        if keras.backend.is_float_dtype(label.dtype):
            raise ValueError(
                f"`label` must be classes 0 to {self.num_classes - 1} of an integer type. "
                f"Received: {keras.backend.standardize_dtype(label.dtype)}, as scores have"
            )
        return label

    def score(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Scores [batch] in [-3, 3]."""
        return SCORE_LIMIT * ops.tanh(outputs[:, 0] / SCORE_LIMIT)

    @staticmethod
    def outputs_of(scores: tf.Tensor) -> tf.Tensor:
        """Outputs [batch, 1] whose :meth:`score` is ``scores`` [batch], limited to [-3, 3]."""
        share = tf.clip_by_value(scores / SCORE_LIMIT, -_CERTAIN, _CERTAIN)
        return SCORE_LIMIT * tf.atanh(share)[:, tf.newaxis]

    def decide(self, outputs: tf.Tensor) -> tf.Tensor:
        """Classes [batch], `int32`. For scores, one if the score is not negative."""
        if self.num_classes > 2:
            return tf.argmax(outputs, -1, output_type=tf.int32)
        return tf.cast(outputs[:, 0] >= 0, tf.int32)

    def posterior(self, outputs: tf.Tensor) -> tf.Tensor:
        """Probability [batch] that a decision on ``outputs`` is right, as the outputs say.

        Raises
        ------
        ValueError
            If scores are decided, which have no probability
        """
        if not self.num_classes:
            raise ValueError("a score has no posterior probability. Received: num_classes=0")
        if self.num_classes == 2:
            return tf.sigmoid(tf.abs(outputs[:, 0]))
        return tf.reduce_max(tf.nn.softmax(outputs), -1)

    def average(self, outputs: tf.Tensor) -> tf.Tensor:
        """Outputs [batch, num_outputs] for the mean prediction of [num_samples, batch, ...]."""
        if self.num_classes == 0:
            mean = tf.reduce_mean(tf.tanh(outputs / SCORE_LIMIT), 0)
            return SCORE_LIMIT * tf.atanh(tf.clip_by_value(mean, -_CERTAIN, _CERTAIN))
        if self.num_classes == 2:
            mean = tf.clip_by_value(tf.reduce_mean(tf.sigmoid(outputs), 0), 1 - _CERTAIN, _CERTAIN)
            return tf.math.log(mean) - tf.math.log1p(-mean)
        mean = tf.reduce_mean(tf.nn.softmax(outputs), 0)
        return tf.math.log(tf.maximum(mean, 1 - _CERTAIN))

    def measure(self, label: tf.Tensor, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Metrics [batch], and components [batch, n] of :attr:`aggregates`.

        Raises
        ------
        ValueError
            If ``label`` is not [batch], or contains scores where classes are decided
        """
        label = self._checked(label)
        metrics.note_outputs(outputs)
        decided = self.decide(outputs)
        if self.num_classes:
            classes = tf.cast(label, tf.int32)
            name = "acc2" if self.num_classes == 2 else "accuracy"
            return {
                name: tf.equal(decided, classes),
                "f1": metrics.confusion(classes, decided, self.num_classes),
            }
        scores = self.score(outputs)
        classes = tf.cast(label >= 0, tf.int32)
        positive = tf.equal(scores > 0, label > 0)
        return {
            "acc2": tf.equal(decided, classes),
            "acc5": _same_rounded(label, scores, 2.0),
            "acc7": _same_rounded(label, scores, 3.0),
            "mae": tf.abs(label - scores),
            "f1": metrics.confusion(classes, decided, 2),
            "correlation": metrics.moments(label, scores),
            "acc2_nonzero": metrics.where(positive, tf.not_equal(label, 0.0)),
        }


def _same_rounded(label: tf.Tensor, scores: tf.Tensor, limit: float) -> tf.Tensor:
    """Whether both are rounded to the same integer within ``limit``."""
    label, scores = (tf.round(tf.clip_by_value(x, -limit, limit)) for x in (label, scores))
    return tf.equal(label, scores)
