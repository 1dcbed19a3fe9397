# SPDX-License-Identifier: Apache-2.0
"""Resource grid of a slot, against Sionna's."""

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.ofdm import ResourceGrid, ResourceGridMapper

from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link import OFDMLink


@pytest.mark.parametrize("pilots", [(), (2, 11)])
@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("compiled", [None, False, True])
def test_grids_are_those_of_sionna(pilots, precision, compiled):
    settings = OFDMLink(
        num_tx_ant=2, num_rx_ant=2, fft_size=24, pilot_ofdm_symbol_indices=pilots,
        csi="ls" if pilots else "perfect", precision=precision,
    ).settings  # fmt: skip
    sionna = ResourceGrid(
        14, 24, settings.subcarrier_spacing, num_streams_per_tx=settings.streams,
        pilot_pattern="kronecker" if pilots else "empty",
        pilot_ofdm_symbol_indices=list(pilots), precision=precision,
    )  # fmt: skip
    size = [1, 1, settings.streams, int(sionna.num_data_symbols)]
    symbols = tf.cast(tf.reshape(tf.range(np.prod(size)), size), sionna.cdtype)
    grids = []
    for grid in (sionna, resource_grid(settings)):
        send = ResourceGridMapper(grid, precision=precision).__call__
        if compiled is not None:
            send = tf.function(send, jit_compile=compiled)
        grids.append(send(symbols))
    np.testing.assert_allclose(*grids, rtol=2e-7 if compiled else 0)  # XLA rounds otherwise
