# SPDX-License-Identifier: Apache-2.0
"""System for latent-space alignment over a MIMO channel."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from ... import metrics
from ..._parts import describe
from ...alignment import Design, HardThresholding, aligner_cost, metric_root
from ...channel import ChannelState, MIMOChannel
from ...channel.noise import energy
from ..base.contract import Batch
from ..base.linked_model import LinkedModel
from ..base.saving import packed, unpacked
from ..base.settings import SystemSettings
from .saving import (
    Receiver,
    aligner_arrays,
    aligner_config,
    aligner_from_config,
    with_arrays,
)


class AlignmentSystemSettings(SystemSettings):
    """Common settings of all alignment systems."""

    robust: bool = True
    """Whether the design accounts for errors of the channel estimate"""
    channel_known: bool = True
    """Whether the aligner knows the channel, or assumes an identity"""


@functools.partial(describe, settings=AlignmentSystemSettings)
class AlignmentSystem(LinkedModel):
    r"""Transmits latents over a MIMO channel and aligns them with the receiver's latent space.

    .. code-block:: text

        network A ─ s_T ─ precoder ─ H ─ (+) ─ decoder ─ s_R ─ head of network B ─ class
                             │              no     │
                             └─────── CSI of H ────┘

    The aligner designs precoder and decoder for the available channel knowledge or, if
    ``channel_known`` is false, for an ideal channel. Aligners with trainable weights are trained
    over random channels with ``fit``, on the squared error weighted by ``metric``.

    Source: Pandolfo et al., "Latent Space Alignment for AI-Native MIMO Semantic Communications",
    2025; imperfect channel knowledge and 3GPP channels are additions.

    Parameters
    ----------
    aligner : aligner of :mod:`sionna_semcom.alignment`
        Designs precoder and decoder; must be fitted, unless it is a network
    pairs : :class:`~sionna_semcom.datasets.LatentPairs`
        Semantic pilots for which the aligner was built, and the receiver's head
    link : :class:`~sionna_semcom.channel.MIMOChannel`
        Channel of the antenna symbols; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range of a uniform distribution in dB
    callbacks : sequence of `keras.callbacks.Callback`
        Callbacks for training, such as :class:`~sionna_semcom.alignment.HardThresholding`
    metric : `None` (identity) | [m, m], `float`
        Metric of the training loss

    Input
    -----
    inputs : `dict`
        ``tx`` [batch, d]; for training ``rx`` [batch, m]; for metrics ``label`` [batch]
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]: total transmit power per resource element over noise power per receive antenna

    Output
    ------
    : [batch, m], `float`
        Received latents in the receiver's latent space
    """

    settings_class = AlignmentSystemSettings
    receiver_class: ClassVar[Any] = Receiver

    def __init__(
        self,
        aligner: Design,
        pairs: Any,
        *,
        link: MIMOChannel,
        snr_db: float | tuple[float, float] = 20.0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        metric: np.ndarray | None = None,
        name: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(link=link, snr_db=snr_db, name=name, **settings)
        self.aligner = aligner
        known = self.receiver_class
        self.receiver = pairs if isinstance(pairs, known) else known.of(pairs)
        self._callbacks = tuple(callbacks)
        self._metric_root = None
        if metric is not None:
            self._metric_root = tf.constant(metric_root(metric, len(metric)), tf.float32)
        self.built = True

    @property
    def receiver(self) -> Any:
        """Receiver's head and properties of the latents for which the aligner was fitted."""
        return self._receiver

    @receiver.setter
    def receiver(self, receiver: Any) -> None:
        self._receiver = receiver
        self._kernel = tf.constant(receiver.kernel, tf.float32)
        self._bias = tf.constant(receiver.bias, tf.float32)

    @property
    def structure(self) -> tuple[Hashable, ...]:
        """State of the system, other than weights, that a graph depends on."""
        aligner: Any = self.aligner
        return *super().structure, aligner, *self._heads_in_use()

    def _heads_in_use(self) -> tuple[Hashable, ...]:
        """Identity of the tensors of the head."""
        return self._kernel.ref(), self._bias.ref()

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, including callbacks of this package."""
        pruning = (c for c in self._callbacks if isinstance(c, HardThresholding))
        return {
            **super().get_config(),
            "aligner": aligner_config(self.aligner),
            "pairs": self.receiver.get_config(),
            "thresholds": [
                (callback.threshold, [_position(layer, self.aligner) for layer in callback.layers])
                for callback in pruning
            ],
        }

    @classmethod
    def restored_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Arguments of the constructor from a configuration with deserialized Keras objects."""
        thresholds = options.pop("thresholds")
        aligner = aligner_from_config(options["aligner"])
        callbacks = [
            HardThresholding([getattr(aligner, end)[index] for end, index in places], value)
            for value, places in thresholds
        ]
        receiver = cls.receiver_class.from_config(options["pairs"])
        return options | {"aligner": aligner, "pairs": receiver, "callbacks": callbacks}

    def schedules(self, num_epochs: int) -> list[Any]:
        """Callbacks for a training of ``num_epochs``."""
        return list(self._callbacks)

    def saved_arrays(self) -> dict[str, np.ndarray]:
        """Arrays of the receiver's head, the metric of training and the fitted aligner."""
        aligner = {f"aligner.{key}": x for key, x in aligner_arrays(self.aligner).items()}
        root = {} if self._metric_root is None else {"metric_root": self._metric_root.numpy()}
        return packed({**self.receiver.arrays(), **root, **aligner})

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore the output of :meth:`saved_arrays`."""
        found = unpacked(arrays)
        self.receiver = self.receiver.with_arrays(found)
        if "metric_root" in found:
            self._metric_root = tf.constant(found["metric_root"], tf.float32)
        own = {k.removeprefix("aligner."): x for k, x in found.items() if "aligner." in k}
        self.aligner = with_arrays(self.aligner, own)

    def call(
        self,
        inputs: Batch,
        snr_db: tf.Tensor | float | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Transmit and align ``inputs``."""
        return self._send(inputs["tx"], snr_db, training)[0]

    def _send(
        self, latents: tf.Tensor, snr_db: tf.Tensor | float | None, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Received latents, and the transmit power [batch] per resource element."""
        link = self._antennas()
        no = self.noise_power(snr_db)
        batch = tf.shape(latents)[0]
        h, pair = self._designed(link.draw(batch, no), no, training)
        x = tf.cast(pair.precode(self._grouped(latents, tf.shape(h)[0])), h.dtype)
        y = link(x, h[:, tf.newaxis], no)
        received = self._by_row(tf.cast(pair.decode(y), tf.float32))
        power = tf.reduce_sum(energy(x), -1)
        power = tf.cast(tf.reshape(tf.reduce_mean(power, -1), [-1]), tf.float32)
        size = self._kernel.shape[0]
        return tf.ensure_shape(received, [None, size])[:batch], power[:batch]

    def _antennas(self) -> MIMOChannel:
        """Link with antennas.

        Raises
        ------
        ValueError
            If the current link is another one
        """
        if not isinstance(self.link, MIMOChannel):
            raise ValueError(
                "`link` must be a MIMO channel, such as `sionna_semcom.channel.FlatMIMOChannel()`. "
                f"Received: {type(self.link).__name__}"
            )
        return self.link

    def _designed(
        self, state: ChannelState, no: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, Any]:
        """Channels, and precoder and decoder for the channel knowledge."""
        h, known = state.h, state.mean if self.settings.robust else state.h_hat
        if not self.settings.channel_known:
            known = tf.eye(*h.shape[-2:], batch_shape=tf.shape(h)[:-2], dtype=h.dtype)
            h = known if training else h
        uncertain = (
            self.settings.robust and self.settings.channel_known and not self.link.perfect_csi
        )
        errors = state.error_variance if uncertain else 0.0
        return h, self.aligner.design(known, no, errors)

    def _grouped(self, latents: tf.Tensor, groups: tf.Tensor) -> tf.Tensor:
        """Latents [batch, d] in groups that share a channel, [groups, coherence, d]."""
        missing = groups * self.link.coherence - tf.shape(latents)[0]
        padded = tf.pad(latents, [[0, missing], [0, 0]])
        return tf.reshape(padded, [groups, self.link.coherence, latents.shape[-1]])

    def _by_row(self, grouped: tf.Tensor) -> tf.Tensor:
        """Undo :meth:`_grouped`, with the latents that were added."""
        return tf.reshape(grouped, [tf.shape(grouped)[0] * self.link.coherence, -1])

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Squared error of the latents in the metric of training, at an SNR drawn per batch."""
        error = self._errors(inputs, training)
        if self._metric_root is not None:
            error = tf.matmul(error, self._metric_root)
        return tf.reduce_mean(tf.reduce_sum(error**2, -1))

    def _errors(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Errors [batch, m] of the latents at an SNR drawn per batch."""
        return self._send(inputs["tx"], None, training)[0] - inputs["rx"]

    def measure(self, batch: Batch, snr_db: tf.Tensor | float) -> dict[str, tf.Tensor]:
        """Metrics ``[batch]`` of each sample.

        ``accuracy`` of the head, ``mse`` of the latent, ``logit_mse`` of the logits without their
        mean over the classes, and transmit ``power`` per resource element.
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

    def static_metrics(self, data: Iterable[Any]) -> dict[str, float]:
        """Metrics that depend neither on the SNR nor on ``data``.

        ``channel_uses`` per latent, including pilots, ``num_symbols`` (antenna symbols),
        ``compression_factor`` (ratio of antenna symbols to pairs of features, equation (1)),
        ``flops``, ``parameters`` and ``sparsity`` of the aligner, number of ``pilots``, and
        ``receiver_accuracy`` of the head for the receiver's own latents.
        """
        link = self._antennas()
        d, m = self.receiver.sizes
        num_symbols = link.num_uses * link.num_tx_ant
        size = (d, m, link.num_uses, link.num_tx_ant, link.num_rx_ant)
        return {
            "channel_uses": link.channel_uses(),
            "num_symbols": num_symbols,
            "compression_factor": num_symbols / (d / 2),
            **aligner_cost(self.aligner, *size),
            "pilots": self.receiver.num_pilots,
            "receiver_accuracy": self.receiver.accuracy,
        }


def _position(layer: keras.layers.Layer, aligner: Any) -> tuple[str, int]:
    """Position of a layer in an aligner: transmitter or receiver, and index."""
    for end in ("precoder", "decoder"):
        for index, one in enumerate(getattr(aligner, end, ())):
            if one is layer:
                return end, index
    raise ValueError(f"A layer that is pruned must be the aligner's. Received: {layer.name}")
