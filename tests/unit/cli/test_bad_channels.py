# SPDX-License-Identifier: Apache-2.0
"""Channels that cannot be used end a command in one line, before anything is trained or sent."""

import json

import numpy as np
import pytest

from ..channel.sources.channel_files import cir, write
from .invoking import invoke

SLOT = {"kind": "ofdm", "num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 12}
SCENE = {"kind": "ray_traced", "transmitter": [0, 0, 9], "area": [[1, 1, 1], [2, 2, 1]]}
LATE = cir()
LATE["tau"] = LATE["tau"] + np.array([0.0, 0.0, 1e-3])
FILES = {
    "shape": (cir() | {"tau": np.ones([80, 1, 1, 2])}, "tau must have shape [80, 1, 1, 3]"),
    "rank": (cir() | {"a": np.ones([3, 2]) + 0j}, "a must have shape [num_rows, num_rx, num_rx_an"),
    "nan": (cir() | {"a": np.full([80, 1, 2, 1, 2, 3, 1], np.nan) + 0j}, "a must be finite"),
    "none": (cir() | {"a": np.zeros([80, 1, 2, 1, 2, 3, 1]) + 0j}, "row 0 has no paths"),
    "late": (LATE, "has a path beyond the slot of"),
    "back": (cir() | {"time": np.r_[np.arange(79), 3.0]}, "time must not go back, as it does in"),
    "antennas": (cir(antennas=(4, 2)), "has num_rx_ant=4 and num_tx_ant=2"),
}
PUSCH = {"kind": "pusch", "symbol_allocation": [2, 1], "mapping_type": "B"}
SETTINGS = {
    "scene": ({**SLOT, "channel": {**SCENE, "scene": "atlantis"}}, "`scene` must be an XML file"),
    "XML": ({**SLOT, "channel": {**SCENE, "scene": "x.xml"}}, "No scene x.xml"),
    "file": ({**SLOT, "channel": {"kind": "cir", "path": "x.h5"}}, "No file of channels x.h5"),
    "pusch": (PUSCH, "leave no resource element for data"),
    "short": ({"kind": "pusch", "symbol_allocation": [0, 2]}, "Symbol allocation is too short"),
}


@pytest.fixture
def nothing_runs(monkeypatch):
    monkeypatch.setattr("sionna_semcom.simulation.training.store.ModelStore.obtain", None)


def check_one_line(ended, message):
    assert ended.exit_code == 2, ended.exception
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert "Traceback" not in ended.output


def asked(study, tmp_path, name, link):
    key = {"link": "links.awgn", "training": "models.main.link"}[name]
    return invoke("run", study, "--out", tmp_path, "--set", f"{key}={json.dumps(link)}")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("use", ["link", "training"])
def test_a_study_over_a_bad_file(study, tmp_path, nothing_runs, use, name):
    content, message = FILES[name]
    path = write(tmp_path / "x.h5", **content)
    link = {**SLOT, "channel": {"kind": "cir", "path": str(path)}}
    check_one_line(asked(study, tmp_path, use, link), message)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("use", ["link", "training"])
def test_a_study_over_a_channel_that_there_is_not(
    study, tmp_path, nothing_runs, monkeypatch, use, name
):
    monkeypatch.chdir(tmp_path)
    link, message = SETTINGS[name]
    check_one_line(asked(study, tmp_path, use, link), message)


@pytest.mark.parametrize("name", ["shape", "rank", "nan", "none", "back"])
def test_a_bad_file_is_not_shown(tmp_path, name):
    content, message = FILES[name]
    check_one_line(invoke("channel", write(tmp_path / "x.h5", **content)), message)
