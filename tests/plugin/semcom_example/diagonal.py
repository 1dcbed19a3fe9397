# SPDX-License-Identifier: Apache-2.0
"""A MIMO channel of one's own: as many parallel Rayleigh channels as there are antennas."""

from typing import Literal

import tensorflow as tf
from pydantic import Field
from sionna.phy.utils import complex_normal

from sionna_semcom.channel import CHANNELS, ChannelState, MIMOChannel, MIMOSettings


class DiagonalSettings(MIMOSettings):
    """Settings of `DiagonalChannel`."""

    kind: Literal["diagonal_mimo"] = "diagonal_mimo"
    num_tx_ant: int = Field(2, ge=1)
    """Antennas at the transmitter; the receiver has as many."""

    @property
    def num_rx_ant(self) -> int:
        """Receive antennas."""
        return self.num_tx_ant


@CHANNELS.register(DiagonalSettings)
class DiagonalChannel(MIMOChannel):
    """Parallel Rayleigh channels, known at both ends."""

    perfect_csi = True

    def draw_groups(self, groups: int | tf.Tensor, no: tf.Tensor) -> ChannelState:
        """Draw a state for each of ``groups``."""
        gains = complex_normal([groups, 1, self.num_tx_ant], precision=self.precision)
        h = tf.cast(self.num_tx_ant**0.5, gains.dtype) * tf.linalg.diag(gains)
        h = tf.tile(h, [1, self.num_uses, 1, 1])
        return ChannelState(h, h, h, tf.zeros([groups, self.num_uses], self.rdtype))

    def channel_uses(self) -> float:
        """One use for each resource element of a latent."""
        return float(self.num_uses)
