# SPDX-License-Identifier: Apache-2.0
"""The command ``channel``."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from .invoking import invoke as run


def invoke(*arguments):
    return run("channel", *arguments)


def rows(output):
    """Cells of the table by the name of the statistic."""
    lines = [line for line in output.splitlines() if line.startswith("  ") and line.strip()]
    return {line[:42].strip(): line[42:].split() for line in lines}


PLACES = ("--set", "transmitter=[-33, 11, 32]", "--set", "area=[[-50, -3, 1.5], [50, 3, 1.5]]")
GRID = ("--set", "fft_size=12", "--set", "num_rx_ant=2")


def test_channels_of_a_model_are_written_once_and_shown_alike(tmp_path):
    path = tmp_path / "cdl.h5"
    written = invoke("--model", "CDL-C", "--count", 70, "--out", path, *GRID)
    assert written.exit_code == 0, written.output
    assert f"Channels: {path}" in written.output.replace("\n", "")
    with h5py.File(path) as file:
        assert file["a"].shape == (70, 1, 2, 1, 2, 24, 14)
        assert file.attrs["sampling_frequency"] == pytest.approx(30e3 * 12 / 18)
        powers = np.mean(np.abs(file["a"][()]) ** 2, axis=(1, 2, 3, 4, 6))
        tau = file["tau"][:, 0, 0]
    shown = invoke(path, "--set", "fft_size=12")
    assert rows(shown.output) == rows(written.output)
    mean = np.sum(powers * tau, 1) / powers.sum(1)
    spread = np.sqrt(np.sum(powers * tau**2, 1) / powers.sum(1) - mean**2) * 1e9
    median = np.sort(spread)[34:36]
    assert float(rows(shown.output)["delay spread (RMS) [ns]"][1]) in np.round(median, 2)
    again = tmp_path / "again.h5"
    assert invoke("--model", "CDL-C", "--count", 70, "--out", again, *GRID).exit_code == 0
    with h5py.File(path) as first, h5py.File(again) as second:
        np.testing.assert_array_equal(first["a"], second["a"])


def test_files_hold_one_terminal_without_path_loss(tmp_path):
    """A link budget and its interferers belong to the link, not to the channels of a file."""
    files = tmp_path / "plain.h5", tmp_path / "budget.h5"
    budget = ("--set", "link_budget={interferers: {num: 2}}")
    for path, more in zip(files, ((), budget), strict=True):
        written = invoke("--model", "UMi", "--count", 6, "--out", path, *GRID, *more)
        assert written.exit_code == 0, written.output
    with h5py.File(files[0]) as plain, h5py.File(files[1]) as other:
        for name in ("a", "tau", "position"):
            np.testing.assert_array_equal(plain[name], other[name])


def test_a_street_is_traced_written_and_shown_alike(tmp_path, monkeypatch):
    """Spreads and K-factor equal the results of NumPy for the file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "street.h5"
    scene = ("--scene", "simple_street_canyon", "--count", 15, *PLACES, *GRID)
    written = invoke(*scene, "--out", path)
    assert written.exit_code == 0, written.output
    assert "simple_street_canyon: 15 of 15 positions, 2 x 2 antennas" in written.output
    shown = invoke(path, "--set", "fft_size=12")
    assert rows(shown.output) == rows(written.output)
    with h5py.File(path) as file:
        a, tau = file["a"][:, 0, :, 0, ..., 0], file["tau"][:, 0, 0]
        spread, position = np.rad2deg(file["angular_spread"][()]), file["position"][()]
    assert np.all((position >= [-50, -3, 1.5]) & (position <= [50, 3, 1.5]))
    powers = np.mean(np.abs(a) ** 2, axis=(1, 2)) * (tau >= 0)
    shares = powers / powers.sum(1, keepdims=True)
    mean = np.sum(shares * tau, 1, keepdims=True)
    expected = {
        "delay spread (RMS) [ns]": np.sqrt(np.sum(shares * (tau - mean) ** 2, 1)) * 1e9,
        "azimuth spread of arrival (RMS) [deg]": spread[:, 0],
        "azimuth spread of departure (RMS) [deg]": spread[:, 1],
        "K-factor [dB]": 10 * np.log10(shares.max(1) / (1 - shares.max(1))),
    }
    for name, values in expected.items():
        medians = [float(cell) for cell in rows(written.output)[name]]
        wanted = np.percentile(values, [10, 50, 90], method="nearest")
        np.testing.assert_allclose(medians, wanted, rtol=2e-3, atol=1e-3)


def test_measured_responses_are_shown(tmp_path):
    path = tmp_path / "h.h5"
    with h5py.File(path, "w") as file:
        file["h"] = np.random.default_rng(0).normal(size=[9, 2, 1, 20]) + 0j
        file["frequency"] = np.linspace(-3e5, 3e5, 20)
    shown = invoke(path, "--set", "fft_size=12")
    assert shown.exit_code == 0, shown.output
    assert "9 channels, 1 x 2 antennas" in shown.output
    assert rows(shown.output)["power beyond the prefix, mean [%]"] == ["not", "known"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give exactly one of a file, --model and --scene"),
        (("x.h5", "--model", "UMi"), "Give exactly one of a file, --model and --scene"),
        (
            ("--scene", "munich", "--model", "UMi"),
            "Give exactly one of a file, --model and --scene",
        ),
        (("x.h5", "--out", "y.h5"), "--out needs --model or --scene"),
        (("--scene", "munich"), "transmitter"),
        (("--scene", "atlantis", *PLACES), "`scene` must be an XML file or one of"),
        (("--scene", "x.xml", *PLACES), "No scene x.xml"),
        (("--scene", "munich", *PLACES, "--set", "velocity=3"), "unknown key velocity"),
        (("x.h5",), "No file of channels x.h5"),
        (("--model", "UMx"), "Received: 'UMx'"),
        (
            ("--model", "UMi", "--set", "speed"),
            "A setting must have the form key=value. Received: 'speed'",
        ),
        (("--model", "UMi", "--set", "velocity=3"), "unknown key velocity"),
        (("--model", "UMi", "--set", "model=CDL-A"), "--set cannot change model"),
        (("--scene", "munich", "--set", "seed=3"), "--set cannot change seed"),
        (("x.h5", "--set", "csi=ls"), "--set cannot change csi"),
        (("--model", "TDL-A", "--set", "fft_size=100000000"), "less than or equal to 16384"),
    ],
)
def test_wrong_arguments_end_in_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_of_something_else_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = 1.0
    result = invoke(tmp_path / "x.h5")
    assert "must contain a and tau, or h. Received: neither" in result.stderr
