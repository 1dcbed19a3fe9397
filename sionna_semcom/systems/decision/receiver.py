# SPDX-License-Identifier: Apache-2.0
"""Receiver of decision systems, with decisions after each transmission of a link."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence

import tensorflow as tf

from ...link import Link
from ...semantics import Task
from ...semantics.layers.receiver_state import HIGHEST_SNR_DB
from ..base.multimodal import MultimodalModel
from ..base.transmission import (
    Estimator,
    Received,
    receive_latent,
    received_after_each,
    receiver_features,
)
from .calibration import ScoreMap, snr_knots


class DecisionReceiver(MultimodalModel):
    r"""Receiver of a :class:`~sionna_semcom.systems.DecisionSystem`.

    Over a link of several transmissions, the receiver can decide after each transmission. It
    requests further transmissions until the posterior probability of its decision,

    .. math:: \max_c\, p(c \mid \hat{\mathbf{z}}_1, \dots, \hat{\mathbf{z}}_i) \ge \theta,

    reaches ``confidence`` :math:`\theta`, or until the last transmission. The feedback has no
    errors and no cost. The posterior is computed by the network, and is only as good as its
    calibration.
    """

    task: Task
    _score_map: ScoreMap | None = None
    _calibrated = False

    @abstractmethod
    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs [batch, num_outputs] for received features [batch, received_features]."""

    def receiver_outputs(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs of :meth:`decode`, scaled and shifted if scores are :attr:`calibrated`."""
        return self._map_outputs(self.decode(features, training), features)

    def _map_outputs(self, outputs: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
        if self._score_map is None or not self._calibrated:
            return outputs
        return self._score_map(outputs, self.quality(features))

    @property
    def calibrated(self) -> bool:
        """Whether scores are scaled and shifted.

        The map is the identity until :meth:`calibrate_score`. A map that is switched off is kept,
        but not saved with the system. Changes take effect immediately.
        """
        return self._calibrated

    @calibrated.setter
    def calibrated(self, calibrated: bool) -> None:
        if calibrated and self._score_map is None:
            self.settings.check_calibration(self.task.num_classes)
            self._score_map = ScoreMap(self.quality_knots)
        self._calibrated = bool(calibrated)
        self._forget_graphs()

    @property
    def calibration_snrs_db(self) -> Sequence[float]:
        """SNRs [dB] at which samples are received to calibrate scores, over those of training."""
        return snr_knots(*self._snr_range)

    @property
    def quality_knots(self) -> Sequence[float]:
        """Values of :meth:`quality` with a map of their own, ascending at equal distances.

        They are SNRs [dB] from the lowest to the highest of training, or zero if the receiver does
        not know the noise.
        """
        if not self.receiver_knows_noise:
            return [0.0]
        return snr_knots(*(min(snr_db, HIGHEST_SNR_DB) for snr_db in self._snr_range))

    def quality(self, features: tf.Tensor) -> tf.Tensor:
        """Quality of the reception of ``features`` [batch, received_features]: [batch].

        It is the mean SNR [dB] of the symbols of a sample, or zero if the receiver does not know
        the noise. Systems with a :meth:`receive` of their own define their own quality.
        """
        if not self.receiver_knows_noise:
            return tf.zeros_like(features[:, 0])
        return HIGHEST_SNR_DB * tf.reduce_mean(features[:, self.transmitted_dim :], -1)

    @property
    def receiver_knows_noise(self) -> bool:
        """Whether the receiver uses ``no_eff``."""
        return bool(self.settings.receiver_knows_noise)

    @property
    def successive(self) -> bool:
        """Whether the training loss contains decisions after each transmission."""
        return bool(self.settings.successive)

    @property
    def confidence(self) -> float | None:
        """Posterior probability of a decision at which the receiver stops requesting transmissions.

        It is for links of several transmissions, such as
        :class:`~sionna_semcom.link.RetransmissionLink`. `None` uses all transmissions. Changes take
        effect immediately.
        """
        return self._confidence

    @confidence.setter
    def confidence(self, confidence: float | None) -> None:
        self.settings.check_confidence(confidence)
        if confidence is not None and not self.task.num_classes:
            raise ValueError(
                "`confidence` is for classes: a score has no posterior probability. "
                f"Received: {confidence}"
            )
        self._confidence = confidence
        self._forget_graphs()

    @property
    def structure(self) -> tuple[Hashable, ...]:
        """State of the system, other than weights, that a graph depends on."""
        return (*super().structure, self.confidence, self.calibrated)

    def receive(self, latents: tf.Tensor, no: tf.Tensor, link: Link | None = None) -> tf.Tensor:
        """Received features of ``latents``: [batch, received_features]."""
        return self._features(receive_latent(link or self.link, latents, no, self._estimator))

    def receive_each(self, latents: tf.Tensor, no: tf.Tensor) -> list[Received]:
        """Received latents after each transmission of the link."""
        return received_after_each(self.link, latents, no, self._estimator)

    @property
    def _estimator(self) -> Estimator:
        return "lmmse" if self.receiver_knows_noise else "unbiased"

    def _features(self, received: Received) -> tf.Tensor:
        """Input of `decode`: [batch, received_features]."""
        if not self.receiver_knows_noise:
            return received.latent
        return receiver_features(received, self._snr_range)

    def received_in_training(self, latents: tf.Tensor) -> list[tf.Tensor]:
        """Features for the loss: after each transmission, or only after the last."""
        no = self.noise_power()
        if not self.successive:
            return [self.receive(latents, no)]
        return [self._features(received) for received in self.receive_each(latents, no)]

    def _send_until_sure(self, latents: tf.Tensor, no: tf.Tensor, confidence: float) -> tf.Tensor:
        """Decide after each transmission, until the posterior of the decision is high enough."""
        rounds = self.receive_each(latents, no)
        outputs = [self.receiver_outputs(self._features(received)) for received in rounds]
        chosen, noise = outputs[-1], rounds[-1].no_eff
        counts = tf.fill(tf.shape(chosen)[:1], len(rounds))
        for number in reversed(range(len(rounds) - 1)):
            sure = self.task.posterior(outputs[number]) >= confidence
            chosen = tf.where(sure[:, tf.newaxis], outputs[number], chosen)
            noise = tf.where(sure[:, tf.newaxis], rounds[number].no_eff, noise)
            counts = tf.where(sure, number + 1, counts)
        if isinstance(self.link, Link):
            self.link.note_spent(counts, noise)
        return chosen
