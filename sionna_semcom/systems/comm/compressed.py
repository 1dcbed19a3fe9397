# SPDX-License-Identifier: Apache-2.0
"""Transmission of a task-independent representation in a few complex symbols."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

import keras
import tensorflow as tf
from pydantic import PositiveInt

from ..._networks import built, perceptron
from ...datasets import Data
from ...link import AWGNLink
from ..base.contract import SNR, Batch, Present
from ..base.multimodal import RepresentingModel
from ..base.saving import serialized
from ..base.settings import SYSTEMS, SystemSettings
from ..base.transmission import receive_latent, receiver_features
from .settings import CoMMSettings
from .system import CoMM


class CompressedCoMMSettings(SystemSettings):
    """A :class:`CompressedCoMM`: representation of a trained CoMM in a few symbols."""

    crosses = "link"
    drops_modalities = True
    shows_representations = True
    starts_from = "its sender"
    needs_start = True

    kind: Literal["compressed_comm"] = "compressed_comm"
    sender: CoMMSettings
    """Settings of the CoMM, which `pretrained` of the model must also name"""
    num_symbols: PositiveInt = 8
    """Number of complex symbols per sample"""
    hidden: tuple[PositiveInt, ...] = (512,)
    """Units of the hidden layers of encoder and decoder"""
    fine_tune: bool = False
    """Whether the sender is trained as well, with its initial representations as targets"""

    def can_start_from(self, other: SystemSettings) -> bool:
        """Whether ``other`` has the settings of the sender."""
        return other == self.sender

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics."""
        return ["mse"]


@SYSTEMS.register(CompressedCoMMSettings)
class CompressedCoMM(RepresentingModel):
    r"""Compresses, transmits and reconstructs the representation of a trained :class:`CoMM`.

    .. code-block:: text

        samples ─ sender ─ representation ─ encoder ─ k symbols ─ link ─ decoder ─ r̂

    Encoder and decoder are trained through the link on the mean squared error between
    :math:`\hat{\mathbf{r}}` and the representation :math:`\mathbf{r}`, independent of any task.
    Each entry of the representation is standardized. A linear probe loses nothing by this.

    Parameters
    ----------
    sender : :class:`CoMM`
        Encoder of the representations. It is frozen unless ``fine_tune`` is true; its ``trainable``
        is set accordingly
    link : :class:`~sionna_semcom.link.Link`
        Link for the symbols; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range of a uniform distribution in dB

    Input
    -----
    inputs, snr_db, present
        See :class:`CoMM`

    Output
    ------
    : [batch, representation_dim], `float`
        Received standardized representations

    Raises
    ------
    ValueError
        If ``num_symbols`` is not positive, or as in :class:`CoMM`
    """

    def __init__(
        self,
        sender: CoMM,
        *,
        snr_db: float | tuple[float, float] = (-10.0, 20.0),
        **options: Any,
    ) -> None:
        super().__init__(snr_db=snr_db, sender=sender.settings, **options)
        self.num_symbols: int = self.settings.num_symbols
        self.sender = sender
        sender.trainable = self.settings.fine_tune
        for unused in (sender.projection, *sender.heads.values()):
            if unused is not None:
                unused.trainable = False  # not used
        self.teacher = self._copy(sender) if self.settings.fine_tune else None
        dim = sender.representation_dim
        norm = keras.layers.BatchNormalization(momentum=0.9, center=False, scale=False)
        self.standardize = built(norm, dim)
        self.encoder = perceptron(dim, self.settings.hidden, 2 * self.num_symbols)
        self.decoder = perceptron(3 * self.num_symbols, self.settings.hidden, dim)
        self.built = True

    @staticmethod
    def _copy(sender: CoMM) -> CoMM:
        """Frozen copy of ``sender``."""
        teacher: CoMM = CoMM.from_config(_without_link(sender))
        teacher.set_weights(sender.get_weights())
        teacher.trainable = False
        return teacher

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        sender = serialized(self.sender, "sender")
        return {**super().get_config(), "sender": sender | {"config": _without_link(self.sender)}}

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the system from ``settings`` for the shapes of ``data``."""
        sender = settings.sender.build(data, crossed["link"], math.inf)
        return cls(**settings.options | {"sender": sender}, **crossed)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of a sample of each modality."""
        return self.sender.shapes

    @property
    def senders(self) -> list[CoMM]:
        """Part that is initialized from a trained model."""
        return [self.sender] if self.teacher is None else [self.sender, self.teacher]

    @property
    def training_only(self) -> list[keras.Layer]:
        """Projection head of the sender, and the teacher."""
        teacher = [] if self.teacher is None else [self.teacher]
        return [*self.sender.training_only, *teacher]

    def call(
        self,
        inputs: Batch,
        snr_db: SNR | None = None,
        present: Present = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Transmit ``inputs`` and reconstruct their representations."""
        sent = self.sender.represent(inputs, present)
        return self.transmit((None, sent), snr_db, training)  # inputs may have no target

    def encodings(self, batch: Batch, present: Present = None, training: bool = False) -> Any:
        """Target and transmitted representations, which do not depend on the SNR."""
        target = sent = self.senders[-1].represent(batch)
        if self.teacher is not None or present is not None:
            sent = self.sender.represent(batch, present)
        return target, sent

    def transmit(self, encodings: Any, snr_db: SNR | None, training: bool = False) -> tf.Tensor:
        """Transmit representations and reconstruct them."""
        sent = self.standardize(encodings[1], training=False)
        latents = self.encoder(sent, training=training)
        no = self.noise_power(snr_db)
        received = receiver_features(receive_latent(self.link, latents, no), self._snr_range)
        return self.decoder(received, training=training)

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Mean squared error of standardized representations."""
        target = sent = tf.stop_gradient(self.senders[-1].represent(inputs))
        if self.teacher is not None:
            sent = self.sender.represent(inputs)
        if training:
            self.standardize(target, training=True)  # updates its statistics
        received = self.transmit((target, sent), None, training)
        return tf.reduce_mean(tf.square(received - self.standardize(target, training=False)))

    def compare(self, batch: Batch, encodings: Any, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Mean squared error [batch] of received representations.

        Both are standardized with the mean and variance that training has estimated.
        """
        error = tf.square(outputs - self.standardize(encodings[0]))
        return {"mse": tf.reduce_mean(error, -1)}


def _without_link(sender: CoMM) -> dict[str, Any]:
    """Configuration of ``sender`` over AWGN, because its own link may be large and is not used."""
    return {**sender.get_config(), "link": serialized(AWGNLink(), "link")}
