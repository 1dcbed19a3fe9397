# SPDX-License-Identifier: Apache-2.0
"""Base class of aligners that translate latents at the transmitter, then send the translation."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple, TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..linear.closed_form import LinearAligner
from ..linear.semantic_modes import semantic_modes
from ..linear.transceiver import LinearTransceiver
from ..statistics import PilotStatistics

_Self = TypeVar("_Self", bound="TranslationAligner")
Array = NDArray[np.float64]

ROWS = 1000  # translated at once in a fit, for the memory of kernels


class TranslationAligner(BaseEstimator):
    r"""Aligner that translates latents into the receiver's latent space and sends the result.

    .. math:: \hat{\mathbf{s}} = t(\mathbf{s}_T), \qquad
              \mathbf{x} = \mathbf{F}(\hat{\mathbf{s}} - \boldsymbol\mu), \qquad
              \hat{\mathbf{y}} = \boldsymbol\mu + \mathbf{G}(\mathbf{H}\mathbf{x} + \mathbf{v})

    The method of the subclass determines the translation :math:`t`, which does not depend on the
    channel. :math:`\mathbf{F}` and :math:`\mathbf{G}` are the closed-form optimum of
    :class:`LinearAligner` (widely linear) for the translation as source and as target. All methods
    thus use the same transceiver, and their results differ only in the translation. With the linear
    least-squares map as translation, the result is the pair of :class:`LinearAligner`. Without a
    channel, :meth:`translate` returns the aligned latents.

    Subclasses follow the conventions of scikit-learn.

    Attributes
    ----------
    modes_ : `SemanticModes`
        Semantic modes of the translated pilots
    """

    metric: ArrayLike | None = None

    def fit(self: _Self, tx: ArrayLike, rx: ArrayLike, held_out: ArrayLike | None = None) -> _Self:
        """Fit to latents of the same inputs in both spaces.

        Parameters
        ----------
        tx : [n, d], `float`
            Latents of the transmitter
        rx : [n, m], `float`
            Latents of the receiver
        held_out : `None` | [k, d], `float`
            Other latents of the transmitter, for which the power constraint must hold

        Raises
        ------
        ValueError
            If the pilots do not match, are constant or not finite, or a parameter is out of range
        """
        statistics = PilotStatistics.of(tx, rx)
        tx, rx = np.asarray(tx, np.float64), np.asarray(rx, np.float64)
        for name, latents in (("tx", tx), ("rx", rx)):
            if (latents == latents[0]).all():
                raise ValueError(f"The latents `{name}` must vary. Received: constant pilots")
        self.mean_tx_, self.mean_rx_ = statistics.mean_tx, statistics.mean_rx
        self._fit_translation(tx, rx, statistics)
        translated = self._translated(tx)
        metric = self._sending_metric(statistics)
        moments = PilotStatistics.of(translated, translated)
        self.modes_ = semantic_modes(moments, metric=metric, ridge=0.0)
        if held_out is not None:
            self.modes_ = self.modes_.scaled_to(self._translated(np.asarray(held_out, np.float64)))
        return self

    def translate(self, latents: tf.Tensor) -> tf.Tensor:
        """From the transmitter's latents [..., d] to the receiver's latents [..., m], noiseless.

        Real types of any precision are supported. The output has the type of the input.

        Raises
        ------
        ValueError
            If ``latents`` are not floating-point numbers
        """
        check_is_fitted(self)
        latents = tf.convert_to_tensor(latents)
        if not latents.dtype.is_floating:
            raise ValueError(f"`latents` must be floating-point. Received: {latents.dtype.name}")
        centered = latents - tf.constant(self.mean_tx_, latents.dtype)
        return self._translate(centered) + tf.constant(self.mean_rx_, latents.dtype)

    def design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float = 0.0
    ) -> TranslationTransceiver:
        """Design for channels ``h`` [..., B, N_R, N_T], see :meth:`LinearAligner.design`."""
        check_is_fitted(self)
        sender = LinearAligner()
        sender.modes_ = self.modes_
        return TranslationTransceiver(self, sender.design(h, no, error_variance))

    @abstractmethod
    def _fit_translation(self, tx: Array, rx: Array, statistics: PilotStatistics) -> None:
        """Fit the translation to pilots [n, d] and [n, m] with ``statistics``."""

    @abstractmethod
    def _translate(self, centered: tf.Tensor) -> tf.Tensor:
        """From centered latents [..., d] of the transmitter to those of the receiver."""

    def _sending_metric(self, statistics: PilotStatistics) -> ArrayLike | None:
        """Metric of the error of the transmission."""
        return self.metric

    def _translated(self, latents: Array) -> Array:
        parts = (latents[start : start + ROWS] for start in range(0, len(latents), ROWS))
        return np.concatenate([self.translate(part).numpy() for part in parts])


class TranslationTransceiver(NamedTuple):
    """Translation at the transmitter, and a linear precoder and decoder for its result."""

    aligner: TranslationAligner
    pair: LinearTransceiver

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        latents = tf.cast(latents, self.pair.powers.dtype)
        return self.pair.precode(self.aligner.translate(latents))

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [..., L, B, N_R] to the receiver's latents [..., L, m]."""
        return self.pair.decode(y)
