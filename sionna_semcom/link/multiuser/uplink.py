# SPDX-License-Identifier: Apache-2.0
"""Uplink of several users."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf
from sionna.phy.utils import complex_normal

from ...channel.slots.channel import received
from ...channel.slots.estimation import ls_estimator
from ...channel.slots.randomness import own_randomness
from ..base import LINKS
from ..estimation.learned_error import Estimator, LearnedError
from ..ofdm.precoding import PrecodedChannel, spread_antennas
from .ofdm import MultiUserOFDMLink
from .settings import UplinkSettings

LEARNING_SLOTS = 64  # slots in which the base station learns the error of its estimates


class StackedStreams(PrecodedChannel):
    """Effective channel of the streams of all users, whose antennas are concatenated.

    See `PrecodedChannel` for input and output.
    """

    def __init__(self, settings: UplinkSettings) -> None:
        chosen: Any = settings  # contains all settings of a precoder without a matrix
        super().__init__(chosen)
        antennas = settings.active_users * settings.num_tx_ant
        self._antennas = spread_antennas(antennas, settings.streams)


@LINKS.register(UplinkSettings)
class UplinkLink(MultiUserOFDMLink):
    r"""Multi-user MIMO-OFDM uplink from several terminals to a base station.

    .. math::

        \mathbf{y}_{s,n} = \frac{1}{\sqrt{KS}} \sum_{k=1}^{K}
        \mathbf{H}_{k,s,n}\mathbf{x}_{k,s,n} + \mathbf{w}_{s,n}, \qquad
        \mathbf{w} \sim \mathcal{CN}(\mathbf{0}, N_0\mathbf{I})

    on OFDM symbol :math:`s` and subcarrier :math:`n`, for :math:`K` users of :math:`S` streams::

        user 1 ─ pack ─ grid + pilots ─ H_1 ┐                               ┌ user 1
        ...                                 (+) ─ LS ─ MMSE over all streams ┤ ...
        user K ─ pack ─ grid + pilots ─ H_K ┘ no                            └ user K

    The total transmit power per resource element is one, including pilots, and each user has a
    share of :math:`1/K`. The streams of all users send unit-power pilots on different subcarriers.
    With orthogonal access, the users alternate over slots, each with the full power. Each user then
    sends :math:`1/K` of the symbols with the same number of channel uses.

    With power control, the energy of the channel of each user is normalized in each slot. Flat
    fading is normalized on average.

    The base station knows the error of its estimates after equalization, which it has learned in
    many slots, unless ``statistics`` is "none". This error depends on the correlation of the
    interpolation error between neighboring antennas.

    See :class:`~sionna_semcom.link.MultiUserLink` for input and output, and
    :class:`~sionna_semcom.link.OFDMLink` for packing and gradients.

    Parameters
    ----------
    channel : `None` | `str` | `dict` | `ChannelSource` | :class:`~sionna.phy.channel.ChannelModel`
        Source of the channel of each user, as in :class:`~sionna_semcom.link.OFDMLink`

    Raises
    ------
    ValueError
        If the settings are incompatible, or ``channel`` is incompatible with the settings
    """

    def _make_precoder(self) -> StackedStreams:
        return StackedStreams(self.settings)

    def _estimator(self) -> Any:
        settings = self.settings
        if not settings.knows_statistics:
            return super()._estimator()
        estimate = ls_estimator(settings, self.resource_grid, self._statistical_interpolator())
        with own_randomness():
            drawn = LEARNING_SLOTS * settings.num_users // settings.active_users
            h = self._precode(self.channel(drawn), tf.zeros([]))
        receive = functools.partial(self._error_ratio, h)
        return LearnedError(estimate, self.resource_grid, receive, self.precision)

    def _error_ratio(self, h: tf.Tensor, estimate: Estimator, snr_db: float) -> tf.Tensor:
        """Squared error / ``no_eff`` of symbols over the slots ``h`` with ``estimate``."""
        no = tf.constant(10.0 ** (-snr_db / 10.0), self.rdtype)
        streams = self.settings.streams
        shape = [h.shape[0], streams, self._capacity // streams]
        x = complex_normal(shape, precision=self.precision)
        y = self._awgn(received(self._mapper(x[:, tf.newaxis]), h), no)
        x_hat, no_eff = self._equalize(y, *estimate(y, no), no)
        return tf.abs(x_hat - x) ** 2 / no_eff
