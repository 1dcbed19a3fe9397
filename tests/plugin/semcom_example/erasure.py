# SPDX-License-Identifier: Apache-2.0
"""Example of a link: noise and erased symbols."""

from typing import Any, Literal

import tensorflow as tf
from pydantic import Field
from sionna.phy import config
from sionna.phy.channel import AWGN

from sionna_semcom.link import LINKS, Link, LinkSettings


class ErasureSettings(LinkSettings):
    """Settings of `ErasureLink`."""

    kind: Literal["erasure"] = "erasure"
    probability: float = Field(0.1, ge=0, lt=1)
    """Probability with which a symbol is lost."""


@LINKS.register(ErasureSettings)
class ErasureLink(Link):
    """Additive white Gaussian noise, and symbols that are lost."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._awgn = AWGN()

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Add noise; a lost symbol is zero, and the error on it has the power of the symbol."""
        no_eff = tf.broadcast_to(tf.reshape(no, [-1, 1]), tf.shape(symbols))
        lost = config.tf_rng.uniform(tf.shape(symbols)) < self.settings.probability
        received = self._awgn(symbols, no_eff)
        return tf.where(lost, tf.zeros_like(received), received), tf.where(lost, 1.0, no_eff)

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """One channel use a symbol."""
        return num_symbols * num_latents
