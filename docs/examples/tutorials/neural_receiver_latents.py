# SPDX-License-Identifier: Apache-2.0
"""Bits over OFDM and CDL, received by a convolutional network."""

import keras
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.channel import OFDMChannel
from sionna.phy.channel.tr38901 import CDL, Antenna, AntennaArray
from sionna.phy.mapping import BinarySource, Mapper
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import (
    LSChannelEstimator,
    ResourceGrid,
    ResourceGridDemapper,
    ResourceGridMapper,
)
from sionna.phy.utils import ebnodb2no

from sionna_semcom.link import ChainLink

NUM_BITS, CARRIER = 2, 3.5e9


class NeuralReceiver(keras.layers.Layer):
    """Outputs for each resource element, computed from all received resource elements."""

    def __init__(self, num_outputs, channels=32, blocks=2):
        super().__init__()
        convolutions = [self.convolution(channels) for _ in range(1 + 2 * blocks)]
        self.first, self.hidden = convolutions[0], convolutions[1:]
        self.last = self.convolution(num_outputs)

    @staticmethod
    def convolution(filters):
        """A convolution over the time-frequency grid."""
        return keras.layers.Conv2D(filters, 3, padding="same")

    def call(self, y, h_hat, no):
        """Outputs [batch, 1, 1, num_ofdm_symbols, fft_size, num_outputs] for grids ``y``."""
        y, h_hat = y[:, 0], h_hat[:, 0, :, 0, 0]
        matched = tf.reduce_sum(tf.math.conj(h_hat) * y, 1)
        power = tf.reduce_sum(tf.math.real(h_hat * tf.math.conj(h_hat)), 1)
        x = matched / tf.cast(power + no, matched.dtype)
        z = self.first(tf.stack([tf.math.real(x), tf.math.imag(x), tf.math.log(power / no)], -1))
        for one, other in zip(self.hidden[::2], self.hidden[1::2], strict=True):
            z += other(tf.nn.relu(one(tf.nn.relu(z))))
        return self.last(tf.nn.relu(z))[:, tf.newaxis, tf.newaxis]


class Uplink(Block):
    """A terminal with one antenna sends to a station with two."""

    def __init__(self):
        super().__init__()
        self.grid = ResourceGrid(
            num_ofdm_symbols=14,
            fft_size=24,
            subcarrier_spacing=30e3,
            pilot_pattern="kronecker",
            pilot_ofdm_symbol_indices=[2, 11],
        )
        terminal = Antenna("single", "V", "omni", CARRIER)
        station = AntennaArray(1, 1, "dual", "VH", "38.901", CARRIER)
        cdl = CDL("C", 100e-9, CARRIER, terminal, station, "uplink", min_speed=3.0)
        self.source = BinarySource()
        self.mapper = Mapper("qam", NUM_BITS)
        self.grid_mapper = ResourceGridMapper(self.grid)
        self.channel = OFDMChannel(cdl, self.grid, normalize_channel=True)
        self.grid_demapper = ResourceGridDemapper(self.grid, StreamManagement([[1]], 1))
        self.estimator = LSChannelEstimator(self.grid, interpolation_type="lin")
        self.receiver = NeuralReceiver(NUM_BITS)
        self.latent_receiver = NeuralReceiver(3)
        self.link = ChainLink(self.send, self.grid)

    def call(self, batch_size, ebno_db):
        """Bits that are sent, and their LLRs: [batch_size, 1, 1, n] each."""
        no = ebnodb2no(ebno_db, NUM_BITS, 1.0, self.grid)
        bits = self.source([batch_size, 1, 1, int(self.grid.num_data_symbols) * NUM_BITS])
        y = self.channel(self.grid_mapper(self.mapper(bits)), no)
        llr = self.detect(self.receiver, y, no)
        return bits, tf.reshape(llr, tf.shape(bits))

    def detect(self, network, y, no):
        """Outputs of ``network`` for the data symbols of grids ``y``."""
        h_hat, _ = self.estimator(y, no)
        return self.grid_demapper(network(y, h_hat, no))

    def send(self, x, no):
        """Equalized symbols for ``x`` at noise power ``no``, and their noise power."""
        y = self.channel(self.grid_mapper(x), no)
        real, imag, log_noise = tf.unstack(self.detect(self.latent_receiver, y, no), axis=-1)
        return tf.complex(real, imag), tf.exp(log_noise)
