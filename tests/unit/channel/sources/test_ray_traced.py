# SPDX-License-Identifier: Apache-2.0
"""Ray-traced channels."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sionna_semcom.channel import RayTracedChannels
from sionna_semcom.channel.sources.tracer import scene_path
from sionna_semcom.link import OFDMLink

GRID = {"num_tx_ant": 2, "num_rx_ant": 1, "fft_size": 12, "csi": "perfect"}
STREET = {
    "kind": "ray_traced", "scene": "simple_street_canyon", "transmitter": (-33.0, 11.0, 32.0),
    "area": ((-50.0, -3.0, 1.5), (50.0, 3.0, 1.5)), "num_receivers": 20,
}  # fmt: skip

SCRIPT = """
from sionna_semcom.channel import RayTracedChannels
from sionna_semcom.link import OFDMLink
OFDMLink(channel=SOURCE, num_tx_ant=2, num_rx_ant=1, fft_size=12, csi="perfect")
"""


def test_a_street_is_traced_and_its_places_are_split():
    links = {s: OFDMLink(channel={**STREET, "split": s}, **GRID) for s in ("train", "test", "all")}
    assert {name: len(link.channel._rows) for name, link in links.items()} == {
        "train": 16, "test": 4, "all": 20,
    }  # fmt: skip
    h = links["test"].channel(30).numpy()
    assert h.shape == (30, 1, 1, 1, 2, 14, 12)
    np.testing.assert_allclose(np.mean(np.abs(h) ** 2, axis=(1, 2, 3, 4, 5, 6)), 1.0, rtol=1e-4)
    assert (links["test"].interference_floor_db or 0.0) < -30.0


def test_free_space_has_the_power_of_friis(tmp_path):
    """A receiver in the open: one path, of the power that the distance and the pattern leave."""
    open_air = {**STREET, "max_depth": 0, "num_receivers": 1, "normalize": "none"}
    open_air["area"] = ((20.0, 0.0, 32.0), (20.0, 0.0, 32.0))
    link = OFDMLink(channel=open_air, num_tx_ant=1, num_rx_ant=1, fft_size=12, csi="perfect")
    power = np.mean(np.abs(link.channel(1).numpy()) ** 2)
    distance = np.hypot(53.0, 11.0)
    friis = (299792458.0 / 3.5e9 / (4 * np.pi * distance)) ** 2
    azimuth = np.rad2deg(np.arctan2(-11.0, 53.0))
    pattern_db = 8.0 - 12.0 * (azimuth / 65.0) ** 2
    assert power == pytest.approx(friis * 10 ** (pattern_db / 10), rel=0.03)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scene": "atlantis"}, "`scene` must be an XML file or one of .*munich.*'atlantis'"),
        ({"scene": "none.xml"}, "No scene none.xml"),
        ({"area": ((1.0, 0.0, 0.0), (0.0, 1.0, 1.0))}, "`area` must be the lower corner"),
        ({"area": ((0.0, 0.0, -9.0), (1.0, 1.0, -8.0)), "max_depth": 0}, "No path reaches `area`"),
        ({"transmitter": (1.0, 2.0)}, "transmitter"),
    ],
)
def test_what_cannot_be_traced_is_refused(changes, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
        OFDMLink(channel={**STREET, **changes}, **GRID)
    assert "\n" not in str(caught.value)


def test_without_llvm_there_is_one_clear_line(tmp_path):
    environment = {**os.environ, "DRJIT_LIBLLVM_PATH": str(tmp_path / "none.so")}
    script = SCRIPT.replace("SOURCE", repr({**STREET, "num_receivers": 2}))
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "ValueError: Ray tracing needs LLVM (Debian: libllvm15) or a GPU" in done.stderr


def test_scenes_are_those_of_sionna():
    known = SimpleNamespace(scene=SimpleNamespace(munich="/there/munich.xml"))
    assert scene_path("munich", known) == "/there/munich.xml"
    assert scene_path("mine.xml", known) == "mine.xml"
    assert RayTracedChannels(**{k: v for k, v in STREET.items() if k != "kind"}).checksums == {}
