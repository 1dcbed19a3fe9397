# SPDX-License-Identifier: Apache-2.0
"""Over-the-air computation of the mean of the symbols of several devices."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
import tensorflow as tf
from pydantic import Field, model_validator
from sionna.phy.utils import complex_normal

from ...channel.slots.channel import received
from ..base import LINKS
from ..estimation.learned_error import Estimator
from .base import USER_SHAPES
from .settings import UplinkSettings
from .superposition import (
    aligned,
    correlation_root,
    meeting_phases,
    mmse_of_mean,
    received_mean,
)
from .uplink import UplinkLink


class OverTheAirSettings(UplinkSettings):
    """Settings of `OverTheAirLink`; invalid combinations raise an error."""

    transmitters: ClassVar[tuple[str, ...]] = ("separate",)

    kind: Literal["over_the_air"] = "over_the_air"  # type: ignore[assignment]
    """Selects this link in a study."""
    model: Literal[
        "TDL-A", "TDL-B", "TDL-C", "TDL-D", "TDL-E",
        "CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E",
        "UMi", "UMa", "RMa", "flat", "awgn",
    ] = "CDL-C"  # type: ignore[assignment]  # fmt: skip
    """Channel of each device: a model of TR 38.901, Rayleigh fading that is constant over the slot
    (`flat`), or a channel without fading (`awgn`). Devices of UMi, UMa and RMa are dropped in one
    sector. With other models, their channels are independent."""
    num_users: int = Field(default=3, ge=1, le=1024)
    """Number of devices."""
    num_rx_ant: int = Field(default=1, ge=1, le=1024)
    """Antennas of the base station."""
    receiver: Literal["coherent", "mmse", "coherent_mmse"] = "coherent"
    """`coherent`: each device knows its channel and inverts it, so that the symbols add coherently.
    `mmse`: devices have no channel knowledge, and the receiver computes the linear MMSE estimate of
    the mean of their symbols. `coherent_mmse`: the same, but each device sends with the phase for
    which the sum of equal symbols has the highest power."""
    truncation: float = Field(default=0.1, ge=0.0)
    """Energy of a channel, relative to the mean, below which a coherent device does not send."""
    correlation: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Correlation between the symbols of devices that an MMSE receiver assumes."""

    @model_validator(mode="after")
    def _check_antennas(self) -> OverTheAirSettings:
        """Check the settings; devices are not separated and can outnumber the antennas."""
        if self.num_tx_ant != 1 or self.num_streams not in (None, 1):
            raise ValueError(
                "`num_tx_ant` of a device must be one. Received: "
                f"num_tx_ant={self.num_tx_ant}, num_streams={self.num_streams}"
            )
        if self.access != "shared" or self.user is not None or self.equalizer != "lmmse":
            raise ValueError(
                "`access`, `user` and `equalizer` require a link that separates users. Received: "
                f"access={self.access!r}, user={self.user}, equalizer={self.equalizer!r}"
            )
        if self.receiver == "coherent" and self.correlation:
            raise ValueError(
                "`correlation` requires `receiver`='mmse' or 'coherent_mmse'. Received: "
                f"receiver='coherent', correlation={self.correlation}"
            )
        return self

    @property
    def array_gain_db(self) -> float:
        """Largest gain of coherent combining [dB] over antennas and devices."""
        return super().array_gain_db + 10.0 * float(np.log10(self.num_users))


@LINKS.register(OverTheAirSettings)
class OverTheAirLink(UplinkLink):
    r"""Devices that send on the same resource elements, and a receiver that estimates their mean.

    .. math::

        \mathbf{y} = \sum_{k=1}^{N} b_k\mathbf{h}_k x_k + \mathbf{w}, \qquad
        \mathbb{E}|b_k|^2 \le \tfrac{1}{N}, \qquad
        \hat{s} \approx s = \frac{1}{N}\sum_{k=1}^{N} x_k

    on every resource element::

        device 1 ─ b_1 ─ h_1 ┐
        ...                  (+) ─ mean
        device N ─ b_N ─ h_N ┘ no

    Devices do not exchange their symbols. The channel adds them. If the symbols of all devices are
    equal, the sum has :math:`N` times the power of a single transmitter with the same total power.

    - ``receiver="coherent"``: each device inverts its own channel, which it knows from the pilots
      of the slot (:func:`~sionna_semcom.link.multiuser.superposition.aligned`). Devices with a weak
      channel do not send, and the receiver estimates the mean of the other devices. With several
      antennas, the receiver uses a combining vector that is known to the devices.
    - ``receiver="mmse"``: devices send with :math:`b_k = 1/\sqrt{N}` and have no channel knowledge.
      The receiver computes the linear MMSE estimate of the mean from its channel estimates
      (:func:`~sionna_semcom.link.multiuser.superposition.mmse_of_mean`). If the symbols of the
      devices are correlated, a known ``correlation`` improves the estimate.
    - ``receiver="coherent_mmse"``: as ``"mmse"``, and each device sends with a phase that the base
      station computes from its channel estimates
      (:func:`~sionna_semcom.link.multiuser.superposition.meeting_phases`). All devices send with
      their full power. Their received amplitudes differ, and the receiver accounts for it.

    Channel knowledge is obtained from the pilots of the same slot. Devices are synchronized. Rows
    share slots as in :class:`~sionna_semcom.link.OFDMLink`. The symbols of all devices have the
    same order, so that corresponding symbols add.

    Source of channel inversion with truncation: Zhu, Wang, Huang, "Broadband analog aggregation for
    low-latency federated edge learning", 2020. In contrast to this paper, the power is limited in
    each slot.

    Parameters
    ----------
    channel : `None` | `str` | `dict` | `ChannelSource` | :class:`~sionna.phy.channel.ChannelModel`
        Source of the channel of each device, as in :class:`~sionna_semcom.link.OFDMLink`

    Input
    -----
    symbols : [batch, num_users, num_symbols], `tf.complex`
        Symbols of each device with unit average power
    no : [] or [batch], `tf.float`
        Noise power per receive antenna

    Output
    ------
    symbols_hat : [batch, num_symbols], `tf.complex`
        Estimated mean of the symbols of devices, scaled without bias
    no_eff : as ``symbols_hat``, `tf.float`
        Noise power left on the mean, for symbols with the assumed ``correlation``; the missing
        symbols of devices that do not send are not counted as an error

    Raises
    ------
    ValueError
        If ``symbols`` or ``no`` are invalid as in :class:`~sionna_semcom.link.Link`, or
        ``symbols`` have another number of devices
    """

    input_shapes: ClassVar[Mapping[int, str]] = MappingProxyType({3: USER_SHAPES[3]})

    def received_axes(self, rank: int) -> list[int]:
        """Axes of batch and symbols, without the axis of devices."""
        return [0, 2]

    def transmit_users(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` of all devices [batch, num_users, num_symbols]."""
        outputs = super().transmit_users(symbols, no)
        symbols_hat, no_eff = (x[:, 0] for x in outputs)
        return symbols_hat, no_eff

    def num_rounds(self, num_rows: int) -> int:
        """Number of transmissions of all devices for ``num_rows`` received means."""
        return num_rows

    def _transmit_slots(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate the mean, and repeat it for each device to keep the shape of the slots."""
        devices = self.settings.num_users
        x = tf.transpose(tf.reshape(slots, [-1, devices, self._room]), [0, 2, 1])
        h = self.channel(tf.shape(slots)[0])
        estimate = None if self.settings.csi == "perfect" else self._estimate
        outputs = self._mean(x, h, no, estimate)
        symbols_hat, no_eff = (tf.tile(part, [1, devices]) for part in outputs)
        return symbols_hat, no_eff

    def _mean(
        self, x: tf.Tensor, h: tf.Tensor, no: tf.Tensor, estimate: Estimator | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean of ``x`` [num_slots, num_elements, num_users] and its noise for each element."""
        h_hat, error = self._knowledge(h, no, estimate)
        h, h_hat = self._elements(h), self._elements(h_hat)
        if self.settings.receiver != "coherent":
            return self._estimated(x, h, h_hat, error, tf.reshape(no, [-1, 1]))
        noise = tf.reshape(no, [-1, 1])
        w = complex_normal(tf.shape(h)[:2], precision=self.precision)
        channel = aligned(h, h_hat, error, self.settings.truncation)
        return received_mean(x, tf.cast(tf.sqrt(noise), w.dtype) * w, noise, channel)

    def _estimated(
        self, x: tf.Tensor, h: tf.Tensor, h_hat: tf.Tensor, error: tf.Tensor, no: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Send with full power, and compute the linear MMSE estimate of the mean."""
        devices = self.settings.num_users
        if self.settings.receiver == "coherent_mmse":
            phases = meeting_phases(h_hat)[..., tf.newaxis, :]
            h, h_hat = h * phases, h_hat * phases
        amplitude = devices**-0.5
        w = complex_normal(tf.shape(h)[:3], precision=self.precision)
        w *= tf.cast(tf.sqrt(no[..., tf.newaxis]), w.dtype)
        y = amplitude * tf.linalg.matvec(h, x) + w
        noise = no + tf.reduce_sum(tf.broadcast_to(error, tf.shape(x)), -1) / devices
        return mmse_of_mean(y, amplitude * h_hat, noise, self.settings.correlation)

    def _knowledge(
        self, h: tf.Tensor, no: tf.Tensor, estimate: Estimator | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Channel estimates from unit-power pilots, and their error variance on data elements."""
        if estimate is None:
            return h, tf.zeros([1, 1, 1], self.rdtype)
        devices = self.settings.num_users
        amplitude = devices**-0.5
        shape = [tf.shape(h)[0], 1, devices, self._room]
        pilots = self._mapper(tf.zeros(shape, self.cdtype))
        y = self._awgn(received(pilots, amplitude * h), no)
        h_hat, error = map(tf.stop_gradient, estimate(y, no))
        one = tf.broadcast_to(error, tf.shape(h_hat))[:, :, :1]  # equal for all antennas
        return h_hat / amplitude, devices * tf.reduce_mean(self._elements(one), 2)

    def _error_ratio(self, h: tf.Tensor, estimate: Estimator, snr_db: float) -> tf.Tensor:
        """Squared error / ``no_eff`` of the mean over the slots ``h`` with ``estimate``."""
        devices = self.settings.num_users
        no = tf.constant(10.0 ** (-snr_db / 10.0), self.rdtype)
        root = tf.constant(correlation_root(self.settings.correlation, devices), self.cdtype)
        x = complex_normal([h.shape[0], self._room, devices], precision=self.precision) @ root
        mean, no_eff = self._mean(x, h * devices**0.5, no, estimate)
        return (tf.abs(mean - tf.reduce_mean(x, -1)) ** 2 / no_eff)[:, tf.newaxis]

    def _elements(self, grid: tf.Tensor) -> tf.Tensor:
        """Data elements of a grid of rank 7: [num_slots, num_elements, num_rx_ant, num_devices]."""
        pilots = self.settings.pilot_ofdm_symbol_indices
        data = np.setdiff1d(np.arange(self.settings.num_ofdm_symbols), pilots)
        if grid.shape[-1] != self.settings.num_subcarriers:
            used = np.array(self.resource_grid.effective_subcarrier_ind)
            grid = tf.gather(grid, used, axis=-1)
        grid = tf.gather(grid, data, axis=-2)
        grid = tf.transpose(grid[:, 0, :, 0], [0, 3, 4, 1, 2])
        return tf.reshape(grid, [-1, self._room, *grid.shape[3:]])
