# SPDX-License-Identifier: Apache-2.0
"""Receiver of decision systems, with decisions after each transmission of a link."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence

import tensorflow as tf

from ...link import AWGNLink, Link
from ...semantics import Task
from ..base.multimodal import MultimodalModel
from ..base.transmission import (
    Estimator,
    Received,
    receive_latent,
    received_after_each,
    receiver_features,
)
from .calibration import ScoreMap, snr_knots

_HIGHEST_SNR = 40.0  # dB, of `ReceiverState`


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

    @abstractmethod
    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs [batch, num_outputs] for received features [batch, received_features]."""

    def decide(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs of :meth:`decode`, calibrated if the system is."""
        return self._calibrated(self.decode(features, training), features)

    def _calibrated(self, outputs: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
        if self._score_map is None:
            return outputs
        return self._score_map(outputs, self.quality(features))

    @property
    def calibrated(self) -> bool:
        """Whether scores are scaled and shifted by :meth:`calibrate_score`."""
        return self._score_map is not None

    @calibrated.setter
    def calibrated(self, calibrated: bool) -> None:
        if calibrated != self.calibrated:
            self._score_map = ScoreMap(self.quality_knots) if calibrated else None
            self._forget_graphs()

    @property
    def quality_knots(self) -> Sequence[float]:
        """Qualities of reception at which scores are calibrated: SNRs [dB] of the training."""
        if not self.receiver_knows_noise:
            return [0.0]
        return snr_knots(*(min(snr_db, _HIGHEST_SNR) for snr_db in self._snr_range))

    def quality(self, features: tf.Tensor) -> tf.Tensor:
        """Quality of the reception of ``features`` [batch, received_features].

        By default, it is the mean SNR [dB] of the symbols of a sample, or zero if the receiver does
        not know it: [batch].
        """
        if not self.receiver_knows_noise:
            return tf.zeros_like(features[:, 0])
        return _HIGHEST_SNR * tf.reduce_mean(features[:, self.transmitted_dim :], -1)

    def receive_at(self, latents: tf.Tensor, quality: float) -> tf.Tensor:
        """Received features of ``latents`` with a given quality, see :meth:`quality`.

        They are received over an AWGN link, whose symbols all have this SNR. If the receiver does
        not know the noise, they are received over the link of the system, at an SNR of training.
        """
        if not self.receiver_knows_noise:
            return self.receive(latents, self.noise_power())
        return self.receive(latents, self.noise_power(quality), AWGNLink())

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
        outputs = [self.decide(self._features(received)) for received in rounds]
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
