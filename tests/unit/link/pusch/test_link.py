# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import EffectiveAWGNLink, PUSCHLink
from sionna_semcom.link.figures import collecting
from sionna_semcom.systems import CentroidSystem

SMALL = {"num_resource_blocks": 2, "num_rx_ant": 2}
BITS = {"mcs_index": 5, "share": 0.4}


def noted(link, symbols, no):
    with collecting() as collection:
        received = link(symbols, no)
    return received, collection.figures()


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "CDL-C", "num_layers": 2, "transport_block": BITS},
        {"model": "UMi", "pool_size": 64, "num_antenna_ports": 2, "tpmi": 2},
        {"model": "flat", "interpolation": "lin", "precision": "double"},
    ],
)
def test_its_configuration_builds_the_same_link(settings):
    link = PUSCHLink(**SMALL | settings)
    set_seed("elsewhere")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(link))
    assert again.settings == link.settings
    symbols = complex_normal([4, 9])
    results = []
    for one in (link, again):
        set_seed("call")
        results.append(one(symbols, 0.1))
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


def test_building_a_link_leaves_the_generators_alone():
    draws = []
    for build in (False, True):
        set_seed("here")
        if build:
            PUSCHLink(**SMALL, model="CDL-C")
        draws.append(complex_normal([3]).numpy())
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("settings", [{}, {"num_antenna_ports": 4, "tpmi": 14, "num_layers": 2}])
def test_the_terminal_sends_unit_power_on_average(settings):
    link = PUSCHLink(**SMALL | settings, model="TDL-A", csi="perfect")
    layers = link.settings.streams
    data = complex_normal([200, 1, layers, int(link.resource_grid.num_data_symbols)])
    x = link._mapper(data).numpy()
    matrix = link._precode._matrix.numpy()
    sent = np.einsum("ps,bnstf->bnptf", matrix, x)
    assert np.mean(np.sum(np.abs(sent) ** 2, axis=2)) == pytest.approx(1.0, abs=0.02)


def test_latents_and_bits_have_the_elements_that_are_theirs():
    link = PUSCHLink(**SMALL, model="TDL-A", csi="perfect", num_layers=2, transport_block=BITS)
    sent = []
    mapper = link._mapper
    link._mapper = lambda x: (sent.append(mapper(x).numpy()), mapper(x))[1]
    symbols = complex_normal([3, link._room])
    received, _ = link(symbols, 1e-6)
    np.testing.assert_allclose(received, symbols, atol=0.05)
    data = sent[0][:, 0][:, ~np.asarray(link.resource_grid.pilot_pattern.mask)[0].astype(bool)]
    alphabet = link.transport_block._mapper.constellation().numpy()
    distance = np.min(np.abs(data[:, link.transport_block.positions, None] - alphabet), axis=-1)
    assert np.max(distance) < 1e-6
    assert link._room + len(link.transport_block.positions) == data.shape[1]


@pytest.mark.parametrize("packing", [True, False])
def test_each_row_has_the_block_of_the_slot_in_which_it_begins(packing):
    link = PUSCHLink(**SMALL, model="TDL-A", csi="perfect", transport_block=BITS, packing=packing)
    room, wrong = link._room, []
    decode = link.transport_block.decode

    def spoil(symbols_hat, no_eff):
        bits_hat, right = decode(symbols_hat, no_eff)
        slot = tf.range(tf.shape(bits_hat)[0])
        spoilt = tf.one_hot(0, link.transport_block.size) * tf.cast(slot % 2, tf.float32)[:, None]
        wrong.append(np.asarray(slot % 2).astype(bool))
        return tf.abs(bits_hat - spoilt), right

    link.transport_block.decode = spoil
    size = room // 2 + 3  # the second row starts in the first slot, the third in the second
    _, figures = noted(link, complex_normal([4, size]), 1e-3)
    begins = [0, 0, 1, 1] if packing else [0, 1, 2, 3]
    np.testing.assert_array_equal(figures["bler"], wrong[0][begins])
    expected = wrong[0][begins] / link.transport_block.size
    np.testing.assert_allclose(figures["ber"], expected, rtol=1e-6)


def test_noise_of_each_row_decides_on_the_bits_beside_it():
    link = PUSCHLink(**SMALL, model="TDL-A", transport_block=BITS)
    no = np.tile(np.float32([1e-3, 10.0]), 20)
    (_, no_eff), figures = noted(link, complex_normal([40, 5]), no)
    bler = figures["bler"].numpy()
    assert not np.any(bler[::2])
    assert np.all(bler[1::2])
    assert np.max(no_eff[::2]) < np.min(no_eff[1::2])


def test_nobody_asks_and_nothing_is_decoded(monkeypatch):
    link = PUSCHLink(**SMALL, model="TDL-A", csi="perfect", transport_block=BITS)
    monkeypatch.setattr(link.transport_block, "decode", None)
    link(complex_normal([3, 5]), 0.1)
    with collecting() as collection:  # not possible across nested graphs
        tf.function(link, autograph=False)(complex_normal([3, 5]), 0.1)
    assert collection.figures() == {}


def test_bits_do_not_change_what_latents_see():
    """Bits increase the number of slots, but do not affect the latents."""
    alone = PUSCHLink(**SMALL, model="TDL-C", num_layers=2)
    beside = PUSCHLink(**SMALL, model="TDL-C", num_layers=2, transport_block=BITS)
    symbols = complex_normal([2000, 20])
    errors = [np.mean(np.abs(one(symbols, 0.05)[0] - symbols) ** 2) for one in (alone, beside)]
    assert errors[0] == pytest.approx(errors[1], rel=0.08)
    assert beside.channel_uses(20, 2000) > alone.channel_uses(20, 2000)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("graph", [False, True])
def test_a_system_measures_the_bits_beside_its_latents(graph, wrapped):
    link = PUSCHLink(**SMALL, model="TDL-A", csi="perfect", transport_block=BITS)
    system = CentroidSystem(
        {"image": (8, 8, 1), "audio": (8, 8, 1)}, link=EffectiveAWGNLink(link) if wrapped else link,
        latent_dim=4,
    )  # fmt: skip
    batch = {name: config.tf_rng.uniform([6, 8, 8, 1]) for name in ("image", "audio")}
    measure = tf.function(system.measure) if graph else system.measure
    for snr_db, wrong in ((30.0, False), (-20.0, True)):
        figures = measure(batch, tf.constant(snr_db))
        assert {"image_mse", "bler", "ber", "crc_failure"} <= set(figures)
        assert figures["bler"].dtype == figures["crc_failure"].dtype == tf.bool
        np.testing.assert_array_equal(figures["crc_failure"], figures["bler"])
        np.testing.assert_array_equal(figures["bler"], [wrong] * 6)
    system.link = PUSCHLink(**SMALL, model="TDL-A", csi="perfect")
    assert "bler" not in system.measure(batch, 10.0)


def test_bits_that_are_none_are_refused():
    link = PUSCHLink(**SMALL, model="TDL-A", csi="perfect", transport_block=BITS)
    bits = link.transport_block.draw(3)
    for wrong, no, message in (
        (bits[:, 1:], 0.1, r"`bits` must have shape \[num_slots, "),
        (2 * bits + 1, 0.1, "`bits` must be zeros and ones. Received: [13]"),
        (bits, [0.1, 0.1], r"`no` must have shape \[\] or \[num_slots\], here \(3,\)"),
        (bits, -1.0, "`no` must be real, finite and not negative. Received: -1"),
    ):
        with pytest.raises(ValueError, match=f"^{message}"):
            link.send_bits(wrong, no)
    with pytest.raises(ValueError, match="`send_bits` requires the setting `transport_block`"):
        PUSCHLink(**SMALL, model="TDL-A", csi="perfect").send_bits(bits, 0.1)
    full = PUSCHLink(**SMALL, model="TDL-A", csi="perfect", transport_block={"share": 1.0})
    with pytest.raises(ValueError, match="leaves no resource element for latents"):
        full(complex_normal([3, 5]), 0.1)
