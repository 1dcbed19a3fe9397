# SPDX-License-Identifier: Apache-2.0
"""Contract of all MIMO channels."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import CHANNELS as KINDS
from sionna_semcom.channel import FlatMIMOChannel, MIMOChannel, OFDMMIMOChannel
from sionna_semcom.link import from_settings

from . import own_channels

FLAT = {"num_tx_ant": 3, "num_rx_ant": 2, "num_uses": 2}
GRID = {
    "num_tx_ant": 3, "num_rx_ant": 2, "num_uses": 2, "fft_size": 24, "num_ofdm_symbols": 6,
    "pilot_ofdm_symbol_indices": (1, 4),
}  # fmt: skip

SHAPE = {
    "num_tx_ant": 3, "num_rx_ant": 2, "fft_size": 24, "num_ofdm_symbols": 6, "num_streams": 1,
    "pilot_ofdm_symbol_indices": (1, 4),
}  # fmt: skip

CHANNELS = {
    "rayleigh": lambda: FlatMIMOChannel(**FLAT),
    "rician_ls": lambda: FlatMIMOChannel(csi="ls", rician_k=3.0, coherence=3, **FLAT),
    "rayleigh_delayed": lambda: FlatMIMOChannel(csi="delayed", delay_correlation=0.8, **FLAT),
    "fixed_ls": lambda: FlatMIMOChannel(csi="ls", realizations=1, **FLAT),
    "tdl_perfect": lambda: OFDMMIMOChannel(model="TDL-A", csi="perfect", coherence=3, **GRID),
    "tdl_ls": lambda: OFDMMIMOChannel(model="TDL-C", interpolation="nn", statistics="none", **GRID),
    "cdl_lmmse": lambda: OFDMMIMOChannel(model="CDL-C", interpolation="lmmse", **GRID),
    "cdl_delayed": lambda: OFDMMIMOChannel(
        model="CDL-A", csi="delayed", csi_delay=4, speed=100.0, pool_size=512, **GRID
    ),
    "umi_ls": lambda: OFDMMIMOChannel(model="UMi", pool_size=64, **GRID),
    "own_cir": lambda: OFDMMIMOChannel(channel=own_channels.cir(**SHAPE), **GRID),
    "own_cir_delayed": lambda: OFDMMIMOChannel(
        channel=own_channels.cir(**SHAPE | {"num_ofdm_symbols": 10, "speed": 100.0}),
        csi="delayed",
        csi_delay=4,
        **GRID,
    ),
    "own_responses": lambda: OFDMMIMOChannel(
        channel={**own_channels.responses(**SHAPE), "normalize": "average"}, **GRID
    ),
    "own_model": lambda: OFDMMIMOChannel(
        channel=own_channels.model(**SHAPE), csi="perfect", **GRID
    ),
}
# those of other packages that are installed
CHANNELS |= {
    kind: functools.partial(part, **FLAT)
    for kind, part in KINDS.items()
    if part.__module__.split(".")[0] != "sionna_semcom"
}


@functools.cache
def build(name: str) -> MIMOChannel:
    return CHANNELS[name]()


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> MIMOChannel:
    """Each channel, built once."""
    return build(request.param)


@functools.cache
def draw(channel, no, groups=2000):
    """States of the given number of groups as arrays, drawn in a graph and once for all tests."""
    reseed("draw", no)
    run = tf.function(lambda: channel.draw(groups * channel.coherence, tf.constant(no)))
    return type(channel.draw(1, no))(*(np.asarray(part) for part in run()))


def power_db(samples):
    return 10 * np.log10(np.mean(np.abs(samples) ** 2))


def test_a_state_for_each_group_of_latents(channel):
    for batch in (1, 7):
        state = channel.draw(batch, 0.1)
        groups = -(-batch // channel.coherence)
        matrices = [groups, channel.num_uses, channel.num_rx_ant, channel.num_tx_ant]
        for matrix in state[:3]:
            assert (matrix.shape, matrix.dtype) == (matrices, tf.complex64)
        assert state.error_variance.shape == matrices[:2]
        assert state.error_variance.dtype == tf.float32
        assert np.all(np.isfinite(state.mean))


def test_perfect_knowledge_is_that_of_no_error(channel):
    assert channel.perfect_csi == (not np.any(channel.draw(1, 0.1).error_variance))


def test_graph_of_any_batch_draws_what_eager_draws(channel):
    signature = [tf.TensorSpec([], tf.int32), tf.TensorSpec([])]
    graph = tf.function(channel.draw, input_signature=signature, autograph=False)
    assert graph.get_concrete_function().structured_outputs.h.shape[1:] == [2, 2, 3]
    for batch in (1, 7):
        reseed("draw")
        eager = channel.draw(batch, 0.1)
        reseed("draw")
        for drawn, expected in zip(graph(batch, 0.1), eager, strict=True):
            np.testing.assert_allclose(drawn, expected, rtol=1e-3, atol=1e-4)


def test_coefficients_have_unit_power(channel):
    assert power_db(draw(channel, 0.02).h) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("no", [1.0, 0.01])
def test_noise_has_the_power_asked_for(channel, no):
    h = draw(channel, 0.02).h
    y = channel(np.zeros([*h.shape[:2], 3], np.complex64), h, no)
    assert power_db(y) == pytest.approx(10 * np.log10(no), abs=0.1)


@pytest.mark.parametrize("no", [0.3, 0.02])
def test_error_is_orthogonal_to_the_mean_and_of_the_variance_reported(channel, no):
    h, h_hat, mean, error_variance = draw(channel, no)
    if channel.perfect_csi:
        np.testing.assert_array_equal(h, h_hat)
        np.testing.assert_array_equal(h, mean)
        assert not np.any(error_variance)
        return
    error = h - mean
    assert abs(np.mean(error * np.conj(mean))) < 0.03 * np.mean(np.abs(mean) ** 2)
    measured = np.mean(np.abs(error) ** 2, axis=(-2, -1)) / error_variance
    assert np.mean(measured) == pytest.approx(1.0, abs=0.05)
    assert np.mean(np.abs(error) ** 2) <= np.mean(np.abs(h - h_hat) ** 2) * 1.01


def test_survives_the_absence_of_noise(channel):
    state = channel.draw(50, 0.0)
    assert all(np.all(np.isfinite(part)) for part in state)
    y = channel(complex_normal([50 // channel.coherence + 1, 2, 3])[: len(state.h)], state.h, 0.0)
    assert np.all(np.isfinite(y))


def test_gradient_is_that_of_a_linear_map(channel):
    h = channel.draw(4 * channel.coherence, 0.1).h
    x, weights = complex_normal([4, 2, 3]), complex_normal([4, 2, 2])

    @tf.function(autograph=False)  # as inside a Keras model
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = channel(x, h, tf.constant(0.1))
            figure = tf.reduce_sum(tf.math.real(tf.math.conj(weights) * y))
        return tape.gradient(figure, x)

    expected = tf.linalg.matvec(h, weights, adjoint_a=True)
    np.testing.assert_allclose(gradient(x), expected, atol=1e-5)


def test_pilots_cost_channel_uses(channel):
    uses = channel.channel_uses()
    assert isinstance(uses, float)
    pilots = getattr(channel.settings, "csi", None) == "ls" or isinstance(channel, OFDMMIMOChannel)
    assert uses > channel.num_uses if pilots else uses == channel.num_uses


def test_settings_rebuild_the_channel(channel):
    settings = channel.settings.model_dump(mode="json")
    if settings.get("channel") and not settings["channel"]["kind"]:
        pytest.skip("a channel model that is given in Python is no setting")
    assert type(channel.settings)(**settings) == channel.settings
    if isinstance(channel, FlatMIMOChannel):  # the others take a while
        assert from_settings(settings).settings == channel.settings


ONES = tf.ones([4, 2, 3], tf.complex64)
MATRICES = tf.ones([4, 2, 2, 3], tf.complex64)


@pytest.mark.parametrize(
    ("x", "h", "no", "message"),
    [
        (tf.ones([4, 2, 3]), MATRICES, 0.1, r"`x` must be complex.*\(4, 2, 3\), dtype=float32"),
        (ONES[..., :2], MATRICES, 0.1, r"`x` must .* \[..., 3\]. Received: shape=\(4, 2, 2\)"),
        (ONES, MATRICES[..., :2], 0.1, r"`h` must .* \[..., 2, 3\]. .*\(4, 2, 2, 2\)"),
        (ONES, MATRICES[0, 0, 0], 0.1, r"`h` must .* \[..., 2, 3\]. .*shape=\(3,\)"),
        (ONES[:3], MATRICES, 0.1, r"`x` and `h` must broadcast. Received: \(3, 2\) and \(4, 2\)"),
        (ONES, MATRICES, tf.ones([2]), r"`no` must .*\(4, 2\). Received: shape=\(2,\)"),
        (ONES, MATRICES, tf.ones([4, 2, 1]), r"`no` must .*\(4, 2\). .*shape=\(4, 2, 1\)"),
    ],
    ids=["real", "antennas of x", "of h", "vector", "leading", "noise", "noise an antenna"],
)
def test_wrong_shapes_are_refused(channel, x, h, no, message):
    with pytest.raises(ValueError, match=message):
        channel(x, h, no)


@pytest.mark.parametrize(
    ("batch", "no", "message"),
    [
        (0, 0.1, "`batch` must be positive. Received: 0"),
        (3, tf.ones([3]), r"`no` must be a scalar. Received: shape=\(3,\)"),
    ],
)
def test_impossible_draws_are_refused(channel, batch, no, message):
    with pytest.raises(ValueError, match=message):
        channel.draw(batch, no)


def test_nothing_in_gives_nothing_out(channel):
    graph = tf.function(
        channel.draw,
        input_signature=[tf.TensorSpec([], tf.int32), tf.TensorSpec([])],
        autograph=False,
    )
    state = graph(0, 0.1)
    assert state.h.shape == [0, 2, 2, 3]
    assert state.error_variance.shape == [0, 2]
    assert channel(ONES[:0], MATRICES[:0], 0.1).shape == [0, 2, 2]


@pytest.mark.parametrize("no", [np.nan, -0.1, np.inf], ids=str)
def test_noise_powers_that_are_none_are_refused(channel, no):
    rule = "`no` must be real, finite and not negative"
    with pytest.raises(ValueError, match=rule):
        channel(ONES, MATRICES, no)
    with pytest.raises(ValueError, match=rule):
        channel.draw(3, no)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        tf.function(channel)(ONES, MATRICES, tf.constant(no, tf.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        tf.function(lambda no: channel.draw(3, no))(tf.constant(no, tf.float32))


def test_input_that_is_not_finite_is_refused_and_stays_where_it_is(channel):
    bad = tf.where(tf.range(4)[:, None, None] == 2, tf.constant(np.nan, tf.complex64), ONES)
    with pytest.raises(ValueError, match=r"`x` must be finite. Received: .*nan.* in row 2"):
        channel(bad, MATRICES, 0.1)
    with pytest.raises(ValueError, match=r"`h` must be finite. Received: .*nan.* in row 0"):
        channel(ONES, MATRICES * np.nan, 0.1)
    y = tf.function(channel)(bad, MATRICES, tf.constant(0.1))
    np.testing.assert_array_equal(np.any(np.isnan(y), axis=(1, 2)), np.arange(4) == 2)
