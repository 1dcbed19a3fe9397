# SPDX-License-Identifier: Apache-2.0
"""A MIMO-OFDM uplink over a CDL channel, with channel estimation and equalization."""

import numpy as np
from sionna.phy import Block
from sionna.phy.channel import OFDMChannel
from sionna.phy.channel.tr38901 import CDL, AntennaArray
from sionna.phy.mapping import Demapper, Mapper
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import LMMSEEqualizer, LSChannelEstimator, ResourceGrid, ResourceGridMapper

NUM_STREAMS = 2
CARRIER_FREQUENCY = 3.5e9


class Uplink(Block):
    """A user terminal with two antennas sends two streams to a base station with four."""

    def __init__(self):
        super().__init__()
        grid = ResourceGrid(
            num_ofdm_symbols=14,
            fft_size=72,
            subcarrier_spacing=30e3,
            num_streams_per_tx=NUM_STREAMS,
            cyclic_prefix_length=6,
            pilot_pattern="kronecker",
            pilot_ofdm_symbol_indices=[2, 11],
        )
        streams = StreamManagement(np.array([[1]]), NUM_STREAMS)
        terminal = AntennaArray(1, 1, "dual", "cross", "omni", CARRIER_FREQUENCY)
        station = AntennaArray(1, 2, "dual", "cross", "38.901", CARRIER_FREQUENCY)
        cdl = CDL("C", 100e-9, CARRIER_FREQUENCY, terminal, station, "uplink", min_speed=3.0)

        self.num_data_symbols = int(grid.num_data_symbols)
        self.mapper = Mapper("qam", num_bits_per_symbol=4)
        self.grid_mapper = ResourceGridMapper(grid)
        self.channel = OFDMChannel(cdl, grid, normalize_channel=True)
        self.estimator = LSChannelEstimator(grid, interpolation_type="lin")
        self.equalizer = LMMSEEqualizer(grid, streams)
        self.demapper = Demapper("app", "qam", num_bits_per_symbol=4)

    def call(self, inputs, no):
        """Send ``inputs`` [batch, 1, NUM_STREAMS, num_inputs] at noise power ``no``.

        Gives what the demapper makes of them, and the noise power left on each symbol.
        """
        x = self.mapper(inputs)
        y = self.channel(self.grid_mapper(x), no)
        h_hat, err_var = self.estimator(y, no)
        x_hat, no_eff = self.equalizer(y, h_hat, err_var, no)
        return self.demapper(x_hat, no_eff), no_eff
