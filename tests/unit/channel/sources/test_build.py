# SPDX-License-Identifier: Apache-2.0
"""The argument ``channel`` in all its forms."""

from __future__ import annotations

import numpy as np
import pytest
from sionna.phy.channel.tr38901 import CDL, Antenna

from sionna_semcom.channel import SOURCES, ImpulseResponses, OFDMMIMOChannel
from sionna_semcom.link import EffectiveAWGNLink, OFDMLink, OFDMSettings, PUSCHLink, from_settings

from .channel_files import cir, write

GRID = {"num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 12, "csi": "perfect"}
ANTENNA = Antenna("single", "V", "omni", 3.5e9)


@pytest.mark.parametrize("part", [OFDMLink, OFDMMIMOChannel])
def test_a_string_is_the_name_of_a_model(part):
    built = part(channel="TDL-A", **GRID)
    assert built.settings == part(model="TDL-A", **GRID).settings
    assert built.settings.channel is None
    assert built.source is None
    assert not built.checksums


def test_settings_objects_and_sources_are_the_same(tmp_path):
    path = write(tmp_path / "x.h5", **cir())
    as_dict = OFDMLink(channel={"kind": "cir", "path": path}, **GRID)
    as_source = OFDMLink(channel=ImpulseResponses(path=path), **GRID)
    as_settings = OFDMLink(channel=as_dict.settings.channel, **GRID)
    assert as_dict.settings == as_source.settings == as_settings.settings
    yaml = {"kind": "ofdm", "channel": {"kind": "cir", "path": str(path)}, **GRID}
    assert from_settings(yaml).settings == as_dict.settings


def test_an_effective_link_knows_the_files_of_its_link(tmp_path):
    link = OFDMLink(channel={"kind": "cir", "path": write(tmp_path / "x.h5", **cir())}, **GRID)
    assert EffectiveAWGNLink(link).checksums == link.checksums != {}


def test_the_kinds_are_parts_that_others_can_add():
    assert {"cir", "frequency_response"} <= set(SOURCES)
    assert SOURCES.sort == "sources"  # of the entry points sionna_semcom.sources


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ({"kind": "cir"}, "`channel`: path is missing"),
        ({"kind": "cirr", "path": "x"}, "`channel`: .*kind must be one of .*Received: 'cirr'"),
        ({"path": "x"}, "`channel`: .*must have kind, one of"),
        ({"kind": "cir", "path": "x", "speed": 3}, "`channel`: unknown key speed; known are kind"),
        ("CDL-Z", "`channel` must be settings or one of TDL-A, .*RMa. Received: 'CDL-Z'"),
        (7, "`channel`"),
    ],
)
def test_settings_that_name_no_channel_are_refused(channel, message):
    with pytest.raises(ValueError, match=message) as caught:
        OFDMLink(channel=channel)
    assert "\n" not in str(caught.value)


def test_two_names_are_refused():
    with pytest.raises(ValueError, match=r"must not name different models.*model='UMa'"):
        OFDMSettings(channel="UMi", model="UMa")
    assert OFDMSettings(channel="UMi", model="UMi").model == "UMi"


def test_own_channels_need_no_delay_spread_within_the_prefix(tmp_path):
    path = write(tmp_path / "x.h5", **cir())
    link = OFDMLink(channel={"kind": "cir", "path": path}, cyclic_prefix_length=0, **GRID)
    assert (link.interference_floor_db or -99.0) > -25.0  # all paths are beyond the prefix
    assert "cir, 2 x 2 antennas, 30 kHz; interference left out" in link.summary()


def test_a_small_pool_of_a_model_tells_no_statistics():
    with pytest.raises(ValueError, match=r"less than 64 drops.*pool_size=9"):
        OFDMSettings(channel={"kind": "cir", "path": "x"}, pool_size=9)


def test_the_floor_of_a_replaced_channel_is_not_known():
    link = OFDMLink(**GRID)
    drawn = link.channel
    link.channel = lambda num_slots: 2.0 * drawn(num_slots)
    assert link.interference_floor_db is None
    assert link.summary().endswith("30 kHz")
    assert np.isfinite(drawn.interference.db)


@pytest.mark.parametrize("part", [OFDMLink, PUSCHLink, OFDMMIMOChannel])
def test_a_channel_model_in_place_of_a_name_is_refused_with_what_to_do(part):
    rule = r"given as `channel`. Received: model=CDL\(...\), which should be channel=CDL\(...\)"
    with pytest.raises(ValueError, match=rule):
        part(model=CDL("C", 1e-7, 3.5e9, ANTENNA, ANTENNA, "uplink"))
