# SPDX-License-Identifier: Apache-2.0
"""Flat Rayleigh or Rician MIMO channels with perfect, estimated or delayed CSI."""

from __future__ import annotations

from math import pi, sqrt
from typing import Annotated, Any, Literal

import numpy as np
import tensorflow as tf
from pydantic import Field, model_validator
from scipy.special import j0
from sionna.phy import SPEED_OF_LIGHT, config
from sionna.phy.utils import complex_normal

from .base import ChannelState, MIMOChannel, MIMOSettings
from .fading import FlatFading
from .settings import CHANNELS, MAX_SPEED


class FlatMIMOSettings(MIMOSettings):
    """Settings of `FlatMIMOChannel`."""

    kind: Literal["flat_mimo"] = "flat_mimo"
    """Selects this channel in a study."""
    num_tx_ant: int = Field(default=2, ge=1, le=1024)
    """Transmit antennas."""
    num_rx_ant: int = Field(default=2, ge=1, le=1024)
    """Receive antennas."""
    rician_k: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """Power ratio of the line of sight and the scattered paths (linear); by default (null)
    Rayleigh."""
    csi: Literal["perfect", "ls", "delayed"] = "perfect"
    """CSI at both ends: the channel itself, its least-squares estimate from one pilot per antenna,
    or a delayed version of the channel."""
    delay_correlation: float | None = Field(default=None, ge=-1.0, le=1.0)
    """Correlation of the channel and the delayed channel; alternatively, give the next three
    settings."""
    speed: float | None = Field(default=None, ge=0.0, le=MAX_SPEED, allow_inf_nan=False)
    """Speed of the terminal [m/s], up to 1,000 km/h."""
    carrier_frequency: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    """Carrier frequency [Hz]."""
    csi_delay: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """Age of the delayed channel [s]."""
    realizations: int | None = Field(default=None, ge=1)
    """Size of a pool of channels, which are reused at random; 1 is a fixed channel; by default
    (null) each group draws a new channel."""
    realization_seed: Annotated[int, Field(ge=0)] | Literal["training"] | None = None
    """Seed of the pool, such that training and evaluation use the same channels; "training" in a
    study: the training seed; by default (null) the state of the generator when the channel is
    built."""

    @model_validator(mode="after")
    def _check_realizations(self) -> FlatMIMOSettings:
        if self.realization_seed is not None and (self.realizations is None or self.rician_k):
            raise ValueError(
                "`realization_seed` is for `realizations` of Rayleigh fading. Received: "
                f"realizations={self.realizations}, rician_k={self.rician_k}"
            )
        return self

    @model_validator(mode="after")
    def _check_delay(self) -> FlatMIMOSettings:
        doppler = {
            name: getattr(self, name) for name in ("speed", "carrier_frequency", "csi_delay")
        }
        given = [value is not None for value in doppler.values()]
        direct = self.delay_correlation is not None
        received = f"csi={self.csi!r}, delay_correlation={self.delay_correlation}, {doppler}"
        if self.csi != "delayed":
            if direct or any(given):
                raise ValueError(
                    "`delay_correlation`, `speed`, `carrier_frequency` and `csi_delay` are for "
                    f"`csi`='delayed'. Received: {received}"
                )
            return self
        if any(given) if direct else not all(given):
            raise ValueError(
                "`csi`='delayed' needs either `delay_correlation`, or all of `speed`, "
                f"`carrier_frequency` and `csi_delay`. Received: {received}"
            )
        if self.rician_k:
            raise ValueError(
                "`csi`='delayed' is for Rayleigh fading: a line of sight turns with a Doppler "
                f"shift of its own. Received: rician_k={self.rician_k}"
            )
        return self

    @property
    def correlation(self) -> float:
        r"""Correlation of the channel and the delayed channel, :math:`J_0(2\pi f_D \tau)`."""
        if self.delay_correlation is not None:
            return self.delay_correlation
        if self.speed is None or self.carrier_frequency is None or self.csi_delay is None:
            return 1.0
        doppler = self.speed * self.carrier_frequency / float(SPEED_OF_LIGHT)
        return float(j0(2 * pi * doppler * self.csi_delay))

    @property
    def follows_training(self) -> bool:
        """Whether its channels depend on the training seed."""
        return self.realization_seed == "training"

    def of_training(self, seed: int) -> FlatMIMOSettings:
        """Settings for a model of the training seed ``seed``."""
        return self.model_copy(update={"realization_seed": seed} if self.follows_training else {})


@CHANNELS.register(FlatMIMOSettings)
class FlatMIMOChannel(MIMOChannel):
    r"""Flat Rayleigh or Rician MIMO channel. All resource elements of a latent have one matrix.

    The CSI of a coefficient :math:`h` at both ends, with independent
    :math:`\varepsilon \sim \mathcal{CN}(0, 1)`, is:

    .. math::

        \text{perfect:} \quad & \hat{h} = h, && c = 1, && v = 0 \\
        \text{ls:} \quad & \hat{h} = h + \sqrt{N_0}\,\varepsilon, &&
            c = \tfrac{1}{1 + N_0}, && v = \tfrac{N_0}{1 + N_0} \\
        \text{delayed:} \quad & \hat{h} = \rho h + \sqrt{1 - \rho^2}\,\varepsilon, &&
            c = \rho, && v = 1 - \rho^2

    with ``mean`` :math:`c\hat{h}` and ``error_variance`` :math:`v` (see `ChannelState`). For "ls",
    each antenna sends one unit-power pilot per group on its own resource element. For "delayed",
    :math:`h` and :math:`\hat{h}` are samples of a Gaussian process at two times, i.e., also
    :math:`h = \rho\hat{h} + \sqrt{1 - \rho^2}\,\varepsilon'`. Jakes' spectrum has :math:`\rho =
    J_0(2\pi f_D \tau)` with the maximum Doppler shift :math:`f_D` and delay :math:`\tau` (R. H.
    Clarke, "A Statistical Theory of Mobile-Radio Reception", 1968).

    The matrices of a pool (``realizations``) are drawn at construction, and scaled to unit average
    power over the pool. The SNR and :math:`c` are therefore valid for the pool.

    See :class:`~sionna_semcom.channel.MIMOChannel` for input and output.

    Raises
    ------
    ValueError
        If the settings are incompatible

    Example
    -------
    >>> channel = FlatMIMOChannel(num_tx_ant=4, num_rx_ant=4, num_uses=2, csi="ls")
    >>> state = channel.draw(32, no)                      # h: [32, 2, 4, 4]
    >>> y = channel(x, state.h, no)                       # x, y: [32, 2, 4]
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if self.settings.follows_training:
            raise ValueError(
                "`realization_seed` must be a number where no study trains. Received: 'training'"
            )
        self._fading = FlatFading(
            self.num_tx_ant,
            self.num_rx_ant,
            self.settings.rician_k,
            precision=self.precision,
        )
        self._pool: tf.Variable | None = None
        if self.settings.realizations is not None:
            self._pool = tf.Variable(self._draw_pool(self.settings.realizations), trainable=False)

    def draw_groups(self, groups: int | tf.Tensor, no: tf.Tensor) -> ChannelState:
        """Draw a state for each of ``groups`` at the scalar noise power ``no``."""
        h = self._draw_matrices(groups)
        h_hat, c, variance = self._observe(h, no)
        mean = tf.cast(c, self.cdtype) * h_hat
        h, h_hat, mean = (
            tf.tile(matrix[:, tf.newaxis], [1, self.num_uses, 1, 1]) for matrix in (h, h_hat, mean)
        )
        return ChannelState(h, h_hat, mean, tf.fill([groups, self.num_uses], variance))

    def channel_uses(self) -> float:
        """``num_uses``, plus for "ls" ``num_tx_ant`` pilots per group."""
        pilots = self.num_tx_ant if self.settings.csi == "ls" else 0
        return self.num_uses + pilots / self.coherence

    def _observe(self, h: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Estimate of ``h``, its regression coefficient and the error variance."""
        if self.settings.csi == "perfect":
            return h, tf.ones_like(no), tf.zeros_like(no)
        noise = complex_normal(tf.shape(h), precision=self.precision)
        if self.settings.csi == "ls":
            h_hat = h + tf.cast(tf.sqrt(no), self.cdtype) * noise
            return h_hat, 1.0 / (1.0 + no), no / (1.0 + no)
        rho = self.settings.correlation
        h_hat = rho * h + sqrt(1.0 - rho**2) * noise
        return h_hat, rho * tf.ones_like(no), (1.0 - rho**2) * tf.ones_like(no)

    def _draw_matrices(self, groups: int | tf.Tensor) -> tf.Tensor:
        if self._pool is None:
            return self._fading([groups])[0]
        drawn = config.tf_rng.uniform([groups], maxval=self._pool.shape[0], dtype=tf.int32)
        return tf.gather(self._pool, drawn)

    def _draw_pool(self, size: int) -> tf.Tensor:
        seed = self.settings.realization_seed
        if not isinstance(seed, int):
            h = self._fading([size])[0]
        else:
            draw = np.random.default_rng(seed)
            parts = draw.normal(size=(2, size, self.num_rx_ant, self.num_tx_ant))
            h = tf.constant(parts[0] + 1j * parts[1], self.cdtype)
        return h * tf.cast(tf.math.rsqrt(tf.reduce_mean(tf.abs(h) ** 2)), h.dtype)
