# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import (
    ApplyOFDMChannel,
    GenerateOFDMChannel,
    RayleighBlockFading,
    gen_single_sector_topology,
)
from sionna.phy.channel.tr38901 import UMi
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
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel.slots.channel import antenna_row
from sionna_semcom.link import CodedTransmission, OFDMLink, RetransmissionLink, UplinkLink

SMALL = {"fft_size": 24, "num_ofdm_symbols": 6, "pilot_ofdm_symbol_indices": (1, 4)}
USERS, ANTENNAS = 4, 8


@pytest.mark.parametrize("csi", ["perfect", "ls"])
def test_one_user_is_the_link_of_one_user(csi):
    one = UplinkLink(num_users=1, num_tx_ant=2, num_rx_ant=4, csi=csi, **SMALL)
    single = OFDMLink(num_tx_ant=2, num_rx_ant=4, csi=csi, **SMALL)
    symbols = complex_normal([60, 100])
    outputs = []
    for link, shape in ((one, [60, 1, 100]), (single, [60, 100])):
        reseed("call")
        outputs.append([tf.reshape(x, [60, 100]) for x in link(tf.reshape(symbols, shape), 0.1)])
    (ours, our_noise), (theirs, their_noise) = outputs
    if csi == "perfect":
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    error, reference = (np.mean(np.abs(x - symbols) ** 2, axis=1) for x in (ours, theirs))
    paired = error - reference  # with the same channel and noise
    assert abs(paired.mean()) <= 3.3 * paired.std() / 60**0.5 + 1e-6
    assert np.mean(our_noise) == pytest.approx(np.mean(their_noise), rel=0.1)


@pytest.mark.parametrize("sends", ["again", "parts"])
def test_rows_of_users_are_sent_several_times(sends):
    users = UplinkLink(num_users=3, num_rx_ant=4, csi="perfect", model="flat", **SMALL)
    symbols = complex_normal([20, 6])
    for no in (1e-3, tf.fill([20], 1e-3)):
        symbols_hat, no_eff = RetransmissionLink(users, sends=sends)(symbols, no)
        assert symbols_hat.shape == no_eff.shape == [20, 6]
        scaled = np.abs(symbols_hat - symbols) ** 2 / no_eff
        assert np.mean(scaled) == pytest.approx(1.0, abs=0.5)


def test_orthogonal_access_is_links_of_their_own():
    """The same channels and noise give the same symbols."""
    chain = {"model": "TDL-C", "csi": "perfect", "num_rx_ant": 2, **SMALL}
    users = UplinkLink(num_users=3, access="orthogonal", **chain)
    single = OFDMLink(num_tx_ant=1, **chain)
    symbols = complex_normal([3, 96])  # one slot per row
    reseed("call")
    expected = single(symbols, 0.1)
    reseed("call")
    for part, wanted in zip(users(symbols[tf.newaxis], 0.1), expected, strict=True):
        np.testing.assert_allclose(part[0], wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "tolerance"),
    [
        ({"csi": "perfect", "model": "TDL-A"}, 0.03),
        ({"csi": "perfect", "model": "TDL-A", "power_control": False}, 0.03),
        ({"csi": "perfect", "equalizer": "zf", "num_tx_ant": 2}, 0.03),
        ({"csi": "perfect", "model": "UMi", "pool_size": 64, "power_control": False}, 0.04),
        ({"model": "flat"}, 0.04),
        ({"model": "CDL-C"}, 0.05),
        pytest.param({"model": "CDL-C", "interpolation": "lmmse"}, 0.05, marks=pytest.mark.slow),
        ({"model": "CDL-C", "access": "orthogonal"}, 0.05),
    ],
)
def test_reported_noise_of_each_user_is_the_measured_error(settings, tolerance):
    link = tf.function(UplinkLink(**SMALL, **settings), autograph=False)
    symbols = complex_normal([300, USERS, 96])
    for no in (1.0, 0.03):
        symbols_hat, no_eff = link(symbols, tf.constant(no))
        ratio = np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff, axis=(0, 2))
        assert np.mean(ratio) == pytest.approx(1.0, abs=tolerance), f"at no={no}"
        np.testing.assert_allclose(ratio, 1.0, atol=2 * tolerance)


def test_zero_forcing_over_flat_fading_leaves_the_noise_of_the_closed_form():
    r"""The SNR after zero forcing is Gamma distributed: E[1/gamma] = K N0 / (M - K)."""
    link = UplinkLink(
        model="flat", num_users=3, num_rx_ant=8, csi="perfect", equalizer="zf",
        fft_size=2, num_ofdm_symbols=1, pilot_ofdm_symbol_indices=(), cyclic_prefix_length=0,
    )  # fmt: skip
    no_eff = link(complex_normal([6000, 3, 2]), 0.5)[1].numpy()[:, :, 0]
    deviation = no_eff.mean(axis=1).std() / 6000**0.5
    assert abs(no_eff.mean() - 3 * 0.5 / (8 - 3)) < 3.3 * deviation


def handwritten_chain(grid, generate, statistics_csi):
    """One codeword per user and slot, with Sionna's blocks for several transmitters."""
    data = int(grid.num_data_symbols)
    info, coded = data, 2 * data
    encoder = LDPC5GEncoder(info, coded, 2)
    mapper, demapper = Mapper("qam", 2), Demapper("app", "qam", 2)
    decoder, grid_mapper = LDPC5GDecoder(encoder, num_iter=8), ResourceGridMapper(grid)
    apply, remove_nulled = ApplyOFDMChannel(), RemoveNulledSubcarriers(grid)
    estimate = LSChannelEstimator(grid, interpolation_type="lin")
    equalize = LMMSEEqualizer(grid, StreamManagement(np.ones([1, USERS]), 1))
    amplitude = USERS**-0.5  # users share unit power

    def run(bits, no):
        symbols = tf.reshape(mapper(encoder(bits)), [-1, USERS, 1, data])
        h = generate(symbols.shape[0])
        y = apply(amplitude * grid_mapper(symbols), h, no)
        if statistics_csi == "perfect":
            h_hat, err_var = amplitude * remove_nulled(h), 0.0
        else:
            h_hat, err_var = estimate(y, no)
        words = [tf.reshape(x, [-1, data]) for x in equalize(y, h_hat, err_var, no)]
        return decoder(demapper(*words))

    return run


def block_errors(chain, info, no, slots, rounds):
    """Mean block error rate over the users of each slot."""
    source, errors = BinarySource(), []
    for _ in range(rounds):
        bits = source([slots * USERS, info])
        wrong = tf.reduce_any(chain(bits, tf.constant(no)) != bits, axis=-1)
        errors.append(np.mean(np.reshape(wrong, [slots, USERS]), axis=1))
    return np.concatenate(errors)


def umi_generator(grid):
    """Sionna's UMi model with a new topology of all users in each call."""
    arrays = antenna_row(1, "omni", 3.5e9), antenna_row(ANTENNAS, "38.901", 3.5e9)
    model = UMi(3.5e9, "low", *arrays, "uplink", enable_pathloss=False, enable_shadow_fading=False)
    generate = GenerateOFDMChannel(model, grid, normalize_channel=True)

    def draw(size):
        model.set_topology(
            *gen_single_sector_topology(
                size, USERS, "umi", min_ut_velocity=3.0, max_ut_velocity=3.0
            )
        )
        return generate(size)

    return draw


@pytest.mark.filterwarnings("ignore:`no_eff` may differ from the error")
@pytest.mark.parametrize(
    ("model", "csi", "no"),
    [
        ("flat", "perfect", 1.3),
        ("flat", "ls", 0.6),
        pytest.param("UMi", "ls", 0.45, marks=pytest.mark.slow),
    ],
)
def test_same_block_error_rate_as_sionnas_chain_of_several_users(model, csi, no):
    grid = ResourceGrid(
        14, 12, 30e3, num_tx=USERS, cyclic_prefix_length=6, pilot_pattern="kronecker",
        pilot_ofdm_symbol_indices=[2, 11],
    )  # fmt: skip
    if model == "flat":
        fading = RayleighBlockFading(1, ANTENNAS, USERS, 1)
        generate = GenerateOFDMChannel(fading, grid)
    else:
        generate = umi_generator(grid)
    link = UplinkLink(model=model, csi=csi, statistics="none", fft_size=12)
    info = int(grid.num_data_symbols)
    coded = CodedTransmission(link, info, 0.5, 2, num_iter=8)
    run = functools.partial(block_errors, info=info, no=no, slots=100, rounds=4)
    ours, theirs = run(coded), run(handwritten_chain(grid, generate, csi))
    assert 0.05 < np.mean([ours, theirs]) < 0.95  # neither zero nor one
    deviation = np.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs))
    assert abs(ours.mean() - theirs.mean()) < 3.3 * deviation


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_rx_ant": 3}, "`num_streams` must not exceed .* 4 active users, num_rx_ant=3"),
        ({"user": 4}, "`user` must be less than `num_users`. Received: user=4, num_users=4"),
        ({"power_control": False, "interpolation": "lmmse"}, "`power_control`=False requires"),
        ({"num_users": 5, "num_rx_ant": 8}, "must be a multiple of `streams of all users`"),
        ({"direction": "downlink"}, "direction"),
    ],
)
def test_what_cannot_work_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        UplinkLink(**SMALL, **settings)
