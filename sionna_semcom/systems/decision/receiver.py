# SPDX-License-Identifier: Apache-2.0
"""What the receiver of a decision has after each transmission, and when it is sure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable

import tensorflow as tf

from ...link import Link
from ...semantics import Task
from ..base.linked_model import LinkedModel
from ..base.transmission import (
    Estimator,
    Received,
    latent_parts,
    received_after_each,
    received_features,
    receiver_features,
    transmit_latents,
)


class DecisionReceiver(LinkedModel):
    r"""The receiving side of a :class:`~sionna_semcom.systems.DecisionSystem`.

    Over a link of several transmissions it can decide after each, and ask for another one until
    the posterior probability of its decision,

    .. math:: \max_c\, p(c \mid \hat{\mathbf{z}}_1, \dots, \hat{\mathbf{z}}_i) \ge \theta,

    reaches its ``confidence`` :math:`\theta` or there is no more to come. The feedback is free of
    errors and of cost. The posterior is what the network says; it is as good as its calibration.
    """

    task: Task

    @property
    @abstractmethod
    def transmitted_dim(self) -> int:
        """Real numbers sent for a sample, two in a complex symbol."""

    @property
    @abstractmethod
    def num_symbols(self) -> int:
        """Complex symbols that cross the link for a sample."""

    @abstractmethod
    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs [batch, num_outputs] from what is received, [batch, received_features]."""

    @property
    def receiver_knows_noise(self) -> bool:
        """Whether the receiver uses ``no_eff``."""
        return bool(self.settings.receiver_knows_noise)

    @property
    def successive(self) -> bool:
        """Whether training asks for a decision after each transmission."""
        return bool(self.settings.successive)

    @property
    def confidence(self) -> float | None:
        """Posterior probability of its decision above which a receiver asks for nothing more.

        Over a link of several transmissions, such as
        :class:`~sionna_semcom.link.RetransmissionLink`; none takes all transmissions. A new one
        takes effect at once.
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
        """What a graph of the system depends on that may change, its weights aside."""
        return (*super().structure, self.confidence)

    def receive(self, latents: tf.Tensor, no: tf.Tensor, link: Link | None = None) -> tf.Tensor:
        """What the receiver has of ``latents``: [batch, received_features]."""
        link = link or self.link
        if self.receiver_knows_noise:
            return received_features(link, latents, no, self._snr_range)
        received = transmit_latents(link, latent_parts(link, latents), no, "unbiased")
        return tf.concat([part.latent for part in received], -1)

    def receive_each(self, latents: tf.Tensor, no: tf.Tensor) -> list[Received]:
        """What the receiver has of ``latents`` after each transmission of the link."""
        estimator: Estimator = "lmmse" if self.receiver_knows_noise else "unbiased"
        return received_after_each(self.link, latents, no, estimator)

    def _features(self, received: Received) -> tf.Tensor:
        """What `decode` gets of what is received: [batch, received_features]."""
        if not self.receiver_knows_noise:
            return received.latent
        return receiver_features(received, self._snr_range)

    def received_in_training(self, latents: tf.Tensor) -> list[tf.Tensor]:
        """What training decides on: features after each transmission, or after the last alone."""
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
