# SPDX-License-Identifier: Apache-2.0
"""Latents cross a MIMO channel and arrive in another network's latent space."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ... import metrics
from ..._parts import describe
from ...alignment import Design, aligner_cost, metric_root
from ...channel import MIMOChannel
from ...datasets import LatentPairs
from ..base.linked_model import LinkedModel
from ..base.settings import SystemSettings


class AlignmentSystemSettings(SystemSettings):
    """Settings of any alignment of latents."""

    robust: bool = True
    """Whether the design thinks of errors of the channel estimate, or takes it for the channel"""
    channel_known: bool = True
    """Whether the aligner is told of the channel, or thinks that it is an identity"""


@functools.partial(describe, settings=AlignmentSystemSettings)
class AlignmentSystem(LinkedModel):
    r"""A transmitter's latents, translated into a receiver's while the channel is equalised.

    .. code-block:: text

        network A ─ s_T ─ precoder ─ H ─ (+) ─ decoder ─ s_R ─ head of network B ─ class
                             │              no     │
                             └── what is known of H ┘

    The aligner designs precoder and decoder for the channel that it is told of, or, if
    ``channel_known`` is false, for an ideal one. Aligners with trainable weights train over random
    channels with ``fit``, on the squared error in ``metric``.

    Source: Pandolfo et al., "Latent Space Alignment for AI-Native MIMO Semantic Communications",
    2025; imperfect channel knowledge and 3GPP channels are additions.

    Parameters
    ----------
    aligner : aligner of :mod:`sionna_semcom.alignment`
        Designs precoder and decoder; fitted, if it is to be fitted
    link : :class:`~sionna_semcom.channel.MIMOChannel`
        What the antenna symbols cross; may be replaced at any time
    pairs : :class:`~sionna_semcom.datasets.LatentPairs`
        Semantic pilots that the aligner is made from, and the receiver's head
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range from which each batch draws it uniformly
    callbacks : sequence of `keras.callbacks.Callback`
        What training takes along, such as :class:`~sionna_semcom.alignment.HardThresholding`
    metric : `None` (identity) | [m, m], `float`
        Metric of the training loss

    Input
    -----
    inputs : `dict`
        ``tx`` [batch, d]; for training ``rx`` [batch, m]; for figures ``label`` [batch]
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]: total transmit power per resource element over noise power per receive antenna

    Output
    ------
    : [batch, m], `float`
        The receiver's latents, as they arrive
    """

    settings_class = AlignmentSystemSettings

    def __init__(
        self,
        aligner: Design,
        link: MIMOChannel,
        pairs: LatentPairs,
        *,
        snr_db: float | tuple[float, float] = 20.0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        metric: np.ndarray | None = None,
        name: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(link, snr_db=snr_db, name=name, **settings)
        self.aligner = aligner
        self.pilots = pairs
        self.training_callbacks = tuple(callbacks)
        self._kernel = tf.constant(pairs.kernel, tf.float32)
        self._bias = tf.constant(pairs.bias, tf.float32)
        root = None if metric is None else metric_root(metric, len(metric))
        self._metric_root = None if root is None else tf.constant(root, tf.float32)
        self.built = True

    def call(
        self,
        inputs: Mapping[str, tf.Tensor],
        snr_db: tf.Tensor | float | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Send ``inputs`` and translate them."""
        return self._send(inputs["tx"], snr_db, training)[0]

    def _send(
        self, latents: tf.Tensor, snr_db: tf.Tensor | float | None, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Received latents, and the power [batch] per resource element that sending them took."""
        no = self.noise_power(snr_db)
        batch = tf.shape(latents)[0]
        state = self.link.draw(batch, no)
        h, known = state.h, state.mean if self.settings.robust else state.h_hat
        if not self.settings.channel_known:
            known = tf.eye(*h.shape[-2:], batch_shape=tf.shape(h)[:2], dtype=h.dtype)
            h = known if training else h
        uncertain = (
            self.settings.robust and self.settings.channel_known and not self.link.perfect_csi
        )
        errors = state.error_variance if uncertain else 0.0
        pair = self.aligner.design(known, no, errors)
        groups = tf.shape(h)[0]
        missing = groups * self.link.coherence - batch
        grouped = tf.pad(latents, [[0, missing], [0, 0]])
        grouped = tf.reshape(grouped, [groups, self.link.coherence, latents.shape[-1]])
        x = tf.cast(pair.precode(grouped), h.dtype)
        y = self.link(x, h[:, tf.newaxis], no)
        received = tf.reshape(
            tf.cast(pair.decode(y), tf.float32), [groups * self.link.coherence, -1]
        )
        power = tf.reduce_sum(tf.math.real(x) ** 2 + tf.math.imag(x) ** 2, -1)
        power = tf.cast(tf.reshape(tf.reduce_mean(power, -1), [-1]), tf.float32)
        size = self._kernel.shape[0]
        return tf.ensure_shape(received, [None, size])[:batch], power[:batch]

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of gradient descent on a batch."""
        inputs = keras.utils.unpack_x_y_sample_weight(data)[0]
        with tf.GradientTape() as tape:
            received, _ = self._send(inputs["tx"], None, training=True)
            error = received - inputs["rx"]
            if self._metric_root is not None:
                error = tf.matmul(error, self._metric_root)
            loss = tf.reduce_mean(tf.reduce_sum(error**2, -1))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self._loss_tracker.update_state(loss)
        return self.get_metrics_result()

    def measure(
        self, batch: Mapping[str, tf.Tensor], snr_db: tf.Tensor | float
    ) -> dict[str, tf.Tensor]:
        """Figures ``[batch]`` of every sample.

        ``accuracy`` of the head, ``mse`` of the latent, ``logit_mse`` of the logits less their mean
        over the classes, and transmit ``power`` per resource element.
        """
        received, power = self._send(batch["tx"], snr_db, training=False)
        logits = tf.matmul(received, self._kernel) + self._bias
        metrics.note_outputs(batch["tx"], logits)
        decided = tf.argmax(logits, -1, output_type=batch["label"].dtype)
        errors = tf.matmul(received - batch["rx"], self._kernel)
        return {
            "accuracy": tf.equal(decided, batch["label"]),
            "mse": metrics.mse(batch["rx"], received),
            "logit_mse": tf.math.reduce_variance(errors, -1),
            "power": power,
        }

    def figures(self, data: Iterable[Any]) -> dict[str, float]:
        """Figures that do not depend on the SNR, nor on ``data``.

        ``channel_uses`` of a latent with pilots, ``num_symbols`` (antenna symbols),
        ``compression_factor`` (their ratio to the pairs of features, equation (1)), ``flops`` and
        ``parameters`` of the aligner, its ``sparsity``, ``pilots``, and ``receiver_accuracy`` of
        the head on the receiver's own latents.
        """
        link = self.link
        d, m = (self.pilots.shapes[end][0] for end in ("tx", "rx"))
        num_symbols = link.num_uses * link.num_tx_ant
        size = (d, m, link.num_uses, link.num_tx_ant, link.num_rx_ant)
        return {
            "channel_uses": link.channel_uses(),
            "num_symbols": num_symbols,
            "compression_factor": num_symbols / (d / 2),
            **aligner_cost(self.aligner, *size),
            "pilots": len(self.pilots.splits["train"]),
            "receiver_accuracy": self.pilots.receiver_accuracy,
        }
