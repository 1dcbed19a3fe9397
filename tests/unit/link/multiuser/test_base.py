# SPDX-License-Identifier: Apache-2.0
"""Properties of links of several users: one row per user, or users that alternate over rows."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.link import DownlinkLink, OverTheAirLink, UplinkLink, from_settings

SMALL = {"num_users": 3, "fft_size": 12, "num_ofdm_symbols": 4, "pilot_ofdm_symbol_indices": (1,)}
LINKS = {
    "uplink": lambda **more: UplinkLink(model="TDL-A", num_rx_ant=4, **SMALL, **more),
    "orthogonal": lambda **more: UplinkLink(
        model="TDL-A", num_rx_ant=2, access="orthogonal", **SMALL, **more
    ),
    "downlink": lambda **more: DownlinkLink(model="flat", num_tx_ant=4, **SMALL, **more),
}
USERS = 3


@functools.cache
def build(name):
    return LINKS[name]()


@pytest.fixture(params=LINKS)
def link(request):
    return build(request.param)


def test_each_user_has_a_row_in_any_execution(link, compiled):
    symbols = complex_normal([400, USERS, 5])
    symbols_hat, no_eff = compiled(link)(symbols, tf.constant(0.1))
    assert symbols_hat.shape == no_eff.shape == symbols.shape
    error = np.abs(symbols_hat - symbols) ** 2
    np.testing.assert_allclose(np.mean(error / no_eff, axis=(0, 2)), 1.0, atol=0.15)


def test_one_graph_serves_rows_of_users_and_of_one_user(link):
    graph = link.graph()
    for shape in ([4, USERS, 5], [7, 5], [0, USERS, 5]):
        symbols = complex_normal(shape)
        for no in (tf.constant(0.1), tf.fill(shape[:1], 0.1)):
            symbols_hat, no_eff = graph(symbols, no)
            assert symbols_hat.shape == no_eff.shape == symbols.shape


def test_rows_of_one_user_take_turns(link):
    """User ``b % num_users`` sends row ``b``; the output is the same as for all users at once."""
    symbols = complex_normal([4 * USERS, 5])
    reseed("call")
    expected = link(tf.reshape(symbols, [4, USERS, 5]), 0.1)
    reseed("call")
    for part, wanted in zip(link(symbols, 0.1), expected, strict=True):
        np.testing.assert_allclose(part, tf.reshape(wanted, [-1, 5]), rtol=1e-4, atol=1e-5)


def test_rows_with_noise_of_their_own_see_it(link):
    no = np.tile(np.float32([1e-3, 1.0]), 60)
    symbols = complex_normal([120, 5])
    symbols_hat, no_eff = link(symbols, no)
    error = np.abs(symbols_hat - symbols) ** 2
    assert np.median(error[::2]) < 0.1 * np.median(error[1::2])
    assert np.median(no_eff[::2]) < 0.1 * np.median(no_eff[1::2])


def test_a_user_that_is_not_finite_leaves_others_alone_in_graphs(link):
    symbols = complex_normal([4, USERS, 5]).numpy()
    clean = symbols.copy()
    clean[1, 2], symbols[1, 2, 3] = 0.0, np.nan
    graph = tf.function(link, autograph=False)
    reseed("call")
    expected = graph(tf.constant(clean), tf.constant(0.1))
    reseed("call")
    others = np.ones([4, USERS], bool)
    others[1, 2] = False
    for part, wanted in zip(graph(tf.constant(symbols), tf.constant(0.1)), expected, strict=True):
        assert np.all(np.isnan(part.numpy()[1, 2]))
        np.testing.assert_array_equal(part.numpy()[others], wanted.numpy()[others])


def test_gradient_of_a_user_reaches_its_symbols(link):
    symbols = complex_normal([2, USERS, 5])
    with tf.GradientTape() as tape:
        tape.watch(symbols)
        energy = tf.reduce_sum(tf.abs(link(symbols, 0.01)[0]) ** 2)
    slope = tape.gradient(energy, symbols).numpy()
    assert np.all(np.isfinite(slope))
    assert np.all(np.abs(slope) > 0)


def test_one_user_may_be_looked_at_alone():
    """With flat fading and without power control, users differ, and one of them is measured."""
    link = LINKS["uplink"](user=1)
    assert link.channel_uses(5, 8) == 8 * 5 // 36 * 48 + 48  # slots with eight rows of the user
    symbols = complex_normal([50, 5])
    error = np.abs(link(symbols, 0.01)[0] - symbols) ** 2
    assert np.mean(error) < 0.3


def test_channel_uses_count_the_rows_of_all_users():
    shared, alone = build("uplink"), build("orthogonal")
    elements, room = 48, 36  # resource elements and data elements of a slot
    assert shared.channel_uses(room, USERS) == elements
    assert shared.channel_uses(room, USERS + 1) == 2 * elements
    assert alone.channel_uses(room, USERS) == USERS * elements


@pytest.mark.parametrize("name", LINKS)
def test_settings_and_configuration_rebuild_the_link(name):
    link = build(name)
    assert from_settings(link.settings.model_dump(mode="json")).settings == link.settings
    again = type(link).from_config(link.get_config())
    assert again.settings == link.settings


def test_other_numbers_of_users_are_refused(link):
    message = r"`symbols` must have a row for each of num_users=3 users. .*\(2, 4, 5\)"
    with pytest.raises(ValueError, match=message):
        link(complex_normal([2, 4, 5]), 0.1)
    with pytest.raises(ValueError, match=r"\[batch, num_users, num_symbols\] or \[batch, num_sym"):
        link(complex_normal([5]), 0.1)


@pytest.mark.parametrize("name", [*LINKS, "over_the_air"])
@pytest.mark.parametrize("users", [2, 5])
def test_graphs_refuse_what_eager_execution_refuses(name, users):
    link = OverTheAirLink(model="flat", **SMALL) if name == "over_the_air" else build(name)
    graph, symbols = link.graph(), complex_normal([2, users, 6])
    message = rf"`symbols` must have a row for each of num_users=3 users. .*\(2, {users}, 6\)"
    for no in (0.1, tf.fill([2], 0.1)):
        with pytest.raises(ValueError, match=message):
            link(symbols, no)
        with pytest.raises(ValueError, match=message):
            graph(symbols, no)


def test_surplus_users_do_not_pass_a_graph_that_was_traced_for_any_number():
    link = OverTheAirLink(model="awgn", num_users=3, csi="perfect", fft_size=12)
    signature = [tf.TensorSpec([None, None, None], tf.complex64)]
    graph = tf.function(lambda x: link(x, 1e-6)[0], input_signature=signature, autograph=False)
    symbols = np.ones([4, 3, 6], np.complex64) * np.arange(1, 4)[:, np.newaxis]
    np.testing.assert_allclose(graph(symbols), np.full([4, 6], (1 + 2 + 3) / 3), atol=0.02)
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph(np.concatenate([symbols, np.full([4, 2, 6], 100)], 1).astype("c8"))
