# SPDX-License-Identifier: Apache-2.0
"""Receiver of decision systems, with decisions after each transmission of a link."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable

import tensorflow as tf

from ...link import Link
from ...semantics import Task
from ..base.multimodal import MultimodalModel
from ..base.transmission import (
    Estimator,
    Received,
    receive_latent,
    received_after_each,
    receiver_features,
)


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

    @abstractmethod
    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs [batch, num_outputs] for received features [batch, received_features]."""

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
        return (*super().structure, self.confidence)

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
        outputs = [self.decode(self._features(received)) for received in rounds]
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
