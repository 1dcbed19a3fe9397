# SPDX-License-Identifier: Apache-2.0
"""What a system would achieve if a link were no more than the noise it reports."""

from typing import Annotated, Literal

import tensorflow as tf
from pydantic import Field
from sionna.phy.channel import AWGN

from .._parts import Settings
from .awgn import AWGNSettings
from .base import Link
from .flat_fading import FlatFadingSettings
from .ofdm import OFDMSettings


class EffectiveAWGNSettings(Settings):
    """Settings of `EffectiveAWGNLink`."""

    kind: Literal["effective_awgn"] = "effective_awgn"
    """Selects this link in a study."""
    link: Annotated[AWGNSettings | FlatFadingSettings | OFDMSettings, Field(discriminator="kind")]
    """The link whose ``no_eff`` is the noise power."""

    def build(self) -> "EffectiveAWGNLink":
        """The link of these settings."""
        return EffectiveAWGNLink(self.link.build())


class EffectiveAWGNLink(Link):
    r"""Gaussian noise of the power that another link reports as ``no_eff``.

    .. math:: \hat{x}_{b,n} = x_{b,n} + w_{b,n}, \qquad w_{b,n} \sim \mathcal{CN}(0, N_{b,n})

    with :math:`N_{b,n}` of a run of ``link``. A system that does as well over the link as over
    this one loses nothing that ``no_eff`` does not explain.

    See :class:`~sionna_semcom.link.Link` for input and output.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link`
        Link that reports the noise
    """

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.link = link
        self._awgn = AWGN()

    @property
    def settings(self) -> EffectiveAWGNSettings:
        """Settings of this link and of the one that it stands for."""
        return EffectiveAWGNSettings(link=self.link.settings)

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Add the noise that ``link`` reports for checked ``symbols`` at noise power ``no``."""
        _, no_eff = self.link(symbols, no)
        return self._awgn(symbols, no_eff), no_eff

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """What the other link uses."""
        return self.link.channel_uses(num_symbols, num_latents)
