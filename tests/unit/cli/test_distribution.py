# SPDX-License-Identifier: Apache-2.0
"""The command ``cdf`` for distributions of records."""

import numpy as np
import pytest
from typer.testing import CliRunner

from sionna_semcom.cli import app as cli
from sionna_semcom.simulation import Curve, Result
from sionna_semcom.simulation.results.records import Records


@pytest.fixture
def result(tmp_path):
    """A result file with the numbers 1 to 100 at 10 and 20 dBm."""
    drops, numbers = np.tile(np.arange(100), 2), np.tile(np.arange(1.0, 101.0), 2)
    points, seeds = np.repeat([0, 1], 100), np.zeros(200, int)
    records = Records(points, seeds, drops, {"mse": numbers.astype(np.float32)})
    x = np.array([10.0, 20.0])
    curve = Curve(x, {}, axis="tx_power_dbm", x=x, records=records)
    Result({"UMa": curve}, "Powers").save(tmp_path / "result.h5")
    return tmp_path / "result.h5"


def _invoke(*arguments):
    return CliRunner().invoke(cli.app, ["cdf", *(str(argument) for argument in arguments)])


def test_percentiles_and_outage_are_shown_and_the_cdf_is_drawn(result, tmp_path):
    figure = tmp_path / "cdf.png"
    options = ("--metric", "mse", "--percent", 10, "--above", 80, "--at", 20, "--figure", figure)
    ended = _invoke(result, *options)
    assert ended.exit_code == 0, ended.output
    shown = " ".join(ended.output.split())
    assert "MSE percentile 10 against transmit power" in shown
    assert "Outage MSE above 80 against transmit power" in shown
    assert "20 dBm 10.0 ± " in shown and "20 dBm 0.200 ± " in shown
    assert figure.read_bytes().startswith(b"\x89PNG")
    both = _invoke(result, result, "--metric", "mse", "--per-drop", "--below", 50)
    assert both.exit_code == 0, both.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--metric", "psnr"), "There is no metric 'psnr', only mse"),
        (("--metric", "mse", "--percent", "0"), "`percent` must be between 0 and 100"),
        (("--metric", "mse", "--figure", "cdf.txt"), "suffix must be one of"),
        (("--metric", "mse", "--at", "7", "--figure", "cdf.png"), "there must be a point at 7"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(result, options, message):
    ended = _invoke(result, *options)
    assert ended.exit_code == 2 and message in ended.output
