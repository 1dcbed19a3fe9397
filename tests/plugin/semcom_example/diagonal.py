# SPDX-License-Identifier: Apache-2.0
"""Example of a MIMO channel: parallel Rayleigh channels between pairs of antennas."""

from typing import Literal

import tensorflow as tf
from pydantic import Field
from sionna.phy.utils import complex_normal

from sionna_semcom.channel import CHANNELS, ChannelState, MIMOChannel, MIMOSettings


class DiagonalSettings(MIMOSettings):
    """Settings of `DiagonalChannel`."""

    kind: Literal["diagonal_mimo"] = "diagonal_mimo"
    num_tx_ant: int = Field(2, ge=1)
    """Transmit antennas."""
    num_rx_ant: int = Field(2, ge=1)
    """Receive antennas; those of either side that have no partner are silent."""


@CHANNELS.register(DiagonalSettings)
class DiagonalChannel(MIMOChannel):
    """Parallel Rayleigh channels, known at both ends."""

    perfect_csi = True

    def draw_groups(self, groups: int | tf.Tensor, no: tf.Tensor) -> ChannelState:
        """Draw a state for each of ``groups``."""
        tx, rx = self.settings.num_tx_ant, self.settings.num_rx_ant
        gains = complex_normal([groups, 1, min(tx, rx)], precision=self.precision)
        h = tf.cast(max(tx, rx) ** 0.5, gains.dtype) * tf.linalg.diag(gains)
        h = tf.pad(h, [[0, 0], [0, 0], [0, rx - min(tx, rx)], [0, tx - min(tx, rx)]])
        h = tf.tile(h, [1, self.num_uses, 1, 1])
        return ChannelState(h, h, h, tf.zeros([groups, self.num_uses], self.rdtype))

    def channel_uses(self) -> float:
        """One use for each resource element of a latent."""
        return float(self.num_uses)
