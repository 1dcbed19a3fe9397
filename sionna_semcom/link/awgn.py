# SPDX-License-Identifier: Apache-2.0
"""Additive white Gaussian noise link."""

from typing import Any, Literal

import tensorflow as tf
from sionna.phy.channel import AWGN

from .base import LINKS, Link, LinkSettings


class AWGNSettings(LinkSettings):
    """Settings of `AWGNLink`."""

    only_noise = True

    kind: Literal["awgn"] = "awgn"
    """Selects this link in a study."""


@LINKS.register(AWGNSettings)
class AWGNLink(Link):
    r"""Additive white Gaussian noise.

    .. math:: \hat{x}_{b,n} = x_{b,n} + w_{b,n}, \qquad w_{b,n} \sim \mathcal{CN}(0, N_0)

    It is the reference for all other links. With ``no=0`` it is noiseless.

    See :class:`~sionna_semcom.link.Link` for input and output.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._awgn = AWGN(precision=self.precision)

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Add noise of power ``no`` to checked ``symbols``."""
        no_eff = tf.broadcast_to(tf.reshape(no, [-1, 1]), tf.shape(symbols))
        return self._awgn(symbols, no_eff), no_eff

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """One channel use per symbol."""
        return num_symbols * num_latents
