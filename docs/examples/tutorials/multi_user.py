# SPDX-License-Identifier: Apache-2.0
"""Coded bits of several terminals over MIMO-OFDM and UMi."""

import numpy as np
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.channel import OFDMChannel, gen_single_sector_topology
from sionna.phy.channel.tr38901 import Antenna, AntennaArray, UMi
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import BinarySource, Demapper, Mapper
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import (
    LMMSEEqualizer,
    LSChannelEstimator,
    RemoveNulledSubcarriers,
    ResourceGrid,
    ResourceGridMapper,
)
from sionna.phy.utils import ebnodb2no

TERMINALS, NUM_BITS, CODERATE, CARRIER = 4, 2, 0.5, 3.5e9


class Uplink(Block):
    """Four terminals with an antenna each send to a station with eight."""

    def __init__(self, perfect_csi=False):
        super().__init__()
        self.perfect_csi = perfect_csi
        self.grid = ResourceGrid(
            num_ofdm_symbols=14,
            fft_size=48,
            subcarrier_spacing=30e3,
            num_tx=TERMINALS,
            cyclic_prefix_length=6,
            pilot_pattern="kronecker",
            pilot_ofdm_symbol_indices=[2, 11],
        )
        streams = StreamManagement(np.ones([1, TERMINALS]), 1)
        terminal = Antenna("single", "V", "omni", CARRIER)
        station = AntennaArray(1, 4, "dual", "cross", "38.901", CARRIER)
        power = {"enable_pathloss": False, "enable_shadow_fading": False}
        self.umi = UMi(CARRIER, "low", terminal, station, "uplink", **power)
        n = int(self.grid.num_data_symbols) * NUM_BITS
        self.source = BinarySource()
        self.encoder = LDPC5GEncoder(int(CODERATE * n), n)
        self.mapper = Mapper("qam", NUM_BITS)
        self.grid_mapper = ResourceGridMapper(self.grid)
        self.channel = OFDMChannel(self.umi, self.grid, normalize_channel=True, return_channel=True)
        self.remove_nulled = RemoveNulledSubcarriers(self.grid)
        self.estimator = LSChannelEstimator(self.grid, interpolation_type="nn")
        self.equalizer = LMMSEEqualizer(self.grid, streams)
        self.demapper = Demapper("app", "qam", NUM_BITS)
        self.decoder = LDPC5GDecoder(self.encoder, hard_out=True)

    @tf.function
    def call(self, batch_size, ebno_db):
        """Transmitted and decided bits: [batch_size, TERMINALS, 1, k] each."""
        no = ebnodb2no(ebno_db, NUM_BITS, CODERATE, self.grid)
        bits = self.source([batch_size, TERMINALS, 1, self.encoder.k])
        x = self.mapper(self.encoder(bits))
        self.umi.set_topology(*gen_single_sector_topology(tf.shape(x)[0], TERMINALS, "umi"))
        y, h = self.channel(self.grid_mapper(x), no)
        if self.perfect_csi:
            h_hat, err_var = self.remove_nulled(h), 0.0
        else:
            h_hat, err_var = self.estimator(y, no)
        x_hat, no_eff = self.equalizer(y, h_hat, err_var, no)
        return bits, self.decoder(self.demapper(x_hat, no_eff))
