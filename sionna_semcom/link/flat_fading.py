# SPDX-License-Identifier: Apache-2.0
"""MIMO over a flat Rayleigh or Rician fading channel."""

import functools
from math import log10, sqrt
from typing import Any, Literal

import tensorflow as tf
from pydantic import Field, model_validator
from sionna.phy.channel import ApplyFlatFadingChannel
from sionna.phy.mimo import lmmse_equalizer, mf_equalizer, zf_equalizer

from ..channel.fading import FlatFading
from ..channel.noise import antenna_energy, at_least
from ..mapping import SlotPacker
from .base import LINKS, Link, LinkSettings

NOISE_FLOOR = 1e-6  # of the channel's energy; below it, rounding hides what LMMSE leaves of noise

_EQUALIZERS = {"lmmse": lmmse_equalizer, "zf": zf_equalizer, "mf": mf_equalizer}


class FlatFadingSettings(LinkSettings):
    """Settings of `FlatFadingLink`."""

    kind: Literal["flat_fading"] = "flat_fading"
    """Selects this link in a study."""
    num_tx_ant: int = Field(default=1, ge=1, le=1024)
    """Transmit antennas, each with a stream of its own and an equal share of the power."""
    num_rx_ant: int = Field(default=1, ge=1, le=1024)
    """Receive antennas."""
    rician_k: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """Power of the line of sight over that of the scattered paths (linear); none: Rayleigh."""
    fading: Literal["block", "symbol"] = "block"
    """Whether the channel stays for a latent, or changes with every channel use."""
    csi_error_variance: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the scattered power that the receiver's channel estimate misses."""
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
    r"""MIMO over a flat fading channel with one stream a transmit antenna.

    .. math:: \mathbf{y} = \tfrac{1}{\sqrt{S}} \mathbf{H}\mathbf{x} + \mathbf{w}, \qquad
              \mathbf{w} \sim \mathcal{CN}(\mathbf{0}, N_0\mathbf{I})

    over :math:`S` streams. The receiver equalizes with its channel estimate. The estimation error
    of variance :math:`v` acts on it as noise of covariance :math:`(N_0 + v)\mathbf{I}`, as the
    total transmit power is one. Latents that do not fill their last channel use are padded.

    The receiver assumes a noise power of at least 1e-6 of the energy that an antenna receives,
    which keeps the equalizer in the range of single precision. Any Block with the output of
    `FlatFading`, in any unit, can replace the attribute ``channel``.

    See :class:`~sionna_semcom.link.Link` for input and output.

    Raises
    ------
    ValueError
        If the settings cannot work together
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
        noise = at_least(tf.reshape(no, [-1, 1, 1, 1]), energy, NOISE_FLOOR) + error_variance
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
        """As of any link; a symbol has the energy of one stream."""
        streams_db = 10.0 * log10(self.settings.num_tx_ant)
        return super().ebno_offset_db(num_bits_per_symbol, coderate) + streams_db

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Channel uses of ``num_latents`` rows, each with one use for every ``num_tx_ant``."""
        return self._packer.num_slots(num_latents, num_symbols, separate=True)
