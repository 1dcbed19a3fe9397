# SPDX-License-Identifier: Apache-2.0
"""Coded bits over `OFDMLink` against a chain of Sionna blocks as in Sionna's tutorials."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import ApplyOFDMChannel, GenerateOFDMChannel
from sionna.phy.channel.tr38901 import CDL, AntennaArray
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

from sionna_semcom.link import CodedTransmission, OFDMLink

STREAMS, BITS_PER_SYMBOL, CARRIER = 2, 2, 3.5e9
DATA_SYMBOLS = 12 * 12  # of each stream in a slot
CODED_BITS = STREAMS * DATA_SYMBOLS * BITS_PER_SYMBOL
INFO_BITS = CODED_BITS // 2
BATCH, BATCHES, ITERATIONS = 100, 4, 8


def handwritten_chain(csi):
    """One codeword per slot over CDL-C, with Sionna blocks only."""
    grid = ResourceGrid(
        num_ofdm_symbols=14,
        fft_size=12,
        subcarrier_spacing=30e3,
        num_streams_per_tx=STREAMS,
        cyclic_prefix_length=6,
        pilot_pattern="kronecker",
        pilot_ofdm_symbol_indices=[2, 11],
    )
    terminal = AntennaArray(1, 1, "dual", "cross", "omni", CARRIER)
    base_station = AntennaArray(1, 2, "dual", "cross", "38.901", CARRIER)
    model = CDL("C", 100e-9, CARRIER, terminal, base_station, "uplink", min_speed=3.0)
    generate = GenerateOFDMChannel(model, grid, normalize_channel=True)
    apply, remove_nulled = ApplyOFDMChannel(), RemoveNulledSubcarriers(grid)
    estimate = LSChannelEstimator(grid, interpolation_type="lin")
    equalize = LMMSEEqualizer(grid, StreamManagement(np.array([[1]]), STREAMS))
    encoder = LDPC5GEncoder(INFO_BITS, CODED_BITS, BITS_PER_SYMBOL)
    mapper, demapper = Mapper("qam", BITS_PER_SYMBOL), Demapper("app", "qam", BITS_PER_SYMBOL)
    decoder, grid_mapper = LDPC5GDecoder(encoder, num_iter=ITERATIONS), ResourceGridMapper(grid)
    amplitude = STREAMS**-0.5  # the streams share a total power of one

    def run(bits, no):
        symbols = tf.reshape(mapper(encoder(bits)), [-1, 1, STREAMS, DATA_SYMBOLS])
        h = generate(tf.shape(bits)[0])
        y = apply(amplitude * grid_mapper(symbols), h, no)
        if csi == "perfect":
            h_hat, err_var = amplitude * remove_nulled(h), 0.0
        else:
            h_hat, err_var = estimate(y, no)
        symbols_hat, no_eff = equalize(y, h_hat, err_var, no)
        words = [tf.reshape(x, [-1, STREAMS * DATA_SYMBOLS]) for x in (symbols_hat, no_eff)]
        return decoder(demapper(*words))

    return run


def block_errors(chain, no):
    """Block errors of all transmitted codewords."""
    source = BinarySource()

    @tf.function
    def run():
        bits = source([BATCH, INFO_BITS])
        return tf.reduce_any(chain(bits, tf.constant(no)) != bits, axis=-1)

    return np.concatenate([run() for _ in range(BATCHES)])


@pytest.mark.filterwarnings("ignore:`no_eff` may differ from the error")
@pytest.mark.parametrize(("csi", "no"), [("perfect", 1.0), ("ls", 0.6)])
def test_same_block_error_rate_as_sionnas_blocks(csi, no):
    link = OFDMLink(
        model="CDL-C", csi=csi, statistics="none", fft_size=12, num_tx_ant=2, num_rx_ant=4,
        packing=False,
    )  # fmt: skip
    coded = CodedTransmission(link, INFO_BITS, 0.5, BITS_PER_SYMBOL, num_iter=ITERATIONS)
    ours = block_errors(coded, no)
    theirs = block_errors(handwritten_chain(csi), no)
    mean = np.mean([ours, theirs])
    assert 0.05 < mean < 0.95  # a rate that says something
    deviation = np.sqrt(mean * (1 - mean) * (1 / len(ours) + 1 / len(theirs)))
    assert abs(ours.mean() - theirs.mean()) < 3.3 * deviation
