# SPDX-License-Identifier: Apache-2.0
"""MIMO over a flat Rayleigh or Rician fading channel."""

from math import sqrt
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from pydantic import Field, model_validator
from sionna.phy import Block, config
from sionna.phy.channel import ApplyFlatFadingChannel
from sionna.phy.mimo import lmmse_equalizer, mf_equalizer, zf_equalizer
from sionna.phy.utils import complex_normal

from .._noise import antenna_energy, at_least
from .._settings import Settings
from ..mapping import SlotPacker
from .base import Link

NOISE_FLOOR = 1e-6  # of the channel's energy; below it, rounding hides what LMMSE leaves of noise

_EQUALIZERS = {"lmmse": lmmse_equalizer, "zf": zf_equalizer, "mf": mf_equalizer}


class FlatFadingSettings(Settings):
    """Settings of `FlatFadingLink`."""

    kind: Literal["flat_fading"] = "flat_fading"
    """Selects this link in a study."""
    num_tx_ant: int = Field(default=1, ge=1)
    """Transmit antennas, each with a stream of its own and an equal share of the power."""
    num_rx_ant: int = Field(default=1, ge=1)
    """Receive antennas."""
    rician_k: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """Power of the line of sight over that of the scattered paths (linear); none: Rayleigh."""
    fading: Literal["block", "symbol"] = "block"
    """Whether the channel stays for a latent, or changes with every channel use."""
    csi_error_variance: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the scattered power that the receiver's channel estimate misses."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """MIMO equaliser."""

    @model_validator(mode="after")
    def _check_antennas(self) -> "FlatFadingSettings":
        if self.equalizer == "zf" and self.num_rx_ant < self.num_tx_ant:
            raise ValueError(
                "`equalizer`='zf' needs at least as many receive antennas as streams. "
                f"Received: num_tx_ant={self.num_tx_ant}, num_rx_ant={self.num_rx_ant}"
            )
        return self

    def build(self) -> "FlatFadingLink":
        """The link of these settings."""
        return FlatFadingLink(**self.model_dump())


class FlatFading(Block):
    r"""Draws channel matrices and what the receiver knows of them.

    .. math::

        \mathbf{H} = \sqrt{\tfrac{K}{K+1}}\, \mathbf{a}_R \mathbf{a}_T^\mathsf{T}
        + \sqrt{\tfrac{1}{K+1}}\, (\hat{\mathbf{W}} + \mathbf{E})

    with i.i.d. estimates :math:`\hat{W}_{i,j} \sim \mathcal{CN}(0, 1-v)` of the scattered part and
    errors :math:`E_{i,j} \sim \mathcal{CN}(0, v)` independent of them, as MMSE estimation leaves
    them. The receiver knows :math:`\mathbf{H}` without :math:`\mathbf{E}`. The line of sight
    connects two uniform linear arrays of half a wavelength at angles that are uniform over the
    half plane in front of each.

    Parameters
    ----------
    settings : `FlatFadingSettings`
        Antennas, Rician factor :math:`K` and CSI error :math:`v`

    Input
    -----
    shape : sequence of `int` or `tf.int32`
        Shape of independent draws

    Output
    ------
    h : [*shape, num_rx_ant, num_tx_ant], `tf.complex`
        Channel, coefficients of unit average power

    h_hat : as ``h``
        Estimate at the receiver

    error_variance : `float`
        Variance of the error on each coefficient
    """

    def __init__(self, settings: FlatFadingSettings) -> None:
        super().__init__()
        self._antennas = [settings.num_rx_ant, settings.num_tx_ant]
        self._k = settings.rician_k or 0.0
        self._error_variance = settings.csi_error_variance / (self._k + 1.0)

    def call(self, shape: list[int | tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, float]:
        """Draw channels."""
        known_variance = 1.0 / (self._k + 1.0) - self._error_variance
        h_hat = sqrt(known_variance) * complex_normal([*shape, *self._antennas])
        if self._k > 0:
            arrival, departure = (self._steering(shape, size) for size in self._antennas)
            line_of_sight = arrival[..., :, tf.newaxis] * departure[..., tf.newaxis, :]
            h_hat += sqrt(self._k / (self._k + 1.0)) * line_of_sight
        if not self._error_variance:
            return h_hat, h_hat, 0.0
        error = sqrt(self._error_variance) * complex_normal([*shape, *self._antennas])
        return h_hat + error, h_hat, self._error_variance

    def _steering(self, shape: list[int | tf.Tensor], num_ant: int) -> tf.Tensor:
        angle = config.tf_rng.uniform([*shape, 1], -np.pi / 2, np.pi / 2, dtype=self.rdtype)
        phase = np.pi * tf.sin(angle) * tf.range(num_ant, dtype=self.rdtype)
        return tf.complex(tf.cos(phase), tf.sin(phase))


class FlatFadingLink(Link):
    r"""MIMO over a flat fading channel with one stream a transmit antenna.

    .. math:: \mathbf{y} = \tfrac{1}{\sqrt{S}} \mathbf{H}\mathbf{x} + \mathbf{w}, \qquad
              \mathbf{w} \sim \mathcal{CN}(\mathbf{0}, N_0\mathbf{I})

    over :math:`S` streams. The receiver equalises with its channel estimate. The estimation error
    of variance :math:`v` acts on it as noise of covariance :math:`(N_0 + v)\mathbf{I}`, as the
    total transmit power is one. Latents that do not fill their last channel use are padded.

    The receiver assumes a noise power of at least 1e-6 of the energy that an antenna receives,
    which keeps the equaliser in the range of single precision. Any Block with the output of
    `FlatFading`, in any unit, can replace the attribute ``channel``.

    See :class:`~sionna_semcom.link.Link` for input and output.

    Parameters
    ----------
    settings :
        Fields of `FlatFadingSettings`

    Raises
    ------
    pydantic.ValidationError
        (a `ValueError`) if the settings cannot work together
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = FlatFadingSettings(**settings)
        self.channel = FlatFading(self.settings)
        self._packer = SlotPacker(self.settings.num_tx_ant)
        self._apply = ApplyFlatFadingChannel()
        self._equalize = _EQUALIZERS[self.settings.equalizer]

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

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Channel uses of ``num_latents`` rows, each with one use for every ``num_tx_ant``."""
        return self._packer.num_slots(num_latents, num_symbols, separate=True)
