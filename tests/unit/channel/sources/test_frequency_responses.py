# SPDX-License-Identifier: Apache-2.0
"""Channels from files of measured frequency responses."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.channel import FrequencyResponses, OFDMMIMOChannel
from sionna_semcom.channel.sources.responses import Responses, in_phase, neighbors, on_grid
from sionna_semcom.link import OFDMLink

from .channel_files import gaussian, write

COMB = np.array([-9, -7, -5, -3, -1, 1, 2, 4, 6, 8, 9])
GRID = {"num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 16, "csi": "perfect"}
SPACING = {"subcarrier_spacing": 30e3}
RNG = np.random.default_rng(1)


def measured(num_rows=70, **changes):
    """One path per row and antenna pair, with one delay per row."""
    delays = np.linspace(0.0, 3e-6, num_rows)
    turns = np.exp(-2j * np.pi * np.outer(delays, COMB) * 30e3)
    h = gaussian(np.random.default_rng(0), num_rows, 2, 2, 1) * turns[:, None, None]
    return {"h": h.astype(np.complex64), "subcarrier": COMB, **changes}


def link(path, grid=GRID, **settings):
    return OFDMLink(channel={"kind": "frequency_response", "path": path, **settings}, **grid)


def test_missing_subcarriers_of_a_single_path_are_exact(tmp_path):
    content = measured(5)
    path = write(tmp_path / "x.h5", SPACING, **content)
    h = link(path, normalize="none").channel(60).numpy()[:, 0, :, 0]
    assert np.ptp(h, axis=3).max() == 0.0
    frequencies = np.arange(-8, 8) * 30e3
    turns = np.exp(-2j * np.pi * np.outer(np.linspace(0.0, 3e-6, 5), frequencies))
    gains = content["h"][..., :1] * np.exp(
        2j * np.pi * 30e3 * COMB[0] * np.linspace(0.0, 3e-6, 5)
    ).reshape(-1, 1, 1, 1)
    rows = gains * turns[:, None, None]
    distances = np.abs(h[:, None, :, :, 0] - rows).max((2, 3, 4)).min(1)
    assert distances.max() < 1e-4


def test_interpolation_without_a_delay_is_linear():
    h = gaussian(RNG, 2, 1, 1, 1, 11)
    h[1] = h[0]
    flat = np.abs(h)  # real and positive: no mean delay
    found = on_grid(Responses(flat + 0j, COMB * 1.0, None, None), np.array([-8.0, 1.5, 9.0]))
    line = np.interp([-8.0, 1.5, 9.0], COMB, flat[0, 0, 0, 0])
    np.testing.assert_allclose(found[0, 0, 0, 0], line, atol=1e-12)


def test_rows_in_phase_have_the_phase_of_the_first():
    phases = np.array([0.4, 2.0, -1.0, 3.0]).reshape(-1, 1, 1, 1, 1)
    gains = gaussian(RNG, 2, 2, 1, 3)
    expected = np.broadcast_to(np.exp(0.4j) * gains, [4, 2, 2, 1, 3])
    np.testing.assert_allclose(in_phase(gains * np.exp(1j * phases)), expected, atol=1e-12)


def test_neighbors_of_uneven_times():
    times = np.array([0.0, 1.0, 1.0, 4.0, 5.0])
    wanted = times[:, None] + [0.0, 0.5]
    rows, left, share = neighbors(times, wanted, np.arange(5))
    np.testing.assert_array_equal(rows, [0, 1, 2, 3])  # nothing comes after the last
    np.testing.assert_array_equal(left[:4], [[0, 0], [2, 2], [2, 2], [3, 3]])
    np.testing.assert_allclose(share[:4], [[0, 0.5], [0, 1 / 6], [0, 1 / 6], [0, 0.5]])
    rows, _, _ = neighbors(times, wanted, np.array([0, 1, 2]))  # row 3 is of another split
    np.testing.assert_array_equal(rows, [0])


def test_a_moving_channel_goes_from_row_to_row(tmp_path):
    content = measured(2)
    content["h"][1] = 3.0 * content["h"][0] * np.exp(0.9j)
    path = write(tmp_path / "x.h5", SPACING, time=[0.0, 1e-3], **content)
    slot = link(path, between="linear", normalize="none").channel(1).numpy()[0, 0, 0, 0, 0, :, 8]
    duration = 22 / 16 / 30e3  # of an OFDM symbol with its prefix of 6 samples
    growth = 1.0 + 2.0 * np.arange(14) * duration / 1e-3
    np.testing.assert_allclose(np.abs(slot / slot[0]), growth, rtol=1e-4)
    assert np.abs(np.angle(slot / slot[0])).max() < 1e-4  # oscillators are taken out


def test_delayed_knowledge_of_a_moving_channel(tmp_path):
    rng = np.random.default_rng(5)
    steps = np.cumsum(gaussian(rng, 90, 2, 2, 1), 0) + 5.0
    h = np.repeat(steps, len(COMB), axis=3)
    path = write(tmp_path / "x.h5", SPACING, time=np.arange(90) * 1e-3, h=h, subcarrier=COMB)
    grid = {"num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 16, "csi": "delayed", "csi_delay": 14}
    source = {"kind": "frequency_response", "path": path}
    channel = OFDMMIMOChannel(channel={**source, "between": "linear"}, **grid)
    state = channel.draw(500, 0.0)
    error = np.mean(np.abs(state.h - state.mean) ** 2)
    assert error == pytest.approx(np.mean(state.error_variance), rel=0.15)
    assert 0.0 < error < 0.5
    with pytest.raises(ValueError, match=r"`csi`='delayed' needs .* Received: between='hold'"):
        OFDMMIMOChannel(channel=source, **grid)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"h": None}, "it has no h$"),
        ({"subcarrier": None}, "it must have the dataset subcarrier with the attribute"),
        ({"subcarrier": np.arange(3)}, r"a frequency for each of its 11 subcarriers, not \[3\]"),
        ({"subcarrier": np.ones(11)}, "its frequencies must be two or more, and different"),
        ({"h": np.ones([5, 2, 11]) + 0j}, r"h must have shape \[num_rows, .*not \[5, 2, 11\]"),
        ({"h": np.ones([5, 2, 2, 11])}, "h must hold complex numbers"),
        ({"h": np.zeros([5, 2, 2, 11]) + 0j}, "h must not be zero, as row 0 is"),
        ({"h": np.full([5, 2, 2, 11], np.nan + 0j)}, "h must be finite, which row 0 is not"),
        ({"time": np.arange(70)[::-1]}, "time must not go back, as it does in row 1"),
    ],
)
def test_wrong_content_is_told_in_one_line(tmp_path, changes, message):
    path = write(tmp_path / "x.h5", SPACING, **measured(**changes))
    with pytest.raises(ValueError, match=message) as caught:
        FrequencyResponses(path=path)
    assert str(caught.value).startswith(
        f"`{path}` is damaged or not a file of frequency responses: "
    )


@pytest.mark.parametrize(
    ("grid", "settings", "message"),
    [
        ({"fft_size": 24}, {}, r"-270000 to 270000 Hz .*Received: -360000 to 330000 Hz"),
        ({"num_rx_ant": 3}, {}, "has num_rx_ant=2 and num_tx_ant=2"),
        ({}, {"between": "linear"}, "`between`='linear' needs the dataset time"),
    ],
)
def test_what_was_not_measured_is_refused(tmp_path, grid, settings, message):
    path = write(tmp_path / "x.h5", SPACING, **measured())
    with pytest.raises(ValueError, match=message):
        link(path, GRID | grid, **settings)


def test_guard_carriers_may_lie_beyond_the_band(tmp_path):
    path = write(tmp_path / "x.h5", SPACING, **measured())
    guarded = link(path, GRID | {"fft_size": 24, "num_guard_carriers": (3, 3)})
    assert np.isfinite(guarded(tf.ones([2, 4], tf.complex64), 0.1)[0]).all()


def test_frequencies_may_be_given_in_hertz_and_any_order(tmp_path):
    content = measured()
    order = np.random.default_rng(0).permutation(11)
    given = {"h": content["h"][..., order], "frequency": 30e3 * COMB[order]}
    first = FrequencyResponses(path=write(tmp_path / "x.h5", **given)).responses
    second = FrequencyResponses(path=write(tmp_path / "y.h5", SPACING, **content)).responses
    np.testing.assert_array_equal(first.h, second.h)
    np.testing.assert_allclose(first.frequencies, second.frequencies)


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_rows_whose_powers_no_number_holds_are_refused(tmp_path, size):
    h = np.ones([3, 1, 1, 5], complex)
    h[1] *= size
    path = write(tmp_path / "x.h5", h=h, frequency=15e3 * np.arange(-2, 3))
    with pytest.raises(ValueError, match=r"coefficient of h must lie between.*in row 1"):
        FrequencyResponses(path=path)
