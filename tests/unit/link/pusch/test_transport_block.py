# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.nr import PUSCHTransmitter
from sionna.phy.utils import complex_normal

from sionna_semcom.link import PUSCHLink, PUSCHSettings
from sionna_semcom.link.pusch.transport_block import TransportBlock

from .slot_cases import SLOTS


def block(share=1.0, mcs_index=9, mcs_table=1, **settings):
    chosen = {"share": share, "mcs_index": mcs_index, "mcs_table": mcs_table}
    return TransportBlock(PUSCHSettings(transport_block=chosen, **settings))


@pytest.mark.parametrize("name", SLOTS)
def test_alone_in_the_slot_it_is_what_sionna_transmits(name):
    settings = SLOTS[name] | {"n_rnti": 17, "n_cell_id": 3}
    link = PUSCHLink(
        model="TDL-A", csi="perfect", transport_block={"mcs_index": 9, "share": 1.0}, **settings
    )
    own, config = link.transport_block, link.settings.config
    transmitter = PUSCHTransmitter(config, return_bits=False)
    bits = own.draw(3)
    symbols = tf.reshape(own.encode(bits), [3, 1, link.settings.streams, -1])
    x = link._mapper(symbols)
    if config.precoding == "codebook":
        matrix = config.precoding_matrix.astype(np.complex64)
        x = np.einsum("ps,bnstf->bnptf", matrix, x)
    np.testing.assert_allclose(x, transmitter(bits[:, tf.newaxis]), atol=1e-6)


@pytest.mark.parametrize("mcs_table", [1, 2, 3, 4])
@pytest.mark.parametrize("settings", [{}, {"dmrs": {"num_cdm_groups_without_data": 1}}])
def test_its_size_is_that_of_the_standard(mcs_table, settings):
    """At most 156 of the 162 data elements of a resource block are counted."""
    for mcs_index in (9, 12):
        own = PUSCHSettings(
            num_resource_blocks=6,
            transport_block={"share": 1.0, "mcs_index": mcs_index, "mcs_table": mcs_table},
            **settings,
        )
        assert TransportBlock(own).size == own.config.tb_size


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_a_share_is_spread_over_the_slot(share):
    own = block(share, num_layers=2, num_resource_blocks=6)
    elements = PUSCHSettings(num_resource_blocks=6).config.num_res_per_prb * 6
    first, second = own.positions.reshape(2, -1)
    np.testing.assert_array_equal(second, first + elements)
    assert len(first) == round(share * elements)
    apart = elements / len(first)
    assert set(np.diff(first)) <= {int(np.floor(apart)), int(np.ceil(apart))}
    assert first[0] == 0
    assert elements - first[-1] <= np.ceil(apart)


def test_layers_of_its_own_are_filled():
    settings = PUSCHSettings(num_layers=4, num_resource_blocks=2, transport_block={"num_layers": 3})
    elements = 2 * settings.config.num_res_per_prb
    np.testing.assert_array_equal(TransportBlock(settings).positions, np.arange(3 * elements))


def test_it_comes_back_from_its_own_symbols():
    own = block(0.4, num_layers=2)
    bits = own.draw(5)
    symbols = own.encode(bits)
    assert symbols.shape == [5, len(own.positions)]
    assert np.mean(np.abs(symbols) ** 2) == pytest.approx(1.0, abs=0.05)
    noise = complex_normal(symbols.shape, 0.05)
    bits_hat, right = own.decode(symbols + noise, tf.fill(symbols.shape, 0.05))
    np.testing.assert_array_equal(bits_hat, bits)
    assert np.all(right)
    bits_hat, right = own.decode(complex_normal(symbols.shape), tf.ones(symbols.shape))
    assert not np.any(right)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mcs_index": 28, "mcs_table": 2}, "the table has no such row. Received: .*mcs_index=28"),
        ({"share": 0.01, "num_resource_blocks": 1}, "at least 24 bits. Received: 2 elements"),
        ({"mcs_index": 0}, "Sionna rejects it: Unsupported coderate"),
    ],
)
def test_blocks_that_cannot_be_are_refused_in_one_line(settings, message):
    with pytest.raises(ValueError, match=f"^`transport_block`.*{message}") as caught:
        block(**settings)
    assert "\n" not in str(caught.value)
