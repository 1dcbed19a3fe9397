# SPDX-License-Identifier: Apache-2.0
"""Deep joint source-channel coding of images."""

from __future__ import annotations

from typing import Literal

import tensorflow as tf
from pydantic import Field, PositiveInt, model_validator

from ...metrics import mse
from ...semantics import deep_jscc_decoder, deep_jscc_encoder
from ...semantics.networks.deep_jscc import check_strides
from ..base.contract import SNR, Batch, Present
from ..base.settings import SYSTEMS
from ..base.transmission import Estimator, receive_latent
from .base import ImageSettings, ImageSystem


class DeepJSCCSettings(ImageSettings):
    """A :class:`DeepJSCC` for the images of the data."""

    kind: Literal["deep_jscc"] = "deep_jscc"
    filters: tuple[PositiveInt, ...] = (16, 32, 32, 32)
    """Filters of all convolutions of the encoder but the last one; the decoder mirrors them"""
    strides: tuple[PositiveInt, ...] = Field((2, 2, 1, 1, 1), min_length=1)
    """Strides of all convolutions of the encoder; the decoder mirrors them"""
    initial_value: float = Field(0.5, gt=0, lt=1)
    """Value of the pixels of reconstructions before training. The mean of the training images is
    best; far from it, training can end with black images"""
    estimator: Estimator = "unbiased"
    """Estimator of the symbols before the decoder: unbiased, as in the paper, or LMMSE"""

    @model_validator(mode="after")
    def _check_strides(self) -> DeepJSCCSettings:
        check_strides(self.filters, self.strides)
        return self


@SYSTEMS.register(DeepJSCCSettings)
class DeepJSCC(ImageSystem):
    r"""Convolutional encoder and decoder, trained end to end over the link.

    .. code-block:: text

        x ─ f ─ z̃ ─ power normalization ─ z ─ link ─ ẑ ─ g ─ x̂

    The encoder :math:`f` maps an image of :math:`n` values to :math:`k` complex numbers
    :math:`\tilde{\mathbf{z}}`, which are sent with a power of one:

    .. math::

        \mathbf{z} = \sqrt{k}\,
        \frac{\tilde{\mathbf{z}}}{\sqrt{\tilde{\mathbf{z}}^\mathsf{H}\tilde{\mathbf{z}}}},
        \qquad \hat{\mathbf{x}} = g(\hat{\mathbf{z}})

    The loss is the mean squared error :math:`\frac{1}{n}\|\mathbf{x}-\hat{\mathbf{x}}\|_2^2`.
    The bandwidth compression ratio is :math:`k/n`. The decoder does not know the SNR.

    Encoder and decoder have five convolutions each, of 5 x 5 pixels and with PReLU, and a sigmoid
    at the end (:func:`~sionna_semcom.semantics.deep_jscc_encoder`). In the paper, each model is
    trained at one SNR, with images in batches of 64, Adam, and a learning rate of
    :math:`10^{-3}`, later :math:`10^{-4}`.

    Source: Bourtsoulatze, Burth Kurka, Gündüz, "Deep Joint Source-Channel Coding for Wireless Image
    Transmission", IEEE Transactions on Cognitive Communications and Networking, 2019, equation (2)
    and figure 2. Strides, so that few symbols are possible, the initial value of reconstructions, a
    range of SNRs in training and the LMMSE estimator are additions.

    See :class:`~sionna_semcom.systems.ImageSystem` for ``shapes``, ``link``, ``snr_db``, input and
    output.

    Raises
    ------
    ValueError
        If there is not one stride per convolution, or ``num_symbols`` is not a multiple of half the
        number of positions after the last convolution
    """

    def create_layers(self) -> None:
        """Create encoder and decoder."""
        chosen = self.settings
        sizes = (self.shapes["image"], chosen.num_symbols, chosen.filters, chosen.strides)
        self.encoder = deep_jscc_encoder(*sizes)
        self.decoder = deep_jscc_decoder(*sizes, chosen.initial_value)

    def encodings(self, batch: Batch, present: Present = None, training: bool = False) -> tf.Tensor:
        """Outputs of the encoder [batch, 2 * num_symbols], which do not depend on the SNR."""
        return self.encoder(self.images(batch, present), training=training)

    def transmit(
        self, encodings: tf.Tensor, snr_db: SNR | None, training: bool = False
    ) -> dict[str, tf.Tensor]:
        """Transmit outputs of the encoder and reconstruct the images."""
        no = self.noise_power(snr_db)
        received = receive_latent(self.link, encodings, no, self.settings.estimator)
        return {"image": self.decoder(received.latent, training=training)}

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Mean squared error of the batch."""
        outputs = self.call(inputs, training=training)
        return tf.reduce_mean(mse(inputs["image"], outputs["image"]))
