# SPDX-License-Identifier: Apache-2.0
"""Ray-traced channels."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from sionna.phy.utils import complex_normal

from sionna_semcom.channel import RayTracedSettings
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


@pytest.fixture(autouse=True, scope="module")
def kept(tmp_path_factory):
    """Cache folder of these tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


def file_of(link):
    """Name of the cache file of a link."""
    (name,) = (one for one in link.checksums if one.startswith("paths of "))
    return name.removeprefix("paths of ")


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
    """A receiver in free space: one path with the power of distance and antenna pattern."""
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


def test_paths_are_traced_once_and_then_kept(kept):
    links = [OFDMLink(channel=STREET, **GRID) for _ in range(2)]
    assert links[0].checksums == links[1].checksums
    assert set(links[0].checksums) == {"simple_street_canyon", f"paths of {file_of(links[0])}"}
    np.testing.assert_array_equal(*(link.channel.seen() for link in links))
    more = OFDMLink(channel={**STREET, "num_receivers": 21}, **GRID)
    assert file_of(more) != file_of(links[0])
    assert {file_of(more), file_of(links[0])} <= {path.name for path in kept.rglob("*.h5")}


def test_the_kept_file_is_a_file_of_impulse_responses(kept):
    traced = OFDMLink(channel={**STREET, "normalize": "none"}, **GRID)
    (path,) = kept.rglob(file_of(traced))
    read = OFDMLink(channel={"kind": "cir", "path": path, "normalize": "none"}, **GRID)
    for link in (traced, read):
        assert link.channel.seen().shape == (20, 1, 1, 1, 2, 14, 12)
    h = [link.channel._take(np.arange(20)).numpy() for link in (traced, read)]
    np.testing.assert_allclose(*h, rtol=1e-4, atol=1e-4 * np.abs(h[0]).min())


def test_a_place_in_sight_has_the_delay_of_its_distance():
    link = OFDMLink(channel={**STREET, "max_depth": 0}, **GRID)
    found = link.source.realizations(link.settings, link.resource_grid)
    np.testing.assert_allclose(found.angular_spread, 0.0, atol=2e-3)  # of one path
    distance = np.linalg.norm(found.position - np.array(STREET["transmitter"]), axis=1)
    np.testing.assert_allclose(found.tau[:, 0, 0, 0], distance / 299792458.0, rtol=1e-5)


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    few = {**STREET, "num_receivers": 2, "max_depth": 0}
    assert OFDMLink(channel=few, **GRID).channel(1).shape[0] == 1


def test_a_scene_is_known_by_its_meshes(tmp_path):
    scene = tmp_path / "own.xml"
    (tmp_path / "meshes").mkdir()
    scene.write_text('<shape type="ply"><string name="filename" value="meshes/a.ply"/></shape>')
    (tmp_path / "meshes" / "a.ply").write_bytes(b"ply 1")
    before = RayTracedSettings.model_validate({**STREET, "scene": str(scene)}).checksums
    (tmp_path / "meshes" / "a.ply").write_bytes(b"ply 2")
    after = RayTracedSettings.model_validate({**STREET, "scene": str(scene)}).checksums
    assert set(before) == set(after) == {str(scene)}
    assert before != after


@pytest.mark.slow
def test_munich_is_traced():
    munich = {
        "kind": "ray_traced", "scene": "munich", "transmitter": (8.5, 21.0, 27.0),
        "area": ((-50.0, 50.0, 1.5), (150.0, 150.0, 1.5)), "num_receivers": 80, "speed": 3.0,
    }  # fmt: skip
    grid = {"num_tx_ant": 2, "num_rx_ant": 4, "fft_size": 24, "cyclic_prefix_length": 2}
    link = OFDMLink(channel=munich, csi="perfect", **grid)
    found = link.source.realizations(link.settings, link.resource_grid)
    assert 64 <= len(found.a) <= 80  # yards without a path
    assert found.a.shape[-1] == 14
    symbols = complex_normal([100, 200])
    received, no_eff = link(symbols, 0.1)
    assert np.mean(np.abs(received - symbols) ** 2 / no_eff) == pytest.approx(1.0, abs=0.05)
