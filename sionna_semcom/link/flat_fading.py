# SPDX-License-Identifier: Apache-2.0
"""MIMO link over flat Rayleigh or Rician fading."""

import functools
from math import log10, sqrt
from typing import Any, Literal

import tensorflow as tf
from pydantic import Field, model_validator
from sionna.phy.channel import ApplyFlatFadingChannel
from sionna.phy.mimo import lmmse_equalizer, mf_equalizer, zf_equalizer

from ..channel.fading import FlatFading
from ..channel.noise import antenna_energy, at_least, rounding
from ..mapping import SlotPacker
from .base import LINKS, Link, LinkSettings

NOISE_FLOOR = 1e-6  # of the channel energy; limits rounding errors of the LMMSE equalizer

_EQUALIZERS = {"lmmse": lmmse_equalizer, "zf": zf_equalizer, "mf": mf_equalizer}


class FlatFadingSettings(LinkSettings):
    """Settings of `FlatFadingLink`."""

    kind: Literal["flat_fading"] = "flat_fading"
    """Selects this link in a study."""
    num_tx_ant: int = Field(default=1, ge=1, le=1024)
    """Transmit antennas, each with its own stream and an equal share of the power."""
    num_rx_ant: int = Field(default=1, ge=1, le=1024)
    """Receive antennas."""
    rician_k: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """Rician K-factor (linear): ratio of the power of the line of sight to the power of the
    scattered paths; by default (null) Rayleigh fading."""
    fading: Literal["block", "symbol"] = "block"
    """Whether the channel is constant for each latent, or changes with every channel use."""
    csi_error_variance: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Variance of the receiver's channel estimation error, relative to the scattered power."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """MIMO equalizer."""

    @model_validator(mode="after")
    def _check_antennas(self) -> "FlatFadingSettings":
        if self.equalizer == "zf" and self.num_rx_ant < self.num_tx_ant:
            raise ValueError(
                "`equalizer`='zf' needs at least as many receive antennas as streams. "
                f"Received: num_tx_ant={self.num_tx_ant}, num_rx_ant={self.num_rx_ant}"
            )
        return self


@LINKS.register(FlatFadingSettings)
class FlatFadingLink(Link):
    r"""MIMO link over flat fading with one stream per transmit antenna.

    .. math:: \mathbf{y} = \tfrac{1}{\sqrt{S}} \mathbf{H}\mathbf{x} + \mathbf{w}, \qquad
              \mathbf{w} \sim \mathcal{CN}(\mathbf{0}, N_0\mathbf{I})

    with :math:`S` streams. The receiver equalizes with its channel estimate. An estimation error
    of variance :math:`v` is equivalent to additional noise, so that the noise covariance is
    :math:`(N_0 + v)\mathbf{I}`, because the total transmit power is one. Latents that do not fill
    their last channel use are padded.

    The receiver assumes a noise power of at least 1e-6 of the received energy per antenna, which
    avoids rounding errors of the equalizer in single precision. The attribute ``channel`` can be
    replaced by any Block with the output of `FlatFading`, in any unit.

    See :class:`~sionna_semcom.link.Link` for input and output.

    Raises
    ------
    ValueError
        If the settings are incompatible
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.channel = FlatFading(
            **self.settings.model_dump(exclude={"kind", "fading", "equalizer"})
        )
        self._packer = SlotPacker(self.settings.num_tx_ant)
        self._apply = ApplyFlatFadingChannel(precision=self.precision)
        equalizer = _EQUALIZERS[self.settings.equalizer]
        self._equalize = functools.partial(equalizer, precision=self.precision)

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``."""
        batch, num_symbols = tf.unstack(tf.shape(symbols))
        streams = self.settings.num_tx_ant
        x = self._packer.pack(symbols, separate=True)
        x = tf.reshape(x, [batch, -1, streams])
        draws = 1 if self.settings.fading == "block" else tf.shape(x)[1]
        h, h_hat, error_variance = self.channel([batch, draws])
        y = self._apply(x / sqrt(streams), h, no)
        energy = antenna_energy(h_hat / sqrt(streams))[..., tf.newaxis, tf.newaxis]
        floor = rounding(NOISE_FLOOR, self.rdtype)
        noise = at_least(tf.reshape(no, [-1, 1, 1, 1]), energy, floor) + error_variance
        identity = tf.eye(self.settings.num_rx_ant, dtype=self.cdtype)
        x_hat, no_eff = self._equalize(
            y, h_hat / sqrt(streams), tf.cast(noise, self.cdtype) * identity
        )
        no_eff = tf.broadcast_to(no_eff, tf.shape(x_hat))

        def unpack(slots: tf.Tensor) -> tf.Tensor:
            slots = tf.reshape(slots, [-1, streams])
            return self._packer.unpack(slots, batch, num_symbols, separate=True)

        return unpack(x_hat), unpack(no_eff)

    def ebno_offset_db(self, num_bits_per_symbol: int, coderate: float) -> float:
        """See `Link.ebno_offset_db`. A symbol has the energy of one stream."""
        streams_db = 10.0 * log10(self.settings.num_tx_ant)
        return super().ebno_offset_db(num_bits_per_symbol, coderate) + streams_db

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Channel uses of ``num_latents`` rows; a channel use carries ``num_tx_ant`` symbols."""
        return self._packer.num_slots(num_latents, num_symbols, separate=True)
