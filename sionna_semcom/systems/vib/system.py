# SPDX-License-Identifier: Apache-2.0
"""Two-stage variational information bottleneck with reduced redundancy between modalities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from ..._networks import built, perceptron
from ...link import Link
from ...losses import redundancy_loss
from ...semantics import FeatureEncoder, GaussianBottleneck, GradientReversal, PairDiscriminators
from ..base.callbacks import LinearRamp
from ..base.contract import SNR, Batch, Present
from ..base.devices import uses_of_devices
from ..base.presence import present_names, where_present
from ..base.settings import SYSTEMS
from ..decision.system import DecisionSystem
from .devices import receive_side_by_side
from .settings import TwoStageVIBSettings


@SYSTEMS.register(TwoStageVIBSettings)
class TwoStageVIB(DecisionSystem):
    r"""Multimodal task-oriented communication with a two-stage variational bottleneck.

    .. code-block:: text

        s_m ─ encoder ─ x_m ─ U-VIB ─ z_m ─┬─ head ─ ŷ_m
                                           ├─ gradient reversal ─ T_mn
                                           └─ fusion ─ x ─ encoder ─ z ─ link ─ ẑ ─ M-VIB ─ head ─ ŷ

    All losses are minimized in one backward pass:

    .. math::
        \mathcal{L} = \sum_m \left(w\,\ell(y, \hat{y}_m) + \beta D_m\right)
        + \ell(y, \hat{y}) + \gamma D + \lambda_\text{red} \sum_{m<n} \text{BCE}_{mn}

    with the loss :math:`\ell` of the task and the divergences :math:`D` of the bottlenecks from
    their prior in nats, averaged over the batch. The discriminators :math:`T_{mn}` classify whether
    latents of two modalities belong to the same sample. They follow a gradient reversal layer.

    With ``transmitters="separate"`` each modality is at a device of its own, which sends an
    encoding of its :math:`z_m` in ``transmitted_dim`` numbers over a link of several devices, and
    fusion is at the receiver:

    .. code-block:: text

        s_m ─ encoder ─ x_m ─ U-VIB ─ z_m ─ encoder ─ link of all m ─ fusion ─ M-VIB ─ head ─ ŷ

    Source: Fu et al., "Robust Multi-modal Task-oriented Communications with Redundancy-aware
    Representations", equations (2) and (43). Corrections: (13) and (23) subtract the divergence
    that (7) and (18) add, and do not average it. (43) adds the bound of the mutual information,
    which discriminators would minimize, instead of their cross-entropy. (40) to (42) reverse the
    gradient of only one input, while the text describes both. Additions are missing modalities,
    sequences, and noise knowledge at the receiver.

    See :class:`~sionna_semcom.systems.DecisionSystem` for ``shapes``, ``num_classes``, ``link``,
    ``snr_db``, input and output.

    Raises
    ------
    ValueError
        If a size or weight is out of range
    """

    def create_layers(self) -> None:
        """Create both stages, the heads and the discriminators."""
        width, dropout = self.settings.width, self.settings.dropout
        self.final_redundancy_weight = (
            self.settings.redundancy_weight if len(self.shapes) > 1 else 0.0
        )
        self._create_transmitter(width, self.settings.unimodal_dim, dropout)
        self._create_receiver(width, self.settings.received_dim, dropout)
        self._trackers = {
            key: keras.metrics.Mean(key) for key in ("unimodal", "kl_1", "kl_2", "redundancy")
        }

    def _create_transmitter(self, width: int, dim: int, dropout: float) -> None:
        names, outputs = list(self.shapes), self.task.num_outputs
        self.encoders = {
            name: FeatureEncoder(name, shape, width, dropout, self.settings.input_dropout)
            for name, shape in self.shapes.items()
        }
        stochastic = self.settings.beta is not None
        self.bottlenecks = {
            name: built(GaussianBottleneck(dim, stochastic), width) for name in names
        }
        self.heads = {}
        if self.settings.auxiliary_weight:
            self.heads = {name: perceptron(dim, (), outputs) for name in names}
        self.discriminators: PairDiscriminators | None = None
        if self.final_redundancy_weight:
            self.redundancy_weight = self.add_weight(
                shape=(), initializer="zeros", trainable=False, name="redundancy_weight"
            )
            self.reversal = GradientReversal(0.0)
            self.discriminators = PairDiscriminators(names)
            self.discriminators.build(dict.fromkeys(names, (None, dim)))
        if self.settings.devices:
            sizes = dim, (width,), self.transmitted_dim
            self.senders_of = {name: perceptron(*sizes, dropout=dropout) for name in names}
            return
        fused = len(names) * (dim + 1)
        self.encoder = perceptron(fused, (width,), self.transmitted_dim, dropout=dropout)

    def _create_receiver(self, width: int, dim: int, dropout: float) -> None:
        self.receiver = perceptron(self.received_features, (width,), width, dropout=dropout)
        self.bottleneck = built(GaussianBottleneck(dim, self.settings.gamma is not None), width)
        self.head = perceptron(dim, (), self.task.num_outputs)

    def schedules(self, num_epochs: int) -> list[keras.callbacks.Callback]:
        r"""Schedules of :math:`\alpha` and :math:`\lambda_\text{red}` for ``num_epochs``.

        The scale of the gradient reversal increases to one in the warm-up. The weight of the
        redundancy term then increases until the end. Pass the schedules to ``fit`` as callbacks.
        """
        if self.discriminators is None:
            return []
        warm = min(self.settings.warm_epochs, num_epochs)
        return [
            LinearRamp(self.reversal.scale, 1.0, 0, warm),
            LinearRamp(self.redundancy_weight, self.final_redundancy_weight, warm, num_epochs),
        ]

    def unimodal(
        self, inputs: Batch, training: bool = False
    ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Latents [batch, unimodal_dim] of all modalities, and their divergences [batch], nats."""
        latents, divergences = {}, {}
        for name, encoder in self.encoders.items():
            features = encoder(inputs, training=training)
            latents[name], divergences[name] = self.bottlenecks[name](features, training=training)
        return latents, divergences

    def encode(self, inputs: Batch, presence: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Transmitted latents of ``inputs``."""
        return self._fuse(self.unimodal(inputs, training)[0], presence, training)

    @property
    def received_features(self) -> int:
        """Number of received real numbers per sample."""
        features = super().received_features
        return len(self.shapes) * (features + 1) if self.settings.devices else features

    def channel_uses(self, batch: int) -> int:
        """Channel uses of a batch."""
        if not self.settings.devices:
            return super().channel_uses(batch)
        return uses_of_devices(self.link, self.num_symbols, batch, len(self.shapes))

    def receive(self, latents: tf.Tensor, no: tf.Tensor, link: Link | None = None) -> tf.Tensor:
        """Received features of ``latents``: [batch, received_features]."""
        if not self.settings.devices:
            return super().receive(latents, no, link)
        over = None if link is self._noiseless else link or self.link
        return receive_side_by_side(over, latents, no, self._snr_range, self.receiver_knows_noise)

    def quality(self, features: tf.Tensor) -> tf.Tensor:
        """Mean SNR [dB] of the symbols of the devices that transmit: [batch].

        It is the lowest SNR of training if no device transmits.
        """
        if not (self.settings.devices and self.receiver_knows_noise):
            return super().quality(features)
        devices = tf.reshape(features, [-1, super().received_features + 1])
        flat = super().quality(devices[:, :-1]), devices[:, -1]  # absent devices have zeros
        snrs, there = (tf.reshape(one, [-1, len(self.shapes)]) for one in flat)
        present = tf.reduce_sum(there, -1)
        mean = tf.math.divide_no_nan(tf.reduce_sum(snrs, -1), present)
        return tf.where(present > 0, mean, self.quality_knots[0])

    def _fuse(self, latents: Batch, presence: tf.Tensor, training: bool) -> tf.Tensor:
        if self.settings.devices:
            rows = [
                sender(latents[name], training=training) for name, sender in self.senders_of.items()
            ]
            return tf.stack(where_present(rows, presence), 1)
        parts = where_present(latents.values(), presence)
        return self.encoder(tf.concat([*parts, presence], -1), training=training)

    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs for received features."""
        return self._decode(features, training)[0]

    def _decode(self, features: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Outputs, and the divergence [batch] of the second stage."""
        seen = self.receiver(features, training=training)
        latents, divergence = self.bottleneck(
            seen, training=training, num_samples=self.settings.num_samples
        )
        if latents.shape.rank == 2:
            return self.head(latents), divergence
        flat = self.head(tf.reshape(latents, [-1, self.bottleneck.dim]))
        outputs = tf.reshape(flat, [self.settings.num_samples, -1, self.task.num_outputs])
        return self.task.average(outputs), divergence

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Weighted sum of all losses, equation (43), corrected."""
        filled, presence = self.prepare(inputs, None, training)
        latents, divergences = self.unimodal(filled, training)
        rounds = self.received_in_training(self._fuse(latents, presence, training))
        decoded, final = zip(*(self._decode(part, training) for part in rounds), strict=True)
        outputs = [self._map_outputs(*pair) for pair in zip(decoded, rounds, strict=True)]
        label = inputs["label"]
        loss = self._task_loss(label, *outputs)
        loss += self._weighted("kl_2", self.settings.gamma, _mean([*map(tf.reduce_mean, final)]))
        loss += self._weighted(
            "kl_1", self.settings.beta, tf.add_n([tf.reduce_mean(d) for d in divergences.values()])
        )
        if self.heads:
            own = [
                tf.reduce_mean(self.task.loss(label, head(latents[name], training=training)))
                for name, head in self.heads.items()
            ]
            loss += self._weighted("unimodal", self.settings.auxiliary_weight, tf.add_n(own))
        if self.discriminators is not None:
            turned = {name: self.reversal(latent) for name, latent in latents.items()}
            logits = self.discriminators(turned, training=training)
            bce = redundancy_loss(logits.values())
            loss += self._weighted("redundancy", self.redundancy_weight, bce)
        return loss

    def _weighted(self, name: str, weight: Any, term: tf.Tensor) -> tf.Tensor:
        """Log a term and return it with its weight."""
        self._trackers[name].update_state(term)
        return 0.0 if weight is None else tf.convert_to_tensor(weight) * term

    def representations(
        self, inputs: Batch, snr_db: SNR, present: Present = None
    ) -> dict[str, tf.Tensor]:
        """Representations for probes: means of the latents of modalities, and ``received``."""
        filled, presence = self.prepare(inputs, present)
        latents = self.unimodal(filled)[0]
        received = self.receive(self._fuse(latents, presence, False), self.noise_power(snr_db))
        shown = {name: latents[name] for name in present_names(present, latents)}
        return shown | {"received": received}

    def static_metrics(self, data: Iterable[Batch]) -> dict[str, float]:
        """Metrics of `DecisionSystem`, divergences of both stages in nats, and the final weight.

        ``kl/<modality>`` are the divergences of the first stage, ``kl/received`` is the divergence
        of the second stage without noise, and ``redundancy_weight`` is the final weight of the
        redundancy term.
        """
        figures = super().static_metrics(data)
        sums = dict.fromkeys([*self.shapes, "received"], 0.0)
        count = 0
        for batch in data:
            filled, presence = self.prepare(batch)
            latents, divergences = self.unimodal(filled)
            sent = self._fuse(latents, presence, False)
            clean = self.receive(sent, tf.constant(0.0), self._noiseless)
            divergences = {**divergences, "received": self._decode(clean, False)[1]}
            for name, divergence in divergences.items():
                sums[name] += float(tf.reduce_sum(divergence))
            count += len(batch["label"])
        shares = {f"kl/{name}": value / count for name, value in sums.items()}
        return figures | shares | {"redundancy_weight": self.final_redundancy_weight}


def _mean(values: list[tf.Tensor]) -> tf.Tensor:
    return values[0] if len(values) == 1 else tf.add_n(values) / len(values)
