# SPDX-License-Identifier: Apache-2.0
"""Chain of Sionna blocks as a link."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import AWGN
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import ResourceGrid, ResourceGridDemapper, ResourceGridMapper
from sionna.phy.utils import complex_normal

from sionna_semcom.datasets import Digits
from sionna_semcom.link import ChainLink
from sionna_semcom.systems import CentroidSystem

DATA = 24  # data elements per stream: half of 4 OFDM symbols with 12 subcarriers


def grid(num_tx=1, num_streams=1):
    options = {"pilot_pattern": "kronecker", "pilot_ofdm_symbol_indices": [1, 2]}
    return ResourceGrid(4, 12, 30e3, num_tx, num_streams, **options)


class Chain:
    """Gaussian noise on the data elements with ``excess`` times the reported power."""

    def __init__(self, excess=1.0, num_tx=1, num_streams=1):
        self.grid, self.excess = grid(num_tx, num_streams), excess
        self.noise, self.seen = AWGN(), []

    def send(self, x, no):
        self.seen.append((x.shape, no.shape, no.dtype))
        variance = self.excess * tf.reshape(no, [-1, 1, 1, 1])
        return self.noise(x, variance), no

    @property
    def link(self):
        return ChainLink(self.send, self.grid)


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("no", [0.1, [0.01, 0.1, 1.0]], ids=["one", "each"])
def test_symbols_arrive_in_their_rows_with_their_noise(compiled, streams, no):
    chain = Chain(num_streams=streams)
    symbols = complex_normal([3, 70])
    run = compiled(chain.link)
    symbols_hat, no_eff = run(symbols, tf.constant(no))
    assert symbols_hat.shape == no_eff.shape == [3, 70]
    np.testing.assert_allclose(no_eff, np.broadcast_to(np.reshape(no, [-1, 1]), [3, 70]))
    error = np.abs(symbols_hat - symbols) ** 2 / no_eff
    assert np.mean(error) == pytest.approx(1.0, abs=0.3)  # five standard deviations
    shape, no_shape, dtype = chain.seen[-1]
    assert shape[1:] == [1, streams, DATA]
    assert no_shape.rank == (0 if isinstance(no, float) else 1)
    assert dtype == tf.float32


def test_each_transmitter_sends_its_own_rows(compiled):
    """If only the second terminal has noise, the rows of the others are received unchanged."""
    users = Chain(num_tx=3)

    def noisy_second(x, no):
        noise = tf.reshape(no, [-1, 1, 1, 1]) * tf.reshape(tf.one_hot(1, 3), [1, 3, 1, 1])
        return users.noise(x, noise), noise

    link = ChainLink(noisy_second, users.grid)
    symbols = complex_normal([5, 3, 50])
    symbols_hat, no_eff = compiled(link)(symbols, tf.constant(0.1))
    np.testing.assert_array_equal(symbols_hat[:, ::2], symbols[:, ::2])
    assert np.mean(np.abs(symbols_hat - symbols)[:, 1] ** 2) == pytest.approx(0.1, rel=0.3)
    np.testing.assert_allclose(no_eff[0, :, 0], [0.0, 0.1, 0.0])
    separate, _ = compiled(link)(symbols, tf.fill([5], 0.0))
    np.testing.assert_array_equal(separate, symbols)


def test_calibration_measures_what_the_chain_does_not_report(compiled):
    chain = Chain(excess=2.5, num_streams=2)
    link = ChainLink(chain.send, chain.grid, calibration_slots=200)
    for no in (1e-5, 0.05, 30.0):  # inside and outside the calibrated range
        _, no_eff = compiled(link)(complex_normal([4, 10]), tf.constant(no))
        np.testing.assert_allclose(no_eff, 2.5 * no, rtol=0.05)
    _, no_eff = link(complex_normal([2, 10]), tf.constant([0.1, 1.0]))
    np.testing.assert_allclose(no_eff[:, 0], [0.25, 2.5], rtol=0.05)


def test_a_chain_bound_to_a_number_of_slots_gets_it():
    chain = Chain()
    link = ChainLink(chain.send, chain.grid, num_slots=4)
    symbols = complex_normal([3, 10])
    symbols_hat, _ = link(symbols, 0.0)
    np.testing.assert_array_equal(symbols_hat, symbols)
    assert chain.seen[-1][0] == [4, 1, 1, DATA]
    assert link.channel_uses(10, 3) == 4 * 4 * 12
    with pytest.raises(ValueError, match=r"Received: num_slots=4 for rows that fill 5"):
        link(complex_normal([10, 10]), 0.0)
    with pytest.raises(ValueError, match=r"`no` must be a scalar if `num_slots` is given"):
        link(symbols, [0.1, 0.1, 0.1])


def test_channel_uses_are_the_elements_of_the_slots():
    link = Chain(num_streams=2).link
    assert link.channel_uses(48) == 4 * 12
    assert link.channel_uses(10, 5) == 2 * 4 * 12


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        (lambda x, no: x, r"`chain` must return .* `x_hat, no_eff`. Received: EagerTensor"),
        (lambda x, no: (x[..., :-1], no), r"of shape \[num_slots, 1, 1, 24\].*\(1, 1, 1, 23\)"),
    ],
)
def test_what_a_chain_must_give_is_said(chain, message):
    with pytest.raises(ValueError, match=message):
        ChainLink(chain, grid())(complex_normal([2, 5]), 0.1)


@pytest.mark.parametrize("users", [1, 3])
def test_one_graph_sends_any_number_of_rows(users):
    chain = Chain(num_tx=users)
    run = chain.link.graph()
    for batch, size in ((2, 10), (5, 30)):
        symbols = complex_normal([batch, size] if users == 1 else [batch, users, size])
        for no in (tf.constant(1e-12), tf.fill([batch], 1e-12)):
            symbols_hat, no_eff = run(symbols, no)
            assert symbols_hat.shape == no_eff.shape == symbols.shape
            np.testing.assert_allclose(symbols_hat, symbols, atol=1e-4)
            np.testing.assert_allclose(no_eff, 1e-12, rtol=1e-5)
    assert len(chain.seen) == 2  # traced once for a scalar noise power, and once for a vector
    with pytest.raises(ValueError, match="`symbols` must be complex of shape"):
        run(complex_normal([4]), 0.1)
    if users == 3:
        with pytest.raises(ValueError, match=r"shape \[batch, 3, num_symbols\].*\(2, 6, 5\)"):
            run(complex_normal([2, 6, 5]), 0.1)


def test_what_a_link_is_made_of_is_said():
    with pytest.raises(ValueError, match=r"`chain` must be a function .* Received: int"):
        ChainLink(3, grid())
    with pytest.raises(ValueError, match=r"`resource_grid` must be .* Received: int"):
        ChainLink(Chain().send, 3)
    with pytest.raises(ValueError, match=r"`num_slots` needs packing=True"):
        ChainLink(Chain().send, grid(), num_slots=3, packing=False)
    with pytest.raises(ValueError, match=r"shape \[batch, 2, num_symbols\].*Received: .*\(4, 5\)"):
        Chain(num_tx=2).link(complex_normal([4, 5]), 0.1)
    with pytest.raises(ValueError, match="cannot be saved; save the system over another link"):
        Chain().link.get_config()


class Learned:
    """Receiver with a trainable layer, similar to a neural receiver."""

    def __init__(self):
        self.grid = grid()
        self.mapper = ResourceGridMapper(self.grid)
        self.demapper = ResourceGridDemapper(self.grid, StreamManagement([[1]], 1))
        self.layer = keras.layers.Dense(2)

    def send(self, x, no):
        y = AWGN()(self.mapper(x)[:, 0, 0], no)
        z = self.layer(tf.stack([tf.math.real(y), tf.math.imag(y)], -1))
        z = self.demapper(z[:, tf.newaxis, tf.newaxis])
        return tf.complex(z[..., 0], z[..., 1]), no


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_pass_through_a_chain_with_pilots(jit_compile):
    learned = Learned()
    link = ChainLink(learned.send, learned.grid)
    symbols = complex_normal([3, 5])
    link(symbols, 0.1)  # creates the weights of the layer

    @tf.function(autograph=False, jit_compile=jit_compile)
    def gradient(symbols):
        with tf.GradientTape() as tape:
            tape.watch(symbols)
            energy = tf.reduce_sum(tf.abs(link(symbols, 0.0)[0]) ** 2)
        return tape.gradient(energy, symbols)

    kernel = learned.layer.kernel.numpy()  # maps real and imaginary parts
    parts = np.stack([np.real(symbols), np.imag(symbols)], -1)
    expected = 2 * parts @ kernel @ kernel.T
    found = gradient(symbols).numpy()
    np.testing.assert_allclose(np.stack([found.real, found.imag], -1), expected, atol=1e-4)


def test_layers_of_a_chain_are_trained_with_the_system_over_it():
    learned = Learned()
    data = Digits()
    system = CentroidSystem(
        data.shapes, link=ChainLink(learned.send, learned.grid), snr_db=10.0, latent_dim=4
    )
    system.compile(keras.optimizers.Adam(1e-2))
    system.fit(data.train(batch_size=20, steps=2), verbose=0)
    kernel = learned.layer.kernel
    assert any(kernel is weight for weight in system.trainable_weights)
    before = kernel.numpy()
    system.fit(data.train(batch_size=20, steps=2), verbose=0)
    assert np.all(kernel.numpy() != before)
