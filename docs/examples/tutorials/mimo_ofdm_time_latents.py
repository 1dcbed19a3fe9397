# SPDX-License-Identifier: Apache-2.0
"""Coded bits over MIMO-OFDM and CDL, modeled in the time domain."""

import numpy as np
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.channel import (
    TimeChannel,
    time_lag_discrete_time_channel,
    time_to_ofdm_channel,
)
from sionna.phy.channel.tr38901 import CDL, AntennaArray
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import BinarySource, Demapper, Mapper
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import (
    LMMSEEqualizer,
    LSChannelEstimator,
    OFDMDemodulator,
    OFDMModulator,
    RemoveNulledSubcarriers,
    ResourceGrid,
    ResourceGridMapper,
)
from sionna.phy.utils import ebnodb2no

from sionna_semcom.link import ChainLink

STREAMS, NUM_BITS, CODERATE, CARRIER = 2, 2, 0.5, 2.6e9


class Uplink(Block):
    """A terminal with two antennas sends a codeword on each of two streams."""

    def __init__(self, perfect_csi=False):
        super().__init__()
        self.perfect_csi = perfect_csi
        self.grid = ResourceGrid(
            num_ofdm_symbols=14,
            fft_size=48,
            subcarrier_spacing=15e3,
            num_streams_per_tx=STREAMS,
            cyclic_prefix_length=8,
            num_guard_carriers=(2, 3),
            dc_null=True,
            pilot_pattern="kronecker",
            pilot_ofdm_symbol_indices=[2, 11],
        )
        streams = StreamManagement(np.array([[1]]), STREAMS)
        terminal = AntennaArray(1, 1, "dual", "cross", "38.901", CARRIER)
        station = AntennaArray(1, 2, "dual", "cross", "38.901", CARRIER)
        cdl = CDL("B", 100e-9, CARRIER, terminal, station, "uplink", min_speed=3.0)
        n = int(self.grid.num_data_symbols) * NUM_BITS
        self.source = BinarySource()
        self.encoder = LDPC5GEncoder(int(CODERATE * n), n)
        self.mapper = Mapper("qam", NUM_BITS)
        self.grid_mapper = ResourceGridMapper(self.grid)
        self.l_min, l_max = time_lag_discrete_time_channel(self.grid.bandwidth)
        self.modulator = OFDMModulator(self.grid.cyclic_prefix_length)
        self.channel = TimeChannel(
            cdl,
            self.grid.bandwidth,
            self.grid.num_time_samples,
            l_min=self.l_min,
            l_max=l_max,
            normalize_channel=True,
            return_channel=True,
        )
        self.demodulator = OFDMDemodulator(
            self.grid.fft_size, self.l_min, self.grid.cyclic_prefix_length
        )
        self.remove_nulled = RemoveNulledSubcarriers(self.grid)
        self.estimator = LSChannelEstimator(self.grid, interpolation_type="nn")
        self.equalizer = LMMSEEqualizer(self.grid, streams)
        self.demapper = Demapper("app", "qam", NUM_BITS)
        self.decoder = LDPC5GDecoder(self.encoder, hard_out=True)
        self.link = ChainLink(self.send, self.grid)

    @tf.function
    def call(self, batch_size, ebno_db):
        """Transmitted and decided bits: [batch_size, 1, STREAMS, k] each."""
        no = ebnodb2no(ebno_db, NUM_BITS, CODERATE, self.grid)
        bits = self.source([batch_size, 1, STREAMS, self.encoder.k])
        x = self.mapper(self.encoder(bits))
        x_hat, no_eff = self.send(x, no)
        return bits, self.decoder(self.demapper(x_hat, no_eff))

    def send(self, x, no):
        """Equalized symbols for ``x`` at noise power ``no``, and their noise power."""
        y, h = self.channel(self.modulator(self.grid_mapper(x)), no)
        y = self.demodulator(y)
        if self.perfect_csi:
            h = time_to_ofdm_channel(h, self.grid, self.l_min)
            h_hat, err_var = self.remove_nulled(h), 0.0
        else:
            h_hat, err_var = self.estimator(y, no)
        return self.equalizer(y, h_hat, err_var, no)
