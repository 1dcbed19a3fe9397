# SPDX-License-Identifier: Apache-2.0
"""Channels from files of impulse responses."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from sionna_semcom._files import sha256
from sionna_semcom.channel import ImpulseResponses, OFDMMIMOChannel
from sionna_semcom.link import OFDMLink

from .channel_files import cir, write

GRID = {"num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 12, "csi": "perfect"}


def link(path, grid=GRID, **settings):
    return OFDMLink(channel={"kind": "cir", "path": path, **settings}, **grid)


def expected(a, tau, spacing=30e3, size=12):
    """Frequency responses [num_rows, rx, tx, time steps, size] by their definition."""
    frequencies = (np.arange(size) - size // 2) * spacing
    turns = np.exp(-2j * np.pi * tau[:, 0, 0, :, None] * frequencies)
    return np.einsum("nrupt,npf->nrutf", a[:, 0, :, 0], turns)


def row_of(slot, rows):
    """Index of ``slot`` in ``rows``, which must contain it."""
    distances = np.abs(rows - slot).max(axis=tuple(range(1, rows.ndim)))
    assert distances.min() < 1e-3 * np.abs(rows).max()
    return int(distances.argmin())


def test_slots_are_the_fourier_sums_of_the_paths_of_a_row(tmp_path):
    content = cir(num_rows=5)
    content["tau"] -= content["tau"].min(-1, keepdims=True)
    source = link(write(tmp_path / "x.h5", **content), normalize="none").channel
    h = source(40).numpy()
    assert h.shape == (40, 1, 2, 1, 2, 14, 12)
    assert np.ptp(h, axis=5).max() == 0.0  # one time step: the channel stands still
    rows = expected(**content)[:, :, :, 0]
    assert {row_of(slot, rows) for slot in h[:, 0, :, 0, :, 0]} == set(range(5))


def test_time_steps_are_ofdm_symbols(tmp_path):
    content = cir(num_rows=3, steps=20)
    content["tau"] -= content["tau"].min(-1, keepdims=True)
    source = link(write(tmp_path / "x.h5", **content), normalize="none").channel
    rows = expected(**content)[..., :14, :]
    for slot in source(4).numpy()[:, 0, :, 0]:
        row_of(slot, rows)


def test_what_has_no_power_or_a_negative_delay_is_no_path(tmp_path):
    content = cir(num_rows=4, num_paths=4)
    content["a"][:, :, :, :, :, 3] = 0.0
    content["tau"] += 1e-6
    content["tau"][..., 0], content["tau"][..., 3] = -1.0, 1.0  # a second is beyond any slot
    path = write(tmp_path / "x.h5", **content)
    paths = ImpulseResponses(path=path).paths
    later = content["tau"][:, 0, 0, 2] - content["tau"][:, 0, 0, 1]
    np.testing.assert_allclose(paths.tau, np.stack([0 * later, 0 * later, later, 0 * later], 1))
    assert not paths.a[:, :, :, 0].any()
    link(path)


def test_each_pair_of_receiver_and_transmitter_is_a_row(tmp_path):
    rng = np.random.default_rng(0)
    a = rng.normal(size=[2, 3, 4, 2, 1, 5, 1]) + 0j
    tau = np.zeros([2, 3, 2, 5])
    paths = ImpulseResponses(path=write(tmp_path / "x.h5", a=a, tau=tau)).paths
    assert paths.a.shape == (12, 4, 1, 5, 1)
    np.testing.assert_array_equal(paths.a[6 + 2 * 2 + 1], a[1, 2, :, 1])
    traced = ImpulseResponses(path=write(tmp_path / "y.h5", a=a[0], tau=tau[0])).paths
    np.testing.assert_array_equal(traced.a, paths.a[:6])


@pytest.mark.parametrize("unit", [1.0, 1e-25])
def test_slots_have_the_unit_asked_for(tmp_path, unit):
    content = cir(num_rows=30)
    content["a"] = content["a"].astype(complex) * unit * np.arange(1, 31).reshape(-1, *[1] * 6)
    path = write(tmp_path / "x.h5", **content)

    def powers(**settings):
        h = link(path, **settings).channel(400).numpy()
        return np.unique(np.round(np.mean(np.abs(h) ** 2, axis=(1, 2, 3, 4, 5, 6)), 5))

    np.testing.assert_allclose(powers(), 1.0, rtol=1e-4)
    average = powers(normalize="average")
    assert np.mean(average) == pytest.approx(1.0, rel=1e-3)
    assert max(average) > 2.0  # slots fade
    both = np.concatenate([powers(normalize="average", split=s) for s in ("train", "test")])
    np.testing.assert_allclose(np.sort(both), average, rtol=1e-4)
    if unit == 1.0:
        total = np.mean(np.abs(expected(**content | {"tau": content["tau"]})) ** 2)
        assert np.mean(powers(normalize="none")) == pytest.approx(total, rel=0.02)


def test_a_file_is_known_by_its_checksum_and_rebuilds_the_link(tmp_path):
    path = write(tmp_path / "x.h5", **cir())
    first = link(path, split="test", share=0.5)
    assert first.checksums == {str(path): sha256(path)} == first.settings.checksums
    again = OFDMLink.from_config(first.get_config())
    assert again.settings == first.settings
    assert again.settings.channel.split == "test"


def test_a_delayed_channel_is_that_of_the_same_row(tmp_path):
    content = cir(num_rows=6, steps=18)
    content["a"][..., 4:] *= 2.0  # so the slot has twice the amplitude of the time before it
    path = write(tmp_path / "x.h5", **content)
    grid = {"fft_size": 12, "num_tx_ant": 2, "num_rx_ant": 2}
    channel = OFDMMIMOChannel(
        channel={"kind": "cir", "path": path}, csi="delayed", csi_delay=4, **grid
    )
    assert channel.slots(2).shape[5] == 18
    state = channel.draw(200, 0.0)
    assert np.mean(np.abs(state.h) ** 2) > 1.0 > np.mean(np.abs(state.h_hat) ** 2)
    with pytest.raises(ValueError, match=r"must have one time step or .* 20. Received: .*=18"):
        OFDMMIMOChannel(channel=channel.settings.channel, csi="delayed", csi_delay=6, **grid)


NAN = np.full([80, 1, 1, 3], np.nan)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a": None}, "it has no a$"),
        ({"tau": None}, "it has no tau$"),
        ({"a": np.ones([3, 2]) + 0j}, r"a must have shape \[num_rows, num_rx, .*not \[3, 2\]"),
        ({"a": np.ones([80, 1, 2, 1, 2, 3, 1])}, "a must hold complex numbers, not float64"),
        ({"a": np.ones([80, 1, 2, 1, 2, 0, 1]) + 0j}, "a must not be empty. Its shape is"),
        ({"a": np.zeros([80, 1, 2, 1, 2, 3, 1]) + 0j}, "row 0 has no paths"),
        ({"tau": np.ones([80, 1, 1, 2])}, r"tau must have shape \[80, 1, 1, 3\] .* \[80, 1, 1, 2"),
        ({"tau": NAN}, "tau must be finite, which row 0 is not"),
        ({"tau": -np.ones([80, 1, 1, 3])}, "row 0 has no paths"),
        ({"time": np.r_[np.arange(79), 3.0]}, "time must not go back, as it does in row 79"),
        ({"time": np.ones(7)}, r"time must have shape \[80\], not \[7\]"),
        ({"time": np.full(80, np.inf)}, "time must be finite"),
        ({"position": np.ones([80, 4])}, r"position must have shape \[80, 3\], not \[80, 4\]"),
        ({"angular_spread": np.ones(80)}, r"angular_spread must have shape \[80, 2\]"),
    ],
)
def test_wrong_content_is_told_in_one_line(tmp_path, changes, message):
    path = write(tmp_path / "x.h5", **cir() | changes)
    with pytest.raises(ValueError, match=message) as caught:
        link(path)
    told = str(caught.value)
    assert told.startswith(f"`{path}` is damaged or not a file of impulse responses: ")
    assert "\n" not in told


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, "fast", [1.0, 2.0]])
def test_a_sampling_frequency_that_is_none_is_refused(tmp_path, rate):
    path = write(tmp_path / "x.h5", {"sampling_frequency": rate}, **cir())
    with pytest.raises(ValueError, match="sampling_frequency must be a positive number"):
        link(path)


@pytest.mark.parametrize(
    ("content", "grid", "message"),
    [
        ({}, {"num_rx_ant": 4}, "has num_rx_ant=2 and num_tx_ant=2. Received: num_rx_ant=4"),
        ({"steps": 6}, {}, "one for each OFDM symbol, .* 14. Received: num_time_steps=6"),
        ({}, {"pool_size": 99}, "`pool_size` is for channels that are drawn"),
        ({}, {"speed": 30.0}, "`speed` is for the models of TR 38.901.*Received: speed=30.0"),
        ({}, {"model": "UMi"}, "`model` is for the models of TR 38.901.*Received: model='UMi'"),
        ({"num_rows": 20}, {"csi": "ls"}, "less than 64 channels.* 20 channels in split='all'"),
    ],
)
def test_slots_that_a_file_cannot_give_are_refused(tmp_path, content, grid, message):
    path = write(tmp_path / "x.h5", **cir(**content))
    with pytest.raises(ValueError, match=message):
        link(path, GRID | grid)


def test_delays_and_times_that_do_not_fit_the_slot_are_refused(tmp_path):
    content = cir(steps=14)
    content["tau"][7, 0, 0, 2] += 1.0
    path = write(tmp_path / "x.h5", **content)
    with pytest.raises(ValueError, match=r"path beyond the slot of 0.0007 s in row 7.*tau=1 s"):
        link(path)
    path = write(tmp_path / "y.h5", {"sampling_frequency": 1e3}, **cir(steps=14))
    with pytest.raises(ValueError, match=r"step for each OFDM symbol, 20000 Hz\. Rec.*=1000"):
        link(path)
    link(write(tmp_path / "z.h5", {"sampling_frequency": 20000.0}, **cir(steps=14)))


def test_hostile_files_are_told_in_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No file of channels \S+none.h5$"):
        link(tmp_path / "none.h5")
    whole = write(tmp_path / "x.h5", **cir()).read_bytes()
    (tmp_path / "half.h5").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.h5").write_text("no HDF5")
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["a"] = h5py.ExternalLink("x.h5", "/a")
    for name in ("half", "text", "linked"):
        with pytest.raises(ValueError, match="is damaged or not a file of impulse") as caught:
            link(tmp_path / f"{name}.h5")
        assert "\n" not in str(caught.value)
