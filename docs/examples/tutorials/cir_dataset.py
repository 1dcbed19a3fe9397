# SPDX-License-Identifier: Apache-2.0
"""Coded bits over impulse responses of a file."""

import h5py
import numpy as np
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.channel import CIRDataset, OFDMChannel
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

STREAMS, RX_ANTENNAS, PATHS, SYMBOLS = 2, 4, 10, 14
NUM_BITS, CODERATE, BATCH_SIZE = 2, 0.5, 16


def write_responses(path, size=256):
    """Write random impulse responses, which replace measured or ray-traced ones."""
    rng = np.random.default_rng(0)
    real, imag = rng.normal(size=(2, size, 1, RX_ANTENNAS, 1, STREAMS, PATHS, 1))
    with h5py.File(path, "w") as file:
        file["a"] = np.repeat(real + 1j * imag, SYMBOLS, axis=-1)
        file["tau"] = rng.uniform(0, 400e-9, size=(size, 1, 1, PATHS))


class Responses:
    """Impulse responses of a file, one after the other."""

    def __init__(self, path):
        self.path = path

    def __call__(self):
        """Gains and delays of each."""
        with h5py.File(self.path) as file:
            yield from zip(file["a"], file["tau"], strict=True)


class Uplink(Block):
    """A terminal with two antennas sends to a station with four, in batches of the data set."""

    def __init__(self, path, perfect_csi=False):
        super().__init__()
        self.perfect_csi = perfect_csi
        self.grid = ResourceGrid(
            num_ofdm_symbols=SYMBOLS,
            fft_size=48,
            subcarrier_spacing=15e3,
            num_streams_per_tx=STREAMS,
            cyclic_prefix_length=6,
            pilot_pattern="kronecker",
            pilot_ofdm_symbol_indices=[2, 11],
        )
        streams = StreamManagement(np.array([[1]]), STREAMS)
        sizes = 1, RX_ANTENNAS, 1, STREAMS, PATHS, SYMBOLS
        model = CIRDataset(Responses(path), BATCH_SIZE, *sizes)
        n = int(self.grid.num_data_symbols) * NUM_BITS
        self.source = BinarySource()
        self.encoder = LDPC5GEncoder(int(CODERATE * n), n)
        self.mapper = Mapper("qam", NUM_BITS)
        self.grid_mapper = ResourceGridMapper(self.grid)
        self.channel = OFDMChannel(model, self.grid, normalize_channel=True, return_channel=True)
        self.remove_nulled = RemoveNulledSubcarriers(self.grid)
        self.estimator = LSChannelEstimator(self.grid, interpolation_type="nn")
        self.equalizer = LMMSEEqualizer(self.grid, streams)
        self.demapper = Demapper("app", "qam", NUM_BITS)
        self.decoder = LDPC5GDecoder(self.encoder, hard_out=True)

    @tf.function
    def call(self, batch_size, ebno_db):
        """Transmitted and decided bits: [batch_size, 1, STREAMS, k] each."""
        no = ebnodb2no(ebno_db, NUM_BITS, CODERATE, self.grid)
        bits = self.source([batch_size, 1, STREAMS, self.encoder.k])
        x = self.mapper(self.encoder(bits))
        y, h = self.channel(self.grid_mapper(x), no)
        if self.perfect_csi:
            h_hat, err_var = self.remove_nulled(h), 0.0
        else:
            h_hat, err_var = self.estimator(y, no)
        x_hat, no_eff = self.equalizer(y, h_hat, err_var, no)
        return bits, self.decoder(self.demapper(x_hat, no_eff))
